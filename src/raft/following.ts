// The follower's side of the log: agree with the leader, take entries, acknowledge what is durable.
import { CoxswainError } from '../errors.ts';
import { assert } from '../lib/assert.ts';
import { wallNow } from './clocks.ts';
import { adoptConfiguration, commitConfigurations, dropConfigurations } from './in-force.ts';
import { appendHead, findTermAtMost, termAt, truncateLog } from './log.ts';
import type { MemberId } from './member-id.ts';
import type { Append, CommitNotice, EntryHead, Heartbeat } from './messages.ts';
import { send } from './outbox.ts';
import { repeatReadRequest } from './reads.ts';
import { becomeFollower } from './roles.ts';
import { requestSnapshot } from './snapshot-keeping.ts';
import { type RaftState, resetElectionDue } from './state.ts';

export function receiveAppend(
  state: RaftState,
  from: MemberId,
  append: Append,
  entries: readonly EntryHead[],
): void {
  if (!followLeader(state, from, append.term)) return;
  if (!agreesAt(state, append.prevIndex, append.prevTerm)) {
    rejectAppend(state, from, append);
    return;
  }
  takeEntries(state, append, entries);
  const { following, log } = state;
  following.stream = Math.max(following.stream, append.stream);
  following.verified = Math.max(following.verified, append.until - 1);
  learnCommit(state, append.commit);
  // What is not durable yet is acknowledged by its write, never sooner.
  if (log.durable >= following.verified) acknowledgeLeader(state);
}

export function receiveHeartbeat(state: RaftState, from: MemberId, beat: Heartbeat): void {
  if (!followLeader(state, from, beat.term)) return;
  learnCommit(state, beat.commit);
  const { following, log } = state;
  following.round = Math.max(following.round, beat.round);
  const known = following.stream === beat.stream;
  send(state, from, {
    type: 'heartbeat-ack',
    term: state.term,
    stream: beat.stream,
    round: beat.round,
    sent: beat.sent,
    received: known ? following.verified : 0,
    match: known ? Math.min(following.verified, log.durable) : 0,
    patienceMs: state.options.electionMinMs,
    wallMs: wallNow(state),
  });
  repeatReadRequest(state);
  requestSnapshot(state);
}

export function receiveCommitNotice(state: RaftState, from: MemberId, notice: CommitNotice): void {
  if (followLeader(state, from, notice.term)) learnCommit(state, notice.commit);
}

/**
 * The leader has a snapshot of what is here as well. It is committed, and equal: whatever entry a
 * leader of this term has at that index, with that term, came after the same ones as ours.
 */
export function acknowledgeUpTo(state: RaftState, stream: number, index: number): void {
  const { following, log } = state;
  following.stream = Math.max(following.stream, stream);
  following.verified = Math.max(following.verified, index);
  learnCommit(state, index);
  if (log.durable >= following.verified) acknowledgeLeader(state);
}

/** After a write: tells the leader how much of what it sent is durable here. */
export function acknowledgeLeader(state: RaftState): void {
  const { following, leader, log } = state;
  if (state.role !== 'follower' || leader === undefined || following.stream === 0) return;
  send(state, leader, {
    type: 'append-ack',
    term: state.term,
    stream: following.stream,
    match: Math.min(following.verified, log.durable),
  });
}

/** Accepts the sender as the leader of its term, or tells it that the term is over (§5.1). */
export function followLeader(state: RaftState, from: MemberId, term: number): boolean {
  if (term < state.term) {
    send(state, from, { type: 'stale-term', term: state.term });
    return false;
  }
  assert(state.role !== 'leader' || term > state.term, `one leader in term ${term} (§5.2)`);
  becomeFollower(state, term, from);
  state.following.contactMs = state.now;
  state.stalling.standAtMs = Number.POSITIVE_INFINITY;
  resetElectionDue(state);
  return true;
}

/**
 * Committed entries are in every leader's log (§5.4.3), so nothing at or below the commit index is
 * asked again: a leader that contradicts it is not to be followed anywhere.
 */
function agreesAt(state: RaftState, index: number, term: number): boolean {
  const ours = termAt(state.log, index);
  if (index > state.commit) return ours === term;
  if (ours !== undefined && ours !== term) throw committedConflict(state, index);
  return true;
}

function rejectAppend(state: RaftState, to: MemberId, append: Append): void {
  const hint = findTermAtMost(state.log, append.prevIndex - 1, append.prevTerm);
  send(state, to, {
    type: 'append-reject',
    term: state.term,
    stream: append.stream,
    prevIndex: append.prevIndex,
    hintIndex: hint.index,
    hintTerm: hint.term,
  });
}

/** Drops our entries only from the first one that conflicts, and takes what is new (§5.3). */
function takeEntries(state: RaftState, append: Append, entries: readonly EntryHead[]): void {
  const { log } = state;
  let index = append.from;
  for (const entry of entries) {
    if (index > log.base.index) {
      const ours = termAt(log, index);
      if (ours !== undefined && ours !== entry.term) truncateConflict(state, index);
      if (ours !== entry.term) break;
    }
    index++;
  }
  if (index >= append.until) return;
  state.effects.push({ type: 'accept', from: index, until: append.until });
  if (state.unwritten.from === 0) state.unwritten.from = index;
  for (let at = index - append.from; at < entries.length; at++) {
    const entry = entries[at];
    if (entry === undefined) break;
    appendHead(log, entry.term, entry.size);
    log.lastTimeMs = entry.timeMs;
    if (entry.config !== undefined) adoptConfiguration(state, log.last, entry.config);
  }
}

function truncateConflict(state: RaftState, index: number): void {
  if (index <= state.commit) throw committedConflict(state, index);
  truncateLog(state.log, index);
  dropConfigurations(state, index);
  state.unwritten.truncateFrom = index;
}

/** Commits at most what this leader has verified with us, whatever it says (fig. 2, rule 5). */
function learnCommit(state: RaftState, commit: number): void {
  const known = Math.min(commit, state.following.verified);
  if (known <= state.commit) return;
  state.commit = known;
  commitConfigurations(state);
}

function committedConflict(state: RaftState, index: number): CoxswainError {
  return new CoxswainError(
    'ERR_COMMITTED_CONFLICT',
    `the leader of term ${state.term} contradicts entry ${index}, which is committed here ` +
      `(up to ${state.commit}): one of the two has lost data`,
    { index, outcome: 'unknown' },
  );
}
