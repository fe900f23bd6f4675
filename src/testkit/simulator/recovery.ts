// After the faults: everything heals, or only a quorum does and the rest stays dead for ever, and
// the cluster must elect, commit, bring its logs together, and then leave its leader in peace.
import { assert } from '../../lib/assert.ts';
import { isJoint, isMember, membersOf, versionOf } from '../../raft/index.ts';
import { DISAGREEING, HOPELESS } from './mark-labels.ts';
import type { Plan } from './plan.ts';
import { Random } from './random.ts';
import { checkSnapshotsAtRest } from './recovery-snapshots.ts';
import type { SimMember } from './sim-member.ts';
import type { Simulation } from './simulation.ts';
import { doClocksAgree, isAdmitted, type Standing } from './standing.ts';

/** Election timeouts that a healed cluster has to elect a leader, and to commit something new. */
const LEADER_TIMEOUTS = 10;
const COMMIT_TIMEOUTS = 20;
/** And to answer a read at every member. */
const READ_TIMEOUTS = 10;
/** And to bring all logs together. */
const EQUAL_TIMEOUTS = 40;

/** Terms with a leader from the beginning of the calm on: a count. */
const MAX_REIGNS = 5;

/** How often a cluster that is slow gets as much time again. */
const MAX_ROUNDS = 50;

/** Heals everything, or only a quorum while the rest stays dead for ever, and expects progress. */
export function checkRecovery<C, R, M>(simulation: Simulation<C, R, M>): void {
  const { members, plan, standing } = simulation;
  const draw = new Random(plan.seed, 'recovery');
  if (!standing.canProgress(() => false)) {
    simulation.mark(HOPELESS);
    return;
  }
  const dead = drawDead(draw.shuffle(members), plan.process.neverBack, standing);
  const alive = members.filter((member) => !dead.includes(member));
  simulation.calmDown(dead.map(({ at }) => at));
  settleClocks(simulation, alive);
  const timeoutUs = patienceUs(plan);
  const within = (timeouts: number, what: string, done: () => boolean) => {
    // Tiny limits let one entry through at a time: as long as some come through, it is alive.
    let before = -1;
    for (let round = 0; !done() && before !== progressOf(alive) && round < MAX_ROUNDS; round++) {
      before = progressOf(alive);
      simulation.runUntil(simulation.nowUs + timeouts * timeoutUs, done);
    }
    assert(done(), `Liveness: ${what} within ${timeouts} election timeouts`);
  };
  const leader = () => leaderOf(alive, standing);
  within(LEADER_TIMEOUTS, 'a leader', () => leader() !== undefined);
  const { acknowledged } = simulation.clients;
  let proposedIn = 0;
  within(COMMIT_TIMEOUTS, 'a new command commits', () => {
    const known = leader();
    const term = known?.state.term ?? 0;
    if (known !== undefined && term > proposedIn && simulation.callers.proposeLast(known)) {
      proposedIn = term;
    }
    return simulation.clients.acknowledged > acknowledged;
  });
  within(EQUAL_TIMEOUTS, 'all changes of members are complete', () => {
    const known = leader();
    return known !== undefined && isSettled(known, alive, standing);
  });
  within(EQUAL_TIMEOUTS, 'all logs are equal and applied', () => {
    const known = leader();
    return known !== undefined && areEqual(coreOf(known, alive, standing));
  });
  const core = () => {
    const known = leader();
    return known === undefined ? [] : coreOf(known, alive, standing);
  };
  checkSnapshotsAtRest(simulation, within, core);
  const mended = core();
  const reads = mended.map((member) => simulation.reads.ask(member, undefined));
  // A change may still go on that waited for one that was caught up: who left answers no more.
  within(READ_TIMEOUTS, 'a read is answered at every member', () => {
    const members = core();
    const isAway = (member: SimMember) => !members.includes(member);
    return members.length > 0 && reads.every((read) => read.isAnswered || isAway(read.member));
  });
  const left = core();
  simulation.checkMachines(mended.filter((member) => left.includes(member)));
  if (!isSteady(plan)) return;
  const reigns = simulation.referee.reigns - simulation.calm.reigns;
  assert(reigns <= MAX_REIGNS, `Liveness: leadership goes from one to the next: ${reigns} times`);
  if (draw.chance(0.2)) checkPeace(simulation, alive, timeoutUs);
}

