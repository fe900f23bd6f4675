// Which snapshots there are and how much log beside them (§7): when to take a new one, what of the
// log it makes unnecessary, and when this member needs one from somebody else.
import type { SnapshotTaken, TakeSnapshot } from './events.ts';
import { bytesOf, compactLog, termAt } from './log.ts';
import { send } from './outbox.ts';
import type { SnapshotHead } from './snapshot.ts';
import type { RaftState } from './state.ts';

/** The host asks for one of what is applied by now. */
export function wantSnapshot(state: RaftState, event: TakeSnapshot): void {
  state.snapshots.wanted = Math.max(state.snapshots.wanted, event.index);
}

/** At the end of a step: is it time for a new one? */
export function advanceSnapshots(state: RaftState): void {
  const { snapshots } = state;
  if (snapshots.taking || snapshots.installing !== undefined) return;
  if (snapshots.restoring !== undefined || !isDue(state)) return;
  snapshots.taking = true;
  state.effects.push({ type: 'take-snapshot' });
}

/** The machine's state at some entry is durable as a snapshot, or none was taken after all. */
export function snapshotTaken(state: RaftState, event: SnapshotTaken): void {
  const { snapshots } = state;
  snapshots.taking = false;
  if (event.head === undefined) return pruneSnapshots(state);
  snapshots.machineDurable = event.machineDurable;
  // One of a machine that is not to be trusted is forgotten again.
  if (snapshots.repairFrom > 0) pruneSnapshots(state);
  else keepSnapshot(state, event.head);
}

/** A snapshot is durable here. One that is not newer than the latest changes nothing. */
export function keepSnapshot(state: RaftState, head: SnapshotHead): void {
  const { snapshots } = state;
  const { latest } = snapshots;
  const isNewer = latest === undefined || head.index > latest.index;
  const isInPlace = head.index === latest?.index && latest.id === snapshots.distrusted;
  if (isNewer || isInPlace) snapshots.latest = head;
  if (snapshots.wanted <= (snapshots.latest?.index ?? 0)) snapshots.wanted = 0;
  compact(state);
  pruneSnapshots(state);
}

/**
 * The store may forget all others. Not while one is being taken, nor the one that comes in: either
 * may be there already, and not be told yet.
 */
export function pruneSnapshots(state: RaftState): void {
  const { incoming, latest, restoring, taking } = state.snapshots;
  if (taking) return;
  const keep = new Set(namesInUse(state));
  for (const head of [incoming?.head, latest, restoring]) {
    if (head !== undefined) keep.add(head.id);
  }
  state.effects.push({ type: 'prune-snapshots', keep: [...keep] });
}

/**
 * Its machine cannot be trusted until it has another one. Asked again with every heartbeat, also
 * while one is on its way in: whoever was sending it may have given up.
 */
export function requestSnapshot(state: RaftState): void {
  const { leader, snapshots, term } = state;
  const { incoming, installing, repairFrom: index } = snapshots;
  if (index === 0 || leader === undefined || leader === state.id) return;
  if (incoming?.isWhole === true || installing !== undefined) return;
  send(state, leader, { type: 'snapshot-request', term, index });
}

function isDue({ applied, log, options, snapshots }: RaftState): boolean {
  const last = snapshots.latest?.index ?? 0;
  if (applied < Math.max(last, log.base.index) || snapshots.repairFrom > 0) return false;
  if (snapshots.latest !== undefined && snapshots.latest.id === snapshots.distrusted) return true;
  if (snapshots.wanted > last) return applied >= snapshots.wanted;
  if (applied === last) return false;
  const { everyBytes, everyEntries } = options.snapshot;
  return applied - last >= everyEntries || bytesOf(log, last + 1, applied + 1) >= everyBytes;
}

/**
 * Lets go of the log that the latest snapshot stands for, but for what it is still good for: for
 * followers that lag a little, for those that have just been sent an older snapshot, and for a
 * machine that has not applied as much, or not stored it itself.
 */
function compact(state: RaftState): void {
  const { log, options, snapshots } = state;
  const { latest } = snapshots;
  if (latest === undefined) return;
  const { keepEntries, maxHeldBytes } = options.snapshot;
  const { applied } = state;
  let to = Math.min(latest.index - keepEntries, snapshots.machineDurable, log.durable, applied);
  const held = heldFrom(state);
  if (held < to && bytesOf(log, held + 1, latest.index + 1) <= maxHeldBytes) to = held;
  const term = termAt(log, to);
  if (to <= log.base.index || term === undefined) return;
  compactLog(log, { index: to, term });
  state.unwritten.compactTo = to;
}

/** Entries from there on are kept for those that were sent a snapshot and are catching up. */
function heldFrom({ leading, log }: RaftState): number {
  let from = Number.POSITIVE_INFINITY;
  for (const progress of leading?.progress.values() ?? []) {
    const next = Math.max(progress.heldFrom, progress.match);
    // What it needs first is gone: the rest is of no use to it.
    if (next >= log.base.index) from = Math.min(from, next);
  }
  return from;
}

/** Snapshots on their way to somebody. */
function namesInUse({ leading }: RaftState): readonly string[] {
  const all = [...(leading?.progress.values() ?? [])];
  return all.flatMap(({ sending }) => (sending === undefined ? [] : [sending.head.id]));
}
