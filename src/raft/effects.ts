// Everything the core can ask for. Effects carry indexes, not bytes, and their order is data: a
// message names the write it must wait for. The list is one buffer, valid until the next step.

import type { LogPosition } from './log.ts';
import type { MemberId } from './member-id.ts';
import type { Configuration, ConfigurationAt } from './membership.ts';
import type { Message } from './messages.ts';
import type { SnapshotHead } from './snapshot.ts';

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** Term, vote and a hint of what is committed: durable together, in one write. */
export interface HardState {
  readonly term: number;
  readonly votedFor: MemberId | undefined;
  readonly commit: number;
}

/** Durable together with it, when it changed: who was met, and whether this member takes part. */
export interface KnownMembers {
  /** False for a first member that the others have not recognised yet. */
  readonly admitted: boolean;
  /** Incarnations, of members whose configuration does not say theirs. */
  readonly pins: ReadonlyMap<MemberId, number>;
}

/**
 * New entries [from, until) enter the log here, on the leader, with this term and time stamp.
 * `proposed`: the bodies are those of the propose event, in order. `noop`: one empty entry.
 * `members`: one entry that holds `config`, and is defined only then.
 */
export interface AppendEntries {
  readonly type: 'append';
  readonly kind: 'proposed' | 'noop' | 'members';
  readonly config: Configuration | undefined;
  readonly from: number;
  readonly until: number;
  readonly term: number;
  readonly timeMs: number;
}

/** Entries [from, until) of the append message now being handled enter the log. */
export interface AcceptEntries {
  readonly type: 'accept';
  readonly from: number;
  readonly until: number;
}

/**
 * Make durable, atomically: the hard state, then the reset, then the truncation, then entries
 * [from, until) as they are now, then the compaction. Writes are numbered from 1 and complete in
 * order; waiting ones may be merged into one.
 * Answered by a `written` event with the same number and last position.
 */
export interface Write {
  readonly type: 'write';
  readonly write: number;
  readonly hardState: HardState;
  /** Undefined when it has not changed. */
  readonly known: KnownMembers | undefined;
  /** The log is emptied and begins after this position. */
  readonly reset: LogPosition | undefined;
  /** Entries from here on are removed first; 0 means none. */
  readonly truncateFrom: number;
  readonly from: number;
  readonly until: number;
  /** Entries up to here are not needed any more; 0 means none. */
  readonly compactTo: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
}

/** Send once write `after` is durable; 0 means now. An append takes its entries as they are now. */
export interface Send {
  readonly type: 'send';
  readonly to: MemberId;
  readonly message: Message;
  readonly after: number;
}

/** Every entry up to `upTo` is committed and durable here: apply them, in order. */
export interface Apply {
  readonly type: 'apply';
  readonly upTo: number;
}

/**
 * Take a snapshot of the machine as soon as nothing is being applied, and make it durable. Answered
 * by `snapshot-taken`.
 */
export interface TakeSnapshotNow {
  readonly type: 'take-snapshot';
}

/**
 * Open a place for this snapshot, and forget any other that came in part. Answered by
 * `snapshot-progress`, with what of it is there already.
 */
export interface ReceiveSnapshot {
  readonly type: 'receive-snapshot';
  readonly head: SnapshotHead;
}

/** Add the bytes [from, until) of the chunk now being handled. Answered by `snapshot-progress`. */
export interface StoreChunk {
  readonly type: 'store-chunk';
  readonly id: string;
  readonly from: number;
  readonly until: number;
}

/**
 * All of it is stored: look whether it is sound, and make it durable. Answered by
 * `snapshot-received` or `snapshot-refused`.
 */
export interface KeepSnapshot {
  readonly type: 'keep-snapshot';
  readonly id: string;
}

/** Every other snapshot may go. */
export interface PruneSnapshots {
  readonly type: 'prune-snapshots';
  readonly keep: readonly string[];
}

/**
 * Put the machine, and all that entries have made, to where this snapshot stands. What was to be
 * applied up to there is not; what comes after it follows. Answered by `restored`.
 */
export interface Restore {
  readonly type: 'restore';
  readonly head: SnapshotHead;
  /** The machine may be there already, or further: it is not to be trusted. */
  readonly isRepair: boolean;
}

/** Role, term or known leader changed in this step. At most one a step, at its end. */
export interface RoleChange {
  readonly type: 'role';
  readonly role: Role;
  readonly term: number;
  readonly leader: MemberId | undefined;
}

/** The configuration in force is another, or is committed now. At most one a step. */
export interface MembersChanged {
  readonly type: 'members';
  /** The last of them is in force, the first one committed; mostly they are one. */
  readonly configs: readonly ConfigurationAt[];
}

/** Reads numbered up to `upTo` may be answered by a machine that has applied entry `index`. */
export interface ReadIndex {
  readonly type: 'read-index';
  readonly upTo: number;
  readonly index: number;
}

/** All that concerns snapshots. */
export type SnapshotEffect =
  | Restore
  | TakeSnapshotNow
  | ReceiveSnapshot
  | StoreChunk
  | KeepSnapshot
  | PruneSnapshots;

export type Effect =
  | AppendEntries
  | AcceptEntries
  | Write
  | Send
  | Apply
  | SnapshotEffect
  | ReadIndex
  | MembersChanged
  | RoleChange;
