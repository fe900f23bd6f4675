// Everything that can happen to a member. The driver turns the world into these, one at a time.
import type { MemberId } from './member-id.ts';
import type { Configuration } from './membership.ts';
import type { EntryHead, Message } from './messages.ts';
import type { SnapshotHead } from './snapshot.ts';
import type { RaftOptions } from './state.ts';

/** First event, once: the deadlines start to run and what is known to be committed is applied. */
export interface Start {
  readonly type: 'start';
}

/**
 * A message arrived. `entries` are those that an append names, in order, and empty for every other
 * message. The core reads their heads; an `accept` effect says which of them enter the log.
 */
export interface Receive {
  readonly type: 'receive';
  readonly from: MemberId;
  /** The store that the sender runs on: a number of 53 bits, drawn at random when it was made. */
  readonly incarnation: number;
  readonly message: Message;
  readonly entries: readonly EntryHead[];
}

/**
 * Commands to append, as encoded bodies (only their lengths are read). A leader takes a prefix of
 * them, as much as its bounds allow, and says so by an `append` effect; anyone else takes none.
 * `wallMs` is the proposer's wall clock: entries are stamped max(last stamp, wallMs).
 */
export interface Propose {
  readonly type: 'propose';
  readonly bodies: readonly { readonly length: number }[];
  readonly wallMs: number;
}

/** Everything in the write of that number, and in all before it, is durable. */
export interface Written {
  readonly type: 'written';
  readonly write: number;
  /** The position that the `write` effect carried in `last`. */
  readonly lastIndex: number;
  readonly lastTerm: number;
}

/** The machine has settled every entry up to `index`. */
export interface Applied {
  readonly type: 'applied';
  readonly index: number;
}

/** A deadline may have passed: the core looks at `now` and does what is due. Early is harmless. */
export interface Timeout {
  readonly type: 'timeout';
}

/** The host asks this member to stand for election now; pre-vote and live leaders are honoured. */
export interface Campaign {
  readonly type: 'campaign';
}

/**
 * A configuration that `planChange` made of the one in force, to append. Only a leader takes it,
 * and only if nothing has come in between.
 */
export interface ChangeMembers {
  readonly type: 'change';
  readonly config: Configuration;
  /** Of the one in force when it was planned. */
  readonly version: number;
  /** The wall clock of who asks, in ms. */
  readonly wallMs: number;
}

/** The leader is to hand over to `to`, a voter. It takes no proposals until that is settled. */
export interface Transfer {
  readonly type: 'transfer';
  readonly to: MemberId;
}

/** Every read up to number `upTo` wants to know what is committed. Numbers begin at 1, and rise. */
export interface Read {
  readonly type: 'read';
  readonly upTo: number;
}

/**
 * What the wall clock says: told at the start of every turn of the driver. Where it and the
 * monotonic clock disagree, the process was suspended or somebody has set the clock.
 */
export interface Clocks {
  readonly type: 'clocks';
  readonly wallMs: number;
}

/** The host wants a snapshot of at least that index, which is applied. */
export interface TakeSnapshot {
  readonly type: 'take-snapshot';
  readonly index: number;
}

/** The answer to the effect `take-snapshot`. */
export interface SnapshotTaken {
  readonly type: 'snapshot-taken';
  /** Durable by now; undefined when another one came in between. */
  readonly head: SnapshotHead | undefined;
  /** What the machine had stored itself there: an index, or Infinity when it stores nothing. */
  readonly machineDurable: number;
}

/** So many bytes of the snapshot that comes in are stored: after `receive-snapshot` and chunks. */
export interface SnapshotProgress {
  readonly type: 'snapshot-progress';
  readonly id: string;
  readonly stored: number;
}

/** The answers to the effect `keep-snapshot`: it is durable, or it is damaged and gone. */
export interface SnapshotReceived {
  readonly type: 'snapshot-received';
  readonly id: string;
}

export interface SnapshotRefused {
  readonly type: 'snapshot-refused';
  readonly id: string;
}

/** The machine is what it was at `index`: the answer to the effect `restore`. */
export interface Restored {
  readonly type: 'restored';
  readonly index: number;
}

/**
 * This member's machine was found to differ from those of a majority: until it is restored from a
 * snapshot of `index` or later it takes no snapshots, stands only if nobody else does, and leads
 * only to hand over.
 */
export interface Repair {
  readonly type: 'repair';
  readonly index: number;
}

/** All that concerns snapshots. */
export type SnapshotEvent =
  | TakeSnapshot
  | SnapshotTaken
  | SnapshotProgress
  | SnapshotReceived
  | SnapshotRefused
  | Restored
  | Repair;
/**
 * The driver's own store, machine or loop stands still, or does no longer. A leader looks for
 * somebody to take over; nobody else stands while it lasts, unless the others do not.
 */
export interface Stall {
  readonly type: 'stall';
  readonly stalled: boolean;
}

/** From now on these options hold; but not their election timeout, which others were promised. */
export interface Configure {
  readonly type: 'configure';
  readonly options: RaftOptions;
}

export type RaftEvent =
  | Start
  | Receive
  | Propose
  | Written
  | Applied
  | Timeout
  | Campaign
  | ChangeMembers
  | Transfer
  | Read
  | Clocks
  | Stall
  | Configure
  | SnapshotEvent;
