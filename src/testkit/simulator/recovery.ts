// After the faults: everything heals, or only a quorum does and the rest stays dead for ever, and
// the cluster must elect, commit, bring its logs together, and then leave its leader in peace.
import { assert } from '../../lib/assert.ts';
import type { Plan } from './plan.ts';
import { Random } from './random.ts';
import type { SimMember } from './sim-member.ts';
import type { Simulation } from './simulation.ts';

/** Election timeouts that a healed cluster has to elect a leader, and to commit something new. */
const LEADER_TIMEOUTS = 10;
const COMMIT_TIMEOUTS = 20;
/** And to bring all logs together. */
const EQUAL_TIMEOUTS = 40;

/** How often a cluster that is slow gets as much time again. */
const MAX_ROUNDS = 50;

/** Heals everything, or only a quorum while the rest stays dead for ever, and expects progress. */
export function checkRecovery<C, R, M>(simulation: Simulation<C, R, M>): void {
  const { members, plan } = simulation;
  const draw = new Random(plan.seed, 'recovery');
  const dead = draw.shuffle(members.map(({ at }) => at)).slice(0, plan.process.neverBack);
  simulation.calmDown(dead);
  const core = members.filter(({ at }) => !dead.includes(at));
  const timeoutUs = patienceUs(plan);
  const within = (timeouts: number, what: string, done: () => boolean) => {
    // Tiny limits let one entry through at a time: as long as some come through, it is alive.
    let before = -1;
    for (let round = 0; !done() && before !== progressOf(core) && round < MAX_ROUNDS; round++) {
      before = progressOf(core);
      simulation.runUntil(simulation.nowUs + timeouts * timeoutUs, done);
    }
    assert(done(), `Liveness: ${what} within ${timeouts} election timeouts`);
  };
  within(LEADER_TIMEOUTS, 'a leader', () => leaderOf(core) !== undefined);
  const { acknowledged } = simulation.clients;
  let proposedIn = 0;
  within(COMMIT_TIMEOUTS, 'a new command commits', () => {
    const leader = leaderOf(core);
    const term = leader?.state.term ?? 0;
    if (leader !== undefined && term > proposedIn && simulation.proposeLast(leader)) {
      proposedIn = term;
    }
    return simulation.clients.acknowledged > acknowledged;
  });
  within(EQUAL_TIMEOUTS, 'all logs are equal and applied', () => areEqual(core));
  simulation.checkMachines(core);
  if (isSteady(plan) && draw.chance(0.2)) checkPeace(simulation, core, timeoutUs);
}

/** The leader stays, also when a follower that can be spared is cut off and comes back. */
function checkPeace<C, R, M>(
  simulation: Simulation<C, R, M>,
  core: readonly SimMember[],
  timeoutUs: number,
): void {
  // One that was cut off before may have to find that out first.
  simulation.runUntil(simulation.nowUs + LEADER_TIMEOUTS * timeoutUs);
  const term = leaderOf(core)?.state.term;
  assert(term !== undefined, 'Liveness: there is a leader when nothing is wrong');
  const stays = (timeouts: number, what: string) => {
    simulation.runUntil(simulation.nowUs + timeouts * timeoutUs);
    assert(leaderOf(core)?.state.term === term, `Liveness: the leader stays ${what}`);
  };
  stays(30, 'when nothing is wrong');
  const follower = core.find(({ state }) => state.role !== 'leader');
  if (follower === undefined || core.length - 1 <= simulation.plan.members / 2) return;
  simulation.network.isolate(follower.at);
  stays(5, 'when a follower is cut off');
  simulation.network.heal();
  stays(5, 'when that one comes back');
  simulation.referee.checkLogs();
}

/** The leader of the newest term that any of them knows. */
function leaderOf(core: readonly SimMember[]): SimMember | undefined {
  return core.find(({ state }) => {
    return state.role === 'leader' && core.every((other) => other.state.term <= state.term);
  });
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

/** Goes up with every entry that is durable, committed or applied anywhere. */
function progressOf(core: readonly SimMember[]): number {
  return core.reduce((sum, { state }) => sum + state.log.durable + state.commit + state.applied, 0);
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
