// One run from beginning to end: a time of faults, then calm, in which the cluster must recover,
// and at last what clients saw.
import { assert } from '../../lib/assert.ts';
import { checkLinearizable, type History } from '../checkers/index.ts';
import type { Struck } from './injector.ts';
import type { Mark } from './marks.ts';
import type { Plan } from './plan.ts';
import { Random } from './random.ts';
import type { SimMember } from './sim-member.ts';
import { type Only, Simulation } from './simulation.ts';
import { type AnyMachine, type Subject, SubjectError } from './subject.ts';
import type { Witness } from './witness.ts';

export interface RunReport<C = unknown, R = unknown> {
  readonly plan: Plan;
  readonly events: number;
  readonly simulatedMs: number;
  /** Of everything that happened: equal for equal runs. */
  readonly hash: number;
  /** Commands of which a client was told that they are committed. */
  readonly acknowledged: number;
  readonly faults: readonly Struck[];
  /** Situations that came up, and how often. */
  readonly marks: ReadonlyMap<Mark, number>;
  /** What clients did and saw, by the order of their calls. */
  readonly history: History<C, R>;
  /** The ids of the calls in `history`. */
  readonly calls: readonly string[];
  /** The committed commands, in the order of the log. */
  readonly committed: readonly C[];
  /** Undefined when everything held. */
  readonly violation: Violation | undefined;
}

export interface Violation {
  /** `faults`: while they struck. `calm`: after them. `clients`: in what clients saw. */
  readonly phase: 'faults' | 'calm' | 'clients';
  readonly message: string;
  readonly atMs: number;
  readonly error: unknown;
}

/** Election timeouts that a healed cluster has to elect a leader, and to commit something new. */
const LEADER_TIMEOUTS = 10;
const COMMIT_TIMEOUTS = 20;
/** And to bring all logs together. */
const EQUAL_TIMEOUTS = 40;

/** Questions to the model for one key; a history that takes more is left undecided. */
const MAX_MODEL_STEPS = 200_000;

/** Throws SubjectError when the subject cannot be simulated. */
export function run<C, R, M extends AnyMachine<C, R>>(
  plan: Plan,
  subject: Subject<C, R, M>,
  only: Only,
  witness?: Witness,
): RunReport<C, R> {
  const simulation = new Simulation(plan, subject, only, witness);
  const { clients, referee } = simulation;
  let phase: Violation['phase'] = 'faults';
  let violation: Violation | undefined;
  try {
    simulation.runUntil(plan.durationMs * 1000);
    referee.checkLogs();
    phase = 'calm';
    checkRecovery(simulation);
    phase = 'clients';
    clients.check(referee.committed);
    checkHistory(clients.history(referee.committed, true), subject);
  } catch (error) {
    if (error instanceof SubjectError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    violation = { phase, message, atMs: simulation.nowUs / 1000, error };
  }
  const commands = referee.committed.filter(({ serial }) => serial > 0);
  return {
    plan,
    events: simulation.events,
    simulatedMs: simulation.nowUs / 1000,
    hash: simulation.hash,
    acknowledged: clients.acknowledged,
    faults: simulation.injector.struck,
    marks: simulation.marks,
    history: clients.history(referee.committed, violation?.phase !== 'faults'),
    calls: clients.calls.map(({ id }) => id),
    committed: commands.map(({ serial }) => clients.commandOf(serial)),
    violation,
  };
}

function checkHistory<C, R, M extends AnyMachine<C, R>>(
  history: History<C, R>,
  { model }: Subject<C, R, M>,
): void {
  if (model === undefined) return;
  const report = checkLinearizable(history, model, { maxSteps: MAX_MODEL_STEPS });
  if (report.verdict !== 'not-linearizable') return;
  const { input, output } = report.unexplained;
  assert(
    false,
    `Linearizability: nothing explains the answer ${JSON.stringify(output)} to ` +
      JSON.stringify(input),
  );
}

/** Heals everything, or only a quorum while the rest stays dead for ever, and expects progress. */
function checkRecovery<C, R, M extends AnyMachine<C, R>>(simulation: Simulation<C, R, M>): void {
  const { members, plan } = simulation;
  const draw = new Random(plan.seed, 'recovery');
  const spare = Math.floor((plan.members - 1) / 2);
  const dead = draw.chance(0.5) ? draw.shuffle(members.map(({ at }) => at)).slice(0, spare) : [];
  simulation.calmDown(dead);
  const core = members.filter(({ at }) => !dead.includes(at));
  const timeoutUs = patienceUs(plan);
  const backlogUs = backlogOf(core) * plan.options.heartbeatMs * 500;
  const within = (timeouts: number, what: string, done: () => boolean) => {
    const extraUs = timeouts === LEADER_TIMEOUTS ? 0 : backlogUs;
    simulation.runUntil(simulation.nowUs + timeouts * timeoutUs + extraUs, done);
    assert(done(), `Liveness: ${what} within ${timeouts} election timeouts`);
  };
  const leader = () =>
    core.find(({ state }) => state.role === 'leader' && isLatest(state.term, core));
  within(LEADER_TIMEOUTS, 'a leader', () => leader() !== undefined);
  const { acknowledged } = simulation.clients;
  let proposedIn = 0;
  within(COMMIT_TIMEOUTS, 'a new command commits', () => {
    const term = leader()?.state.term ?? 0;
    if (term > proposedIn && simulation.proposeAnywhere()) proposedIn = term;
    return simulation.clients.acknowledged > acknowledged;
  });
  within(EQUAL_TIMEOUTS, 'all logs are equal and applied', () => areEqual(core));
  simulation.checkMachines(core);
  if (!isSteady(plan) || draw.chance(0.8)) return;
  const { id = '', state } = leader() ?? {};
  const term = state?.term;
  const stays = (timeouts: number, what: string) => {
    simulation.runUntil(simulation.nowUs + timeouts * timeoutUs);
    assert(leader()?.state.term === term, `Liveness: the leader stays ${what}`);
  };
  stays(30, 'when nothing is wrong');
  const follower = core.find((member) => member.id !== id);
  if (follower === undefined || core.length - 1 <= plan.members / 2) return;
  simulation.network.isolate(follower.at);
  stays(5, 'when a follower is cut off');
  simulation.network.heal();
  stays(5, 'when that one comes back');
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

/** Entries that somebody has and somebody lacks: tiny limits allow one of them a round trip. */
function backlogOf(core: readonly SimMember[]): number {
  const most = Math.max(...core.map(({ log }) => log.length));
  return most - Math.min(...core.map(({ state }) => state.commit));
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
      member.state.applied === log.length &&
      member.state.log.durable === log.length &&
      member.log.at(-1)?.term === log.at(-1)?.term,
  );
  return same && state.commit === log.length;
}
