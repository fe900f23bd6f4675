// The way back to follower, which every rule of the paper shares.
import { CoxswainError } from '../errors.ts';
import { termAt } from './log.ts';
import type { MemberId } from './member-id.ts';
import { type RaftState, resetElectionDue } from './state.ts';

/** Steps back, or on to a newer term. A new term has no vote and no leader yet (§5.1). */
export function becomeFollower(state: RaftState, term: number, leader: MemberId | undefined): void {
  if (term > state.term) {
    state.term = term;
    state.votedFor = undefined;
    state.unwritten.hard = true;
    state.following.round = 0;
    forgetLeader(state);
  }
  if (state.role !== 'follower') {
    state.role = 'follower';
    forgetLeader(state);
    resetElectionDue(state);
  }
  state.candidacy = undefined;
  state.leading = undefined;
  if (leader !== undefined) state.leader = leader;
}

/**
 * Whom we followed, and how far our log was found equal to theirs, no longer counts. The round
 * does: a leader goes on counting, and what was called off in its term stays so.
 */
export function forgetLeader(state: RaftState): void {
  state.leader = undefined;
  state.following.stream = 0;
  state.following.verified = 0;
}

/** Has a leader committed an entry of its own term? Only then it knows all that is (§5.4.2). */
export function isEstablished({ commit, log, role, term }: RaftState): boolean {
  return role === 'leader' && termAt(log, commit) === term;
}

/** For calls that only a leader can answer. */
export function notLeader({ leader, role, term }: RaftState, what: string): CoxswainError {
  const known = leader === undefined ? 'none is known' : `that is ${leader}`;
  const message = `only the leader ${what}: ${known}, this member is a ${role} of term ${term}`;
  return new CoxswainError('ERR_NOT_LEADER', message, {
    outcome: 'not-applied',
    retryable: true,
    ...(leader === undefined ? {} : { leader }),
  });
}
