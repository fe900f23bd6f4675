// The host's own logic: what is replicated.
import type { LogPosition } from '../raft/index.ts';

/**
 * Generic in the command `C`, its result `R`, the query `Q` and its answer `A`.
 *
 * **Quiescent point.** `query`, `digest`, `snapshot`, `restore` and `nextDeadlineMs` run only when
 * every entry up to some index is settled and none after it has started.
 */
export interface StateMachine<C, R, Q = never, A = never> {
  /**
   * Applies one committed command and returns its result.
   *
   * Must: be deterministic: time and randomness only from `context`. Called in log order, once for
   * each entry since the machine was made or restored, never while another call runs (also when it
   * returns a promise). A *rejected* command is a value in `R`, the same on every replica; a throw
   * is a bug in the machine: the node stops with ERR_STATE_MACHINE and names the index.
   */
  apply(command: C, context: ApplyContext): R | PromiseLike<R>;

  /**
   * When it is there, called instead of `apply`, with commands that follow each other in the log:
   * for machines that can do many at once, on a database say. Gives one result for each, in order.
   *
   * Must: come to the same as `apply` would, however the commands are divided into batches: members
   * divide them differently.
   */
  applyBatch?(entries: readonly Committed<C>[]): readonly R[] | PromiseLike<readonly R[]>;

  /**
   * Answers a question about the state, and changes nothing. A throw goes to the one who asked.
   * While a returned promise is pending no command is applied.
   */
  query?(query: Q): A | PromiseLike<A>;

  /**
   * The whole state, as bytes, as it is when this returns (or when its promise settles). The bytes
   * may be taken out of the source later, while commands are being applied.
   *
   * Must: equal states give snapshots that `restore` to equal states.
   */
  snapshot(): SnapshotSource | PromiseLike<SnapshotSource>;

  /**
   * Replaces the whole state by one that `snapshot` gave, here or on another member. The pieces are
   * cut anywhere, and there is none of a snapshot without bytes; they may be kept.
   *
   * Must: not change the pieces.
   */
  restore(chunks: AsyncIterable<Uint8Array>, meta: SnapshotMeta): void | PromiseLike<void>;

  /**
   * For machines that keep their state themselves, durably: the last entry whose effects, and those
   * of all before it, are stored. Nothing up to it is applied again after a restart, and the log is
   * kept from there on. Asked when the node opens and when a snapshot is taken.
   *
   * Must: be stored together with those effects, in one transaction.
   */
  lastApplied?(): LogPosition | PromiseLike<LogPosition>;

  /**
   * A short text that stands for the whole state. When it is there, members are compared every
   * `verifyEveryEntries` entries: one that differs from a majority is repaired from a snapshot.
   *
   * Must: same state, same digest, on every replica, also after `restore`.
   */
  digest?(): string | PromiseLike<string>;

  /**
   * When something in the state will fall due (a lease that runs out), in ms of the leader's wall
   * clock; undefined for nothing. Asked on the leader, at quiescent points; once that time has come
   * it logs an entry that every member gives to `tick`.
   *
   * Must: depend on the state alone; come with `tick`.
   */
  nextDeadlineMs?(): number | undefined;

  /**
   * Lets fall due what is due at `context.timeMs`. In log order among the commands, as `apply`; at
   * most about once a heartbeat, and possibly when nothing is due.
   */
  tick?(context: ApplyContext): void | PromiseLike<void>;

  /**
   * Which behaviour this code has at most: a whole number from 1, by default 1. It has to behave as
   * `context.machineVersion` says, which rises, for all members at the same entry, once every
   * member runs code that can.
   */
  readonly version?: number;
}

/** One command of a batch. */
export interface Committed<C> {
  readonly command: C;
  readonly context: ApplyContext;
}

/** Where in the log the state of a snapshot stands. */
export interface SnapshotMeta {
  readonly index: number;
  readonly term: number;
  /** Log time there: `timeMs` of the last entry. */
  readonly timeMs: number;
  /** What `context.machineVersion` was there. */
  readonly machineVersion: number;
}

export type SnapshotSource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** What a machine may depend on besides its state and the command: the same on every replica. */
export interface ApplyContext {
  readonly index: number;
  readonly term: number;
  /** The leader's wall clock in ms when it took the command; never goes back along the log. */
  readonly timeMs: number;
  /** As which version of itself the machine has to behave. */
  readonly machineVersion: number;
  /** The session that proposed the command, if one did. */
  readonly session?: number | undefined;
  /** A number in [0, 1) from a generator seeded by `index`: the same draws on every replica. */
  random(): number;
}
