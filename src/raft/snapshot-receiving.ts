// A follower's side of a snapshot (§7): takes in its bytes in order, and puts it in the place of
// its log and its machine; never over something that is newer.
import type {
  Repair,
  Restored,
  SnapshotProgress,
  SnapshotReceived,
  SnapshotRefused,
} from './events.ts';
import { acknowledgeLeader, acknowledgeUpTo, followLeader } from './following.ts';
import { commitConfigurations, installConfiguration } from './in-force.ts';
import { resetLog, termAt } from './log.ts';
import type { MemberId } from './member-id.ts';
import type { SnapshotAck, SnapshotChunk } from './messages.ts';
import { send } from './outbox.ts';
import type { Incoming, SnapshotHead } from './snapshot.ts';
import { keepSnapshot, pruneSnapshots, requestSnapshot } from './snapshot-keeping.ts';
import type { RaftState } from './state.ts';
import { yieldIfWrong } from './transfer.ts';

export function receiveSnapshotChunk(state: RaftState, from: MemberId, chunk: SnapshotChunk): void {
  if (!followLeader(state, from, chunk.term)) return;
  const { snapshots } = state;
  if (isHeld(state, chunk.head)) return acknowledgeUpTo(state, chunk.stream, chunk.head.index);
  if (snapshots.installing !== undefined) return;
  const { incoming } = snapshots;
  // Late, of a stream that is over: what came in since stays.
  if (incoming?.term === chunk.term && incoming.stream > chunk.stream) return;
  if (incoming?.head.id !== chunk.head.id) return begin(state, chunk);
  if (incoming.term !== chunk.term || incoming.stream !== chunk.stream) incoming.ask = 0;
  incoming.term = chunk.term;
  incoming.stream = chunk.stream;
  incoming.ask = Math.max(incoming.ask, chunk.ask);
  // The place for it is not open yet, or it is whole: what comes next is said without being asked.
  if (incoming.taken === undefined || incoming.isWhole) return;
  const isNext = chunk.from === incoming.taken && chunk.until > chunk.from;
  if (!isNext || incoming.storing >= state.options.snapshot.maxInflightChunks) {
    return acknowledgeChunks(state, incoming, chunk.ask);
  }
  incoming.taken = chunk.until;
  incoming.storing++;
  const { from: start, until } = chunk;
  state.effects.push({ type: 'store-chunk', id: chunk.head.id, from: start, until });
}

/** The place for a snapshot is open, or another chunk of it is stored. */
export function snapshotProgress(state: RaftState, { id, stored }: SnapshotProgress): void {
  const { incoming } = state.snapshots;
  if (incoming?.head.id !== id) return;
  const isOpened = incoming.taken === undefined;
  if (isOpened) incoming.taken = stored;
  else incoming.storing--;
  incoming.stored = stored;
  if (stored < incoming.head.bytes) {
    return acknowledgeChunks(state, incoming, isOpened ? incoming.ask : 0);
  }
  incoming.isWhole = true;
  state.effects.push({ type: 'keep-snapshot', id });
}

/** Something is wrong with its bytes, and they are gone. */
export function snapshotRefused(state: RaftState, { id }: SnapshotRefused): void {
  const { incoming } = state.snapshots;
  if (incoming?.head.id !== id) return;
  state.snapshots.incoming = undefined;
  answer(state, incoming, { stored: 0, next: 0, answers: 0, refused: true });
}

/** It is durable. */
export function snapshotReceived(state: RaftState, { id }: SnapshotReceived): void {
  const { incoming } = state.snapshots;
  if (incoming?.head.id !== id) return;
  state.snapshots.incoming = undefined;
  const { head, stream, term } = incoming;
  const isOurs = isHeld(state, head);
  if (isOurs && head.index > state.commit) {
    // A leader commits only by counting, and has no use for it before.
    if (state.role === 'leader') return pruneSnapshots(state);
    commitUpTo(state, head.index);
  }
  keepSnapshot(state, head);
  if (!isOurs) return install(state, incoming);
  const isFollowing = state.role === 'follower' && term === state.term;
  if (isFollowing) acknowledgeUpTo(state, stream, head.index);
}