/** Times of day that are wrong stay so, or somebody sets them right: then all can lead again. */
function settleClocks<C, R, M>(simulation: Simulation<C, R, M>, alive: readonly SimMember[]): void {
  const { nowUs, plan, standing } = simulation;
  const draw = new Random(plan.seed, 'calm clocks');
  for (const member of alive) {
    // In a long calm they would come apart.
    member.discipline(nowUs);
    if (draw.chance(0.2)) simulation.setWall(member, 'right');
  }
  if (doClocksAgree(alive, standing, nowUs)) return;
  simulation.mark(DISAGREEING);
  for (const member of alive) simulation.setWall(member, 'right');
}

/** At most so many, and never so many that no quorum is left. */
function drawDead(shuffled: readonly SimMember[], most: number, standing: Standing): SimMember[] {
  const open = standing.open();
  const dead: SimMember[] = [];
  for (const member of shuffled) {
    const isDead = (other: SimMember) => other === member || dead.includes(other);
    if (dead.length < most && standing.canProgress(isDead, open)) dead.push(member);
  }
  return dead;
}

/** The leader stays, also when a follower that can be spared is cut off and comes back. */
function checkPeace<C, R, M>(
  simulation: Simulation<C, R, M>,
  alive: readonly SimMember[],
  timeoutUs: number,
): void {
  const { standing } = simulation;
  // One that was cut off before may have to find that out first.
  simulation.runUntil(simulation.nowUs + LEADER_TIMEOUTS * timeoutUs);
  const leader = leaderOf(alive, standing);
  const term = leader?.state.term;
  assert(leader !== undefined, 'Liveness: there is a leader when nothing is wrong');
  const stays = (timeouts: number, what: string) => {
    simulation.runUntil(simulation.nowUs + timeouts * timeoutUs);
    assert(leaderOf(alive, standing)?.state.term === term, `Liveness: the leader stays ${what}`);
  };
  stays(30, 'when nothing is wrong');
  const isDead = (member: SimMember) => !alive.includes(member);
  const follower = coreOf(leader, alive, standing).find(
    (member) =>
      member !== leader && standing.canProgress((other) => other === member || isDead(other)),
  );
  if (follower === undefined) return;
  simulation.network.isolate(follower.at);
  stays(5, 'when a follower is cut off');
  simulation.network.heal();
  stays(5, 'when that one comes back');
  simulation.referee.checkLogs();
}

/** The leader of the newest term that any of its members knows. */
function leaderOf(alive: readonly SimMember[], standing: Standing): SimMember | undefined {
  const leaders = alive.filter(({ state, up }) => up && state.role === 'leader');
  return leaders.find((leader) => {
    const others = [...leaders, ...coreOf(leader, alive, standing)];
    return others.every((other) => other.state.term <= leader.state.term);
  });
}

/** Those of a leader's members that live, and are who they are known to be. */
function coreOf(
  leader: SimMember,
  alive: readonly SimMember[],
  standing: Standing,
): readonly SimMember[] {
  const { config } = leader.state;
  return alive.filter(
    (member) =>
      isMember(config, member.id) &&
      standing.isBearer(config, member.id) &&
      isAdmitted(member) &&
      member.up,
  );
}

/** Nothing is under way, but what waits for members that are not there. */
function isSettled(leader: SimMember, alive: readonly SimMember[], standing: Standing): boolean {
  const { commit, config, id } = leader.state;
  if (versionOf(leader.state) > commit || isJoint(config)) return false;
  if (!membersOf(config).includes(id)) return false;
  const core = coreOf(leader, alive, standing);
  const isThere = ({ id: joining }: { id: string }) => core.some((each) => each.id === joining);
  return config.joining.length === 0 || !config.joining.every(isThere);
}

/** Do two heartbeats of the slowest clock fit into the shortest patience of the fastest one? */
function isSteady({ clock, options }: Plan): boolean {
  const { electionMinMs, heartbeatMs } = options;
  return electionMinMs / (1 + clock.rateSpread) > (2.5 * heartbeatMs) / (1 - clock.rateSpread);
}

/** One election timeout, for the slowest clock, a slow network and a slow disk. */
function patienceUs({ clock, disk, network, options }: Plan): number {
  const slowestMs = (options.electionMaxMs * (1 + clock.optionSpread)) / (1 - clock.rateSpread);
  return Math.ceil((slowestMs + 20 * (network.delayMeanMs + disk.writeMeanMs + 1)) * 1000);
}

/** Goes up with every entry that is durable, committed or applied anywhere, and every admission. */
function progressOf(alive: readonly SimMember[]): number {
  return alive.reduce((sum, { state }) => {
    const { applied, commit, log, recognition, snapshots } = state;
    const { incoming } = snapshots;
    const received = (incoming?.stored ?? 0) + (incoming?.isWhole === true ? 1 : 0);
    return sum + log.durable + commit + applied + received + (recognition.admitted ? 1 : 0);
  }, 0);
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
