// A member whose store, machine or process stands still (RA4): as a leader it lets go, if somebody
// else takes over; as any other it leaves it to the others to stand. Both within bounds, so that a
// cluster in which everyone is slow keeps a leader.
import type { Stall } from './events.ts';
import { otherVoters } from './membership.ts';
import { committedIndex } from './quorum.ts';
import { becomeFollower, forgetLeader } from './roles.ts';
import { type Leading, type RaftState, resetElectionDue } from './state.ts';
import { heirOf, startHandover } from './transfer.ts';

/** After that many longest election timeouts a leader may let go again: fewer would be a game. */
const KEEP_TIMEOUTS = 10;

/** When a stall is over that made it let go it does not stand, after any it does not take over. */
const REST_TIMEOUTS = 2;

/** A member that holds back waits so much longer for the others to find a leader. */
const PATIENCE_TIMEOUTS = 2;

/** One whose machine is wrong: of no use as a leader, but it may hold what nobody else does. */
const WRONG_TIMEOUTS = 6;

export function noteStall(state: RaftState, { stalled }: Stall): void {
  const { leading, now, options, stalling } = state;
  const rested = now + REST_TIMEOUTS * options.electionMaxMs;
  if (!stalled && stalling.letGo) {
    stalling.letGo = false;
    stalling.restUntilMs = rested;
  }
  if (!stalled) stalling.unfitUntilMs = rested;
  // Who was asked last may take over yet; nobody else is asked.
  if (!stalled && leading !== undefined) leading.asked = [];
  stalling.stalled = stalled;
  letGo(state);
}

/**
 * A stalled leader asks one voter after the other to take over, and leads until one does: to step
 * down first would leave the cluster without a leader if that one is stalled, too, or not told.
 */
export function letGo(state: RaftState): void {
  const { leading, now, options, stalling } = state;
  if (leading === undefined || leading.handover !== undefined || !stalling.stalled) return;
  const isAnew = now >= stalling.keepUntilMs;
  if (isAnew) leading.asked = [];
  else if (leading.asked.length === 0) return;
  if (!couldOthersLead(state, leading)) return;
  const to = heirOf(state, (id) => !leading.asked.includes(id) && isHeard(state, leading, id));
  if (to === undefined) {
    leading.asked = [];
    return;
  }
  leading.asked = [...leading.asked, to];
  if (isAnew) stalling.keepUntilMs = now + KEEP_TIMEOUTS * options.electionMaxMs;
  stalling.letGo = true;
  startHandover(state, { type: 'transfer', to }, options.electionMinMs);
}

/**
 * Whoever is asked to take over now had better not. Where every write is too slow, the others are
 * as slow as the leader, if not at the same moment, and an election could take for ever.
 */
export function isUnfit({ now, stalling }: RaftState): boolean {
  return stalling.stalled || now < stalling.unfitUntilMs;
}

/**
 * The time to stand has come. Is it left to the others? Only for so long: they may be gone, or as
 * slow as this one. Who stood because nobody else did keeps what it won.
 */
export function holdsBack(state: RaftState): boolean {
  const { now, options, snapshots, stalling } = state;
  const isWrong = snapshots.repairFrom > 0;
  if (!stalling.stalled && now >= stalling.restUntilMs && !isWrong) return false;
  if (stalling.standAtMs === Number.POSITIVE_INFINITY) {
    const timeouts = isWrong ? WRONG_TIMEOUTS : PATIENCE_TIMEOUTS;
    stalling.standAtMs = now + timeouts * options.electionMaxMs;
  }
  if (now >= stalling.standAtMs) {
    stalling.keepUntilMs = now + KEEP_TIMEOUTS * options.electionMaxMs;
    return false;
  }
  becomeFollower(state, state.term, undefined);
  forgetLeader(state);
  resetElectionDue(state);
  return true;
}

/** Are those that are heard a quorum without this member, whose vote may never be durable? */
function couldOthersLead(state: RaftState, leading: Leading): boolean {
  if (otherVoters(state.config, state.id).length === 0) return false;
  return committedIndex(state.config, (id) => (isHeard(state, leading, id) ? 1 : 0)) > 0;
}

function isHeard({ id: self, now, options }: RaftState, leading: Leading, id: string): boolean {
  const progress = leading.progress.get(id);
  if (id === self || progress === undefined || progress.stranger) return false;
  return now - progress.contactMs < options.electionMinMs;
}
