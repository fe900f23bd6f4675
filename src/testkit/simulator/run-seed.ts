// One seed from beginning to end: a time of faults, then calm, in which the cluster must recover.
import { assert } from '../../lib/assert.ts';
import { drawPlan, type Plan } from './plan.ts';
import type { SimMember } from './sim-member.ts';
import { Simulation, type SimulationOptions } from './simulation.ts';
import { Stream } from './streams.ts';

export interface RunReport {
  readonly seed: number;
  readonly plan: Plan;
  readonly events: number;
  readonly simulatedMs: number;
  readonly hash: number;
  readonly acknowledged: number;
  readonly operations: number;
  readonly faults: Simulation['faults'];
  readonly marks: ReadonlyMap<string, number>;
  /** Undefined when everything held. */
  readonly violation: Violation | undefined;
}

export interface Violation {
  readonly phase: 'faults' | 'calm';
  readonly message: string;
  readonly atMs: number;
  readonly error: unknown;
}

/** Election timeouts that a healed cluster has to elect a leader, and to commit something new. */
const LEADER_TIMEOUTS = 10;
const COMMIT_TIMEOUTS = 20;
/** And to bring all logs together, where tiny limits may allow one entry a round trip. */
const EQUAL_TIMEOUTS = 400;

export function runPlan(plan: Plan, options: SimulationOptions = {}): RunReport {
  const simulation = new Simulation(plan, options);
  let phase: Violation['phase'] = 'faults';
  let violation: Violation | undefined;
  try {
    simulation.runUntil(plan.durationMs * 1000);
    simulation.referee.checkLogs();
    phase = 'calm';
    checkRecovery(simulation);
    simulation.history.check(simulation.referee.committed);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    violation = { phase, message, atMs: simulation.nowUs / 1000, error };
  }
  return {
    seed: plan.seed,
    plan,
    events: simulation.events,
    simulatedMs: simulation.nowUs / 1000,
    hash: simulation.hash,
    acknowledged: simulation.history.acknowledged,
    operations: simulation.history.operations.length,
    faults: simulation.faults,
    marks: simulation.marks,
    violation,
  };
}

export function runSeed(seed: number, options: SimulationOptions = {}): RunReport {
  return runPlan(drawPlan(seed), options);
}

/** Heals everything, or only a quorum while the rest stays dead for ever, and expects progress. */
function checkRecovery(simulation: Simulation): void {
  const { members, plan } = simulation;
  const draw = new Stream(plan.seed, 'recovery');
  const spare = Math.floor((plan.members - 1) / 2);
  const dead = draw.chance(0.5) ? draw.shuffle(members.map(({ at }) => at)).slice(0, spare) : [];
  simulation.calmDown(dead);
  const core = members.filter(({ at }) => !dead.includes(at));
  const timeoutUs = patienceUs(plan);
  const within = (timeouts: number, what: string, done: () => boolean) => {
    simulation.runUntil(simulation.nowUs + timeouts * timeoutUs, done);
    assert(done(), `Liveness: ${what} within ${timeouts} election timeouts`);
  };
  const leader = () =>
    core.find(({ state }) => state.role === 'leader' && isLatest(state.term, core));
  within(LEADER_TIMEOUTS, 'a leader', () => leader() !== undefined);
  const { acknowledged } = simulation.history;
  let proposedIn = 0;
  within(COMMIT_TIMEOUTS, 'a new command commits', () => {
    const term = leader()?.state.term ?? 0;
    if (term > proposedIn && simulation.proposeAnywhere() > 0) proposedIn = term;
    return simulation.history.acknowledged > acknowledged;
  });
  within(EQUAL_TIMEOUTS, 'all logs are equal', () => areEqual(core));
  if (!isSteady(plan)) return;
  const { term } = leader()?.state ?? { term: 0 };
  simulation.runUntil(simulation.nowUs + 50 * timeoutUs);
  assert(leader()?.state.term === term, 'Liveness: the leader stays when nothing is wrong');
  simulation.referee.checkLogs();
}

/** Do two heartbeats of the slowest clock fit into the shortest patience of the fastest one? */
function isSteady({ clock, options }: Plan): boolean {
  const { electionMinMs, heartbeatMs } = options;
  return electionMinMs / (1 + clock.rateSpread) > (2.5 * heartbeatMs) / (1 - clock.rateSpread);
}

/** One election timeout, for the slowest clock, a slow network and a slow disk. */
function patienceUs({ clock, disk, network, options }: Plan): number {
  const slowestMs = options.electionMaxMs / (1 - clock.rateSpread);
  return Math.ceil((slowestMs + 20 * (network.delayMeanMs + disk.writeMeanMs + 1)) * 1000);
}

function isLatest(term: number, core: readonly SimMember[]): boolean {
  return core.every(({ state }) => state.term <= term);
}

function areEqual(core: readonly SimMember[]): boolean {
  const [first] = core;
  if (first === undefined) return true;
  const { log, state } = first;
  const same = core.every(
    (member) =>
      member.log.length === log.length &&
      member.state.commit === log.length &&
      member.state.log.durable === log.length &&
      member.log.at(-1)?.term === log.at(-1)?.term,
  );
  return same && state.commit === log.length;
}