/** At the end of a step: once the log on disk begins after the snapshot the machine may follow. */
export function restoreInstalled(state: RaftState): void {
  const { snapshots, writes } = state;
  const { installing } = snapshots;
  if (installing === undefined || writes.completed < installing.write) return;
  snapshots.installing = undefined;
  restore(state, installing.head);
}

/** The machine is where the snapshot stands. */
export function machineRestored(state: RaftState, { index }: Restored): void {
  if (state.snapshots.restoring?.index !== index) return;
  state.snapshots.restoring = undefined;
  state.applied = index;
}

/**
 * The machine is not what others' are, nor are its snapshots: it asks for one that is newer than
 * all of those. A leader goes on only until another one has taken over.
 */
export function repairMachine(state: RaftState, { index }: Repair): void {
  const { log, snapshots } = state;
  // One that is being taken may be found after a restart, too.
  const own = Math.max(snapshots.latest?.index ?? 0, snapshots.taking ? state.applying : 0);
  snapshots.repairFrom = Math.max(snapshots.repairFrom, index, own + 1, log.base.index);
  // The driver notes it in its record, which goes with the next write: before anything is sent.
  state.unwritten.hard = true;
  yieldIfWrong(state);
  requestSnapshot(state);
}

/** Is there nothing in it that is not in this member's log, and committed or about to be? */
function isHeld({ commit, log, snapshots }: RaftState, { index, term }: SnapshotHead): boolean {
  const { repairFrom } = snapshots;
  if (repairFrom > 0 && index >= repairFrom) return false;
  return index <= commit || termAt(log, index) === term;
}

function begin(state: RaftState, { ask, head, stream, term }: SnapshotChunk): void {
  const { incoming } = state.snapshots;
  // What is being made durable is let finish: it is as good.
  if (incoming?.isWhole === true) return;
  const nothing = { taken: undefined, stored: 0, storing: 0, isWhole: false };
  state.snapshots.incoming = { head, stream, term, ask, ...nothing };
  state.effects.push({ type: 'receive-snapshot', head });
}

function acknowledgeChunks(state: RaftState, incoming: Incoming, answers: number): void {
  const { stored, taken: next = stored } = incoming;
  answer(state, incoming, { stored, next, answers, refused: false });
}

function answer(
  state: RaftState,
  { stream, term }: Incoming,
  what: Pick<SnapshotAck, 'stored' | 'next' | 'answers' | 'refused'>,
): void {
  const { leader } = state;
  if (state.role !== 'follower' || leader === undefined || term !== state.term) return;
  send(state, leader, { type: 'snapshot-ack', term, stream, ...what });
}

/**
 * The whole log goes: what it holds up to there is in the snapshot, and what it holds after it
 * follows upon something else (fig. 13, rule 7). Only where the entry itself is in the log (rule 6)
 * that stays, and the machine alone is put back.
 */
function install(state: RaftState, incoming: Incoming): void {
  const { head } = incoming;
  if (termAt(state.log, head.index) === head.term) {
    commitUpTo(state, head.index);
    restore(state, head);
    if (incoming.term === state.term) acknowledgeUpTo(state, incoming.stream, head.index);
    return;
  }
  resetLog(state.log, head, head.timeMs);
  // First: what was in the log is not committed by this.
  installConfiguration(state, head.config);
  commitUpTo(state, head.index);
  const { following, unwritten, writes } = state;
  unwritten.reset = { index: head.index, term: head.term };
  unwritten.truncateFrom = 0;
  unwritten.from = 0;
  unwritten.compactTo = 0;
  state.snapshots.installing = { head, write: writes.issued + 1 };
  if (incoming.term === state.term) following.stream = Math.max(following.stream, incoming.stream);
  acknowledgeLeader(state);
}

/** What is in a snapshot is committed: whoever leads from then on has it (§5.4.3). */
function commitUpTo(state: RaftState, index: number): void {
  const { following } = state;
  following.verified = Math.max(following.verified, index);
  if (index <= state.commit) return;
  state.commit = index;
  commitConfigurations(state);
}

function restore(state: RaftState, head: SnapshotHead): void {
  const { snapshots } = state;
  const isRepair = snapshots.repairFrom > 0;
  if (snapshots.repairFrom <= head.index) snapshots.repairFrom = 0;
  snapshots.restoring = head;
  state.effects.push({ type: 'restore', head, isRepair });
  state.applied = Math.min(state.applied, head.index);
  state.applying = head.index;
}
