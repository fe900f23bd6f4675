// Pre-vote and vote: who becomes a candidate, who wins. What a leader does is in replication.ts.
import { isPlausibleClock, wallNow } from './clocks.ts';
import { isUpToDate, lastTerm } from './log.ts';
import type { MemberId } from './member-id.ts';
import { isVoter, otherVoters } from './membership.ts';
import type {
  PreVoteReply,
  PreVoteRequest,
  TimeoutNow,
  VoteReply,
  VoteRequest,
} from './messages.ts';
import { hardWrite, send } from './outbox.ts';
import { voteResult } from './quorum.ts';
import { isPassive, isRecognisedVoter } from './recognition.ts';
import { startLeading } from './replication.ts';
import { becomeFollower, forgetLeader } from './roles.ts';
import { isUnfit } from './stalls.ts';
import { type RaftState, resetElectionDue } from './state.ts';

/**
 * Only voters stand, and those that the others know. Who was removed stands, too, until it is
 * committed: the entry that removes it may be nowhere else (§4.2.2 of the thesis).
 */
export function mayStand(state: RaftState): boolean {
  const { configs, recognition } = state;
  return recognition.admitted && configs.some(({ config }) => isRecognisedVoter(state, config));
}

/** Asks who would vote for us, before disturbing anyone (§9.6). */
export function startPreVote(state: RaftState): void {
  if (!mayStand(state)) return;
  // Whoever would refuse others now, for a leader that lives, has no vote for itself either.
  const own: [MemberId, boolean][] = refusesVotes(state) ? [] : [[state.id, true]];
  becomeFollower(state, state.term, undefined);
  forgetLeader(state);
  state.role = 'pre-candidate';
  state.candidacy = { votes: new Map(own), ownVoteWrite: 0 };
  resetElectionDue(state);
  for (const id of otherVoters(state.config, state.id)) {
    send(state, id, {
      type: 'pre-vote-request',
      term: state.term,
      campaign: state.term + 1,
      lastIndex: state.log.last,
      lastTerm: lastTerm(state.log),
      wallMs: wallNow(state),
    });
  }
  countVotes(state);
}

export function receivePreVoteRequest(
  state: RaftState,
  from: MemberId,
  request: PreVoteRequest,
): void {
  if (isPassive(state)) return;
  const granted =
    request.campaign > state.term &&
    !refusesVotes(state) &&
    isPlausibleClock(state, request.wallMs) &&
    isUpToDate(state.log, request.lastIndex, request.lastTerm);
  const { term } = state;
  send(state, from, { type: 'pre-vote-reply', term, campaign: request.campaign, granted });
}

export function receivePreVoteReply(state: RaftState, from: MemberId, reply: PreVoteReply): void {
  if (reply.term > state.term) {
    becomeFollower(state, reply.term, undefined);
  } else if (state.role === 'pre-candidate' && reply.campaign === state.term + 1) {
    recordVote(state, from, reply.granted);
  }
}

/** Followers of a live leader do not even learn the term of a disturber (§4.2.3 of the thesis). */
export function receiveVoteRequest(state: RaftState, from: MemberId, request: VoteRequest): void {
  if (isPassive(state)) return;
  if (request.term < state.term) {
    send(state, from, { type: 'vote-reply', term: state.term, granted: false });
    return;
  }
  if (!request.forced && refusesVotes(state)) return;
  if (request.term > state.term) becomeFollower(state, request.term, undefined);
  const granted =
    (state.votedFor === undefined || state.votedFor === from) &&
    isPlausibleClock(state, request.wallMs) &&
    isUpToDate(state.log, request.lastIndex, request.lastTerm);
  if (granted && state.votedFor === undefined) {
    state.votedFor = from;
    state.unwritten.hard = true;
  }
  if (granted) resetElectionDue(state);
  send(state, from, { type: 'vote-reply', term: state.term, granted });
}

export function receiveVoteReply(state: RaftState, from: MemberId, reply: VoteReply): void {
  if (state.role === 'candidate') recordVote(state, from, reply.granted);
}

/** The leader hands over to us: nobody needs to be asked whether it is gone (thesis §3.10). */
export function receiveTimeoutNow(state: RaftState, from: MemberId, message: TimeoutNow): void {
  if (message.term !== state.term || state.leader !== from || !mayStand(state)) return;
  // Whose machine differs from the others' must not answer for them.
  if (state.snapshots.repairFrom > 0) return;
  if (isUnfit(state)) return;
  // Called off; or nothing was heard since a restart, and then it may have been.
  if (state.following.round === 0 || message.round < state.following.round) return;
  becomeFollower(state, state.term, undefined);
  forgetLeader(state);
  startElection(state, true);
}

/** Our own vote counts like any other: once it is durable. */
export function countOwnVote(state: RaftState): void {
  const { candidacy } = state;
  if (state.role !== 'candidate' || candidacy === undefined) return;
  if (state.writes.completed < candidacy.ownVoteWrite || candidacy.votes.has(state.id)) return;
  recordVote(state, state.id, true);
}

/**
 * Is a leader alive, as far as we know, or did we forget whether one is? What a leader was promised
 * when it was heard is kept, whatever this member learns or is asked to do meanwhile: its lease is
 * that long.
 */
function refusesVotes({ following, now, options, role, silentUntilMs }: RaftState): boolean {
  if (role === 'leader' || now < silentUntilMs) return true;
  return now - following.contactMs < options.electionMinMs;
}

function recordVote(state: RaftState, from: MemberId, granted: boolean): void {
  const { candidacy } = state;
  if (candidacy === undefined || !isVoter(state.config, from)) return;
  if (!candidacy.votes.has(from)) candidacy.votes.set(from, granted);
  countVotes(state);
}

function countVotes(state: RaftState): void {
  const { candidacy } = state;
  if (candidacy === undefined) return;
  const result = voteResult(state.config, (id) => candidacy.votes.get(id));
  if (result === 'lost') becomeFollower(state, state.term, undefined);
  else if (result === 'won' && state.role === 'candidate') winElection(state);
  // The others may hear the leader again before this member's own vote, which is promised, counts.
  else if (result === 'won' && !refusesVotes(state)) startElection(state, false);
}

/** A new term, a vote for ourselves, and requests that wait until both are durable (§5.2). */
function startElection(state: RaftState, forced: boolean): void {
  state.term++;
  state.votedFor = state.id;
  state.unwritten.hard = true;
  state.following.round = 0;
  state.following.contactMs = Number.NEGATIVE_INFINITY;
  state.role = 'candidate';
  state.candidacy = { votes: new Map(), ownVoteWrite: hardWrite(state) };
  resetElectionDue(state);
  for (const id of otherVoters(state.config, state.id)) {
    send(state, id, {
      type: 'vote-request',
      term: state.term,
      lastIndex: state.log.last,
      lastTerm: lastTerm(state.log),
      forced,
      wallMs: wallNow(state),
    });
  }
}

function winElection(state: RaftState): void {
  state.role = 'leader';
  state.leader = state.id;
  state.candidacy = undefined;
  state.stalling.standAtMs = Number.POSITIVE_INFINITY;
  startLeading(state);
}
