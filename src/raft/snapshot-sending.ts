// The leader's side of a snapshot on its way to a follower that needs entries which are no longer
// in the log (§7). Chunk by chunk, within a window; the follower says how much of it is stored
// there, so whatever is lost, and whoever was restarted, goes on from there.
import type { MemberId } from './member-id.ts';
import type { HeartbeatAck, SnapshotAck, SnapshotChunk, SnapshotRequest } from './messages.ts';
import { send } from './outbox.ts';
import { isOverdue, type Progress, resend, restartStream } from './progress.ts';
import type { Sending, SnapshotHead } from './snapshot.ts';
import { pruneSnapshots } from './snapshot-keeping.ts';
import type { Leading, RaftState } from './state.ts';

/** Who was not heard for so many election timeouts has nothing kept for it. */
export const AWAY_TIMEOUTS = 10;

/** The follower needs what is no longer in the log. It is asked first what it has already. */
export function startSending(state: RaftState, to: MemberId, progress: Progress): void {
  const { latest, repairFrom } = state.snapshots;
  // Those of a machine that is wrong would make others wrong.
  if (latest === undefined || repairFrom > 0) return;
  restartStream(progress, Math.min(progress.next, latest.index + 1));
  progress.mode = 'snapshot';
  const begun = { stored: 0, next: 0, asked: 0, answered: 0, storedBefore: 0 };
  progress.sending = { head: latest, ...begun, window: Number.POSITIVE_INFINITY };
  progress.heldFrom = latest.index;
  askStored(state, to, progress, progress.sending);
}

export function receiveSnapshotAck(state: RaftState, from: MemberId, ack: SnapshotAck): void {
  const progress = state.leading?.progress.get(from);
  if (progress?.sending === undefined || ack.stream !== progress.stream) return;
  progress.contactMs = state.now;
  progress.stranger = false;
  const { sending } = progress;
  if (ack.refused) {
    // It came out damaged over there, so it is damaged here: only another one can help.
    state.snapshots.distrusted = sending.head.id;
    sending.answered = sending.asked++;
    return;
  }
  if (ack.stored > ack.next || ack.next > sending.head.bytes) return;
  const isNews = ack.stored > sending.stored;
  const isAwaited = ack.answers > sending.answered && ack.answers <= sending.asked;
  if (!isAwaited && !isNews) return;
  if (isAwaited) goOnFrom(state, sending, ack.next);
  sending.stored = ack.stored;
  sending.next = Math.max(sending.next, ack.stored);
  if (isNews) {
    sending.window += 1 / sending.window;
    progress.missing = 0;
    progress.patience = 1;
  }
  sendChunks(state);
}

/**
 * Nothing was sent since the first of the questions that are open: an answer to one is one to all.
 * What did not get there, or found no room, was too much at a time.
 */
function goOnFrom({ options }: RaftState, sending: Sending, next: number): void {
  sending.answered = sending.asked;
  if (next < sending.next) {
    const sent = Math.ceil((sending.next - sending.stored) / options.snapshot.chunkBytes);
    sending.window = Math.max(1, Math.min(sending.window, sent) / 2);
  }
  sending.next = next;
}

/** A member whose machine is not what it should be wants one that is at least so new. */
export function receiveSnapshotRequest(
  state: RaftState,
  from: MemberId,
  { index }: SnapshotRequest,
): void {
  const progress = state.leading?.progress.get(from);
  if (progress === undefined || progress.mode === 'snapshot') return;
  const { snapshots } = state;
  if ((snapshots.latest?.index ?? 0) >= index) startSending(state, from, progress);
  else if (index <= state.commit) snapshots.wanted = Math.max(snapshots.wanted, index);
}

/** A heartbeat came back from one that is being sent a snapshot: is anything of it arriving? */
export function checkSending(
  state: RaftState,
  from: MemberId,
  progress: Progress,
  ack: HeartbeatAck,
): void {
  const { sending } = progress;
  if (sending === undefined || ack.stream !== progress.stream) return;
  const { distrusted, latest } = state.snapshots;
  if (sending.head.id === distrusted) {
    if (latest?.id !== distrusted) startSending(state, from, progress);
    return;
  }
  const isStanding = sending.stored === sending.storedBefore;
  sending.storedBefore = sending.stored;
  if (isStanding && isOverdue(progress)) askStored(state, from, progress, sending);
}

