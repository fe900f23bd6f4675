// The leader's side of the log: append, send, count, commit. The follower's side is following.ts.
import { assert } from '../lib/assert.ts';
import { hasQuorumClock, recordClockHeard } from './clocks.ts';
import type { Propose } from './events.ts';
import { dropRemoved, followConfigurations } from './followers.ts';
import { commitConfigurations } from './in-force.ts';
import { recordRoundHeard, recordRoundSent } from './lease.ts';
import { appendHead, bytesOf, entryBytes, findTermAtMost, fitBytes, termAt } from './log.ts';
import type { MemberId } from './member-id.ts';
import { otherVoters } from './membership.ts';
import type { AppendAck, AppendReject, HeartbeatAck } from './messages.ts';
import { send } from './outbox.ts';
import {
  isOverdue,
  type Progress,
  recordMatch,
  recordRound,
  recordSent,
  resend,
  restartStream,
} from './progress.ts';
import { committedIndex } from './quorum.ts';
import { incarnationOf } from './recognition.ts';
import { becomeFollower } from './roles.ts';
import {
  checkSending,
  dropAbsent,
  endSending,
  sendChunks,
  startSending,
} from './snapshot-sending.ts';
import { letGo } from './stalls.ts';
import type { Leading, RaftState } from './state.ts';
import { continueHandover, yieldIfWrong } from './transfer.ts';

/** A new leader knows nothing of its followers, and commits nothing before its no-op (§5.4.2). */
export function startLeading(state: RaftState): void {
  const { log } = state;
  const leading: Leading = {
    progress: new Map(),
    round: 0,
    heartbeatDueMs: state.now,
    lastStream: 0,
    handover: undefined,
    yielded: new Map(),
    asked: [],
    roundsSentMs: [],
    reads: { waiting: new Map(), batch: undefined },
    ...{ chunksDueMs: state.now, servedLast: undefined },
  };
  followConfigurations(state, leading);
  state.leading = leading;
  const from = log.last + 1;
  appendOwn(state, 0);
  const { term } = state;
  state.effects.push({
    type: 'append',
    kind: 'noop',
    config: undefined,
    from,
    until: from + 1,
    term,
    timeMs: log.lastTimeMs,
  });
  sendToAll(state);
  heartbeat(state);
}

/** Takes as many of the proposed bodies as the bounds on what is not committed or applied allow. */
export function propose(state: RaftState, event: Propose): void {
  const { leading } = state;
  if (leading === undefined || leading.handover !== undefined) return;
  if (state.snapshots.repairFrom > 0) return;
  const { log, options } = state;
  const from = log.last + 1;
  const uncommitted = bytesOf(log, state.commit + 1, from);
  const unapplied = bytesOf(log, Math.max(state.applied, log.base.index) + 1, from);
  let bytes = 0;
  for (const { length } of event.bodies) {
    const own = entryBytes(length);
    bytes += own;
    if (isOver(uncommitted + bytes, own, options.maxUncommittedBytes)) break;
    if (isOver(unapplied + bytes, own, options.maxApplyLagBytes)) break;
    appendOwn(state, length);
  }
  if (log.last < from) return;
  log.lastTimeMs = Math.max(log.lastTimeMs, event.wallMs);
  const { term } = state;
  const timeMs = log.lastTimeMs;
  const config = undefined;
  const until = log.last + 1;
  state.effects.push({ type: 'append', kind: 'proposed', config, from, until, term, timeMs });
  sendToAll(state);
}

/** Over the bound, and not alone: a single entry is never too large. */
function isOver(bytes: number, own: number, most: number): boolean {
  return bytes > most && bytes > own;
}

