// Leadership handed over on purpose (thesis §3.10): the leader takes nothing new, waits until the
// next one holds all of its log, and has it stand for election at once.
import { CoxswainError } from '../errors.ts';
import type { Transfer } from './events.ts';
import type { MemberId } from './member-id.ts';
import { isVoter, otherVoters } from './membership.ts';
import { send } from './outbox.ts';
import { notLeader } from './roles.ts';
import type { RaftState } from './state.ts';

/**
 * To whom a leader would hand over: `to`, or the voter that is most up to date. Throws
 * ERR_NOT_LEADER, and ERR_INVALID_OPTION when there is nobody, or `to` is not among them.
 */
export function planTransfer(state: RaftState, to: MemberId | undefined): MemberId {
  if (state.role !== 'leader') throw notLeader(state, 'hands over');
  const others = state.config.voters.filter((id) => id !== state.id);
  const chosen = to ?? heirOf(state);
  if (chosen !== undefined && others.includes(chosen)) return chosen;
  const accepted = others.length === 0 ? 'nobody: it is the only voter' : others.join(', ');
  const message = `transferLeadership: to is ${JSON.stringify(to)}; accepted: ${accepted}`;
  throw new CoxswainError('ERR_INVALID_OPTION', message, { outcome: 'not-applied' });
}

/** A second call takes the place of the first. */
export function startHandover(
  state: RaftState,
  { to }: Transfer,
  withinMs: number = state.options.electionMaxMs,
): void {
  const { config, leading, now } = state;
  if (leading === undefined || to === state.id || !isVoter(config, to)) return;
  leading.handover = { to, dueMs: now + withinMs };
  continueHandover(state, to);
}

/**
 * A leader whose machine is wrong is there to give its log to somebody else: it may be the only one
 * who has it all. It takes nothing in meanwhile.
 */
export function yieldIfWrong(state: RaftState): void {
  const { leading, options, snapshots } = state;
  if (leading === undefined || snapshots.repairFrom === 0) return;
  if (leading.handover !== undefined) return;
  const to = heirOf(state);
  if (to !== undefined) startHandover(state, { type: 'transfer', to }, options.electionMinMs);
}

/** Something was heard of `from`: is the log there whole now? */
export function continueHandover(state: RaftState, from: MemberId): void {
  const { leading, log } = state;
  if (leading?.handover?.to !== from) return;
  if (leading.progress.get(from)?.match === log.last) sendTimeoutNow(state, from);
}

export function sendTimeoutNow(state: RaftState, to: MemberId): void {
  const { leading, term } = state;
  if (leading === undefined) return;
  leading.yielded.set(to, leading.round);
  send(state, to, { type: 'timeout-now', term, round: leading.round });
}

/** The other fit voter that holds most of the log; of equal ones the one heard last. */
export function heirOf(
  { config, id: self, leading }: RaftState,
  isFit: (id: MemberId) => boolean = () => true,
): MemberId | undefined {
  let heir: MemberId | undefined;
  let best = { match: -1, contactMs: 0 };
  for (const id of otherVoters({ ...config, outgoing: [] }, self)) {
    const progress = leading?.progress.get(id);
    if (progress === undefined || progress.match < best.match || !isFit(id)) continue;
    if (progress.match === best.match && progress.contactMs <= best.contactMs) continue;
    best = progress;
    heir = id;
  }
  return heir;
}