/** What the windows and the rate allow, one chunk to each follower in turn. */
export function sendChunks(state: RaftState): void {
  const { leading } = state;
  if (leading === undefined) return;
  for (let isMore = true; isMore && mayLeave(state, leading); ) {
    isMore = false;
    for (const [id, progress] of nextReceivers(state, leading)) {
      if (!mayLeave(state, leading)) break;
      sendChunk(state, leading, id, progress);
      isMore = true;
    }
  }
}

/** When the rate lets the next chunk leave; Infinity when nobody waits for one. */
export function chunksDueMs(state: RaftState, leading: Leading): number {
  for (const progress of leading.progress.values()) {
    if (hasRoom(state, progress)) return leading.chunksDueMs;
  }
  return Number.POSITIVE_INFINITY;
}

/**
 * Those that are not heard any more are sent nothing, and nothing is kept for them. True when there
 * are such: they are to be probed, or they would not be noticed when they come back.
 */
export function dropAbsent(state: RaftState, leading: Leading): boolean {
  const { now, options } = state;
  let isDropped = false;
  for (const progress of leading.progress.values()) {
    if (now - progress.contactMs <= AWAY_TIMEOUTS * options.electionMaxMs) continue;
    progress.heldFrom = Number.POSITIVE_INFINITY;
    if (progress.sending === undefined) continue;
    resend(progress, state.log.last + 1);
    isDropped = true;
  }
  if (isDropped) pruneSnapshots(state);
  return isDropped;
}

/** It holds the snapshot, or never needed it: the log follows. */
export function endSending(state: RaftState, progress: Progress): void {
  if (progress.sending !== undefined) {
    progress.sending = undefined;
    pruneSnapshots(state);
  }
  const latest = state.snapshots.latest?.index ?? 0;
  if (progress.match >= latest) progress.heldFrom = Number.POSITIVE_INFINITY;
}

/**
 * The chunk that holds nothing asks what is there. On a slow line it comes after all that was sent
 * before; to send any of that again without an answer would only make the line slower.
 */
function askStored(state: RaftState, to: MemberId, progress: Progress, sending: Sending): void {
  sending.asked++;
  const { head, asked: ask, next } = sending;
  send(state, to, chunkOf(state, progress, head, { ask, from: next, until: next }));
}

/** Is it time, but for less than a timer can tell? */
function mayLeave({ now }: RaftState, { chunksDueMs }: Leading): boolean {
  return chunksDueMs - now < 1;
}

/** Beginning with the one after whoever was served last. */
function nextReceivers(state: RaftState, leading: Leading): [MemberId, Progress][] {
  const all = [...leading.progress].filter(([, progress]) => hasRoom(state, progress));
  const last = all.findIndex(([id]) => id === leading.servedLast);
  return [...all.slice(last + 1), ...all.slice(0, last + 1)];
}

function hasRoom({ options, snapshots }: RaftState, { sending }: Progress): boolean {
  if (snapshots.repairFrom > 0) return false;
  if (sending === undefined || sending.answered < sending.asked) return false;
  if (sending.next >= sending.head.bytes) return false;
  const { chunkBytes, maxInflightChunks } = options.snapshot;
  const chunks = Math.floor(Math.min(maxInflightChunks, sending.window));
  return sending.next - sending.stored < chunkBytes * chunks;
}

function sendChunk(state: RaftState, leading: Leading, to: MemberId, progress: Progress): void {
  const { sending } = progress;
  if (sending === undefined) return;
  const { chunkBytes, maxBytesPerSec } = state.options.snapshot;
  const until = Math.min(sending.next + chunkBytes, sending.head.bytes);
  const part = { ask: 0, from: sending.next, until };
  send(state, to, chunkOf(state, progress, sending.head, part));
  const takesMs = ((until - sending.next) / maxBytesPerSec) * 1000;
  leading.chunksDueMs = Math.max(leading.chunksDueMs, state.now) + takesMs;
  leading.servedLast = to;
  sending.next = until;
}

function chunkOf(
  { term }: RaftState,
  { stream }: Progress,
  head: SnapshotHead,
  part: Pick<SnapshotChunk, 'ask' | 'from' | 'until'>,
): SnapshotChunk {
  return { type: 'snapshot-chunk', term, stream, head, ...part };
}