/** Our own disk is one of the quorum: what it holds counts once it is durable (§10.2.1). */
export function advanceCommit(state: RaftState): void {
  const { leading, log } = state;
  if (leading === undefined) return;
  const reached = committedIndex(state.config, (id) =>
    id === state.id ? log.durable : (leading.progress.get(id)?.match ?? 0),
  );
  // Entries of earlier terms are never committed by counting (§5.4.2, fig. 8).
  if (reached <= state.commit || termAt(log, reached) !== state.term) return;
  state.commit = reached;
  commitConfigurations(state);
}

export function receiveAppendAck(state: RaftState, from: MemberId, ack: AppendAck): void {
  const progress = heardFrom(state, from);
  if (progress === undefined || ack.stream !== progress.stream) return;
  acknowledge(state, from, progress, ack.match);
}

export function receiveAppendReject(state: RaftState, from: MemberId, reject: AppendReject): void {
  const progress = heardFrom(state, from);
  if (progress === undefined || reject.stream !== progress.stream) return;
  // It no longer holds what it acknowledged: asking again could only repeat the refusal.
  if (reject.prevIndex <= progress.match) return;
  const agreed = findTermAtMost(state.log, reject.hintIndex, reject.hintTerm);
  restartStream(progress, Math.min(agreed.index, reject.prevIndex - 1) + 1);
  sendAppends(state, from, progress);
}

export function receiveHeartbeatAck(state: RaftState, from: MemberId, ack: HeartbeatAck): void {
  const progress = heardFrom(state, from);
  if (progress === undefined) return;
  recordClockHeard(state, progress, ack);
  // Whoever answers for a new member and was never met may be who had its id before.
  if (incarnationOf(state, from) !== undefined) recordRoundHeard(state, from, progress, ack);
  if (ack.stream !== progress.stream) return;
  if (ack.received > 0) acknowledge(state, from, progress, ack.match);
  if (progress.mode === 'snapshot') return checkSending(state, from, progress, ack);
  if (ack.received >= ack.sent || !isOverdue(progress)) return;
  // Nothing received tells nothing: a probe is repeated, a stream starts from what is durable.
  const known = progress.mode === 'probe' ? progress.next : 0;
  resend(progress, ack.received > 0 ? ack.received + 1 : known);
  sendAppends(state, from, progress);
}

/** What a leader does as time passes: heartbeats, its own fitness to lead, late news of commits. */
export function leaderTimeout(state: RaftState): void {
  const { leading } = state;
  if (leading === undefined) return;
  if (leading.handover !== undefined && state.now >= leading.handover.dueMs) {
    leading.handover = undefined;
  }
  if (state.now >= leading.heartbeatDueMs) {
    if (!hasQuorumContact(state, leading) || !hasQuorumClock(state, leading)) {
      becomeFollower(state, state.term, undefined);
      return;
    }
    heartbeat(state);
    dropRemoved(state, leading);
    if (dropAbsent(state, leading)) sendToAll(state);
    yieldIfWrong(state);
  }
  sendChunks(state);
  letGo(state);
  for (const [id, progress] of leading.progress) {
    if (!owesCommit(state, progress)) continue;
    progress.commitSent = Math.min(state.commit, progress.match);
    send(state, id, { type: 'commit-notice', term: state.term, commit: progress.commitSent });
  }
}

/** Is there a follower that could use the commit index and was not told? */
export function owesCommitToAny(state: RaftState, leading: Leading): boolean {
  for (const progress of leading.progress.values()) if (owesCommit(state, progress)) return true;
  return false;
}

function owesCommit(state: RaftState, progress: Progress): boolean {
  return progress.commitSent < Math.min(state.commit, progress.match);
}

/** Leads only while a quorum is heard within the shortest election timeout (thesis §6.2). */
function hasQuorumContact(state: RaftState, leading: Leading): boolean {
  const heard = committedIndex(state.config, (id) =>
    id === state.id ? state.now : (leading.progress.get(id)?.contactMs ?? Number.NEGATIVE_INFINITY),
  );
  return state.now - heard < state.options.electionMinMs;
}

/** Tells everyone that this leader lives, and what is committed. */
export function heartbeat(state: RaftState): void {
  const { leading } = state;
  if (leading === undefined) return;
  leading.heartbeatDueMs = state.now + state.options.heartbeatMs;
  startRound(state, leading);
  for (const [id, progress] of leading.progress) {
    sendHeartbeat(state, id, progress, progress.sentAtHeartbeat);
    progress.sentAtHeartbeat = progress.sent;
  }
}

/**
 * A round between heartbeats, to find out whether this leader leads yet. It says nothing of what
 * was sent: rounds may follow each other faster than entries.
 */
export function readRound(state: RaftState, leading: Leading): number {
  startRound(state, leading);
  for (const id of otherVoters(state.config, state.id)) {
    const progress = leading.progress.get(id);
    if (progress !== undefined) sendHeartbeat(state, id, progress, 0);
  }
  return leading.round;
}

function startRound(state: RaftState, leading: Leading): void {
  leading.round++;
  recordRoundSent(leading, state.now);
}

function sendHeartbeat(state: RaftState, to: MemberId, progress: Progress, sent: number): void {
  const { term } = state;
  const { stream } = progress;
  const { round } = state.leading ?? { round: 0 };
  const commit = Math.min(state.commit, progress.match);
  progress.commitSent = Math.max(progress.commitSent, commit);
  send(state, to, { type: 'heartbeat', term, stream, round, commit, sent });
}

function heardFrom(state: RaftState, from: MemberId): Progress | undefined {
  const progress = state.leading?.progress.get(from);
  if (progress === undefined) return undefined;
  progress.contactMs = state.now;
  progress.stranger = false;
  return progress;
}

function acknowledge(state: RaftState, from: MemberId, progress: Progress, match: number): void {
  if (match > state.log.last) return;
  if (recordMatch(progress, match)) advanceCommit(state);
  endSending(state, progress);
  recordRound(progress, state.log.last, state.now, state.options.electionMinMs);
  sendAppends(state, from, progress);
  continueHandover(state, from);
}

/** One more entry in the log of this leader. The effect that says what it is comes with it. */
export function appendOwn(state: RaftState, bodyBytes: number): void {
  if (state.unwritten.from === 0) state.unwritten.from = state.log.last + 1;
  appendHead(state.log, state.term, bodyBytes);
}

export function sendToAll(state: RaftState): void {
  for (const [id, progress] of state.leading?.progress ?? []) sendAppends(state, id, progress);
}

/** Sends what the windows allow; while probing one append, empty if need be. */
function sendAppends(state: RaftState, to: MemberId, progress: Progress): void {
  // A snapshot goes its own way; and what is not in the log any more can only come by one.
  if (progress.mode === 'snapshot') return;
  if (progress.next <= state.log.base.index) return startSending(state, to, progress);
  if (progress.mode === 'probe') {
    if (progress.inflight.length === 0) sendAppend(state, to, progress);
    return;
  }
  const { log, options } = state;
  while (
    progress.next <= log.last &&
    progress.inflight.length < options.maxInflightAppends &&
    bytesOf(log, progress.match + 1, progress.next) < options.maxInflightBytes
  ) {
    sendAppend(state, to, progress);
  }
}

function sendAppend(state: RaftState, to: MemberId, progress: Progress): void {
  const { log } = state;
  const prevIndex = progress.next - 1;
  const prevTerm = termAt(log, prevIndex);
  assert(prevTerm !== undefined, `entry ${prevIndex} is still in the log`);
  const until = fitBytes(log, progress.next, state.options.maxAppendBytes);
  send(state, to, {
    type: 'append',
    term: state.term,
    stream: progress.stream,
    prevIndex,
    prevTerm,
    from: progress.next,
    until,
    commit: state.commit,
  });
  recordSent(progress, until - 1);
  progress.commitSent = Math.max(progress.commitSent, Math.min(state.commit, until - 1));
}
