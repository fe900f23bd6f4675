// Where a member keeps its log, term and vote.
import type { HardState, LogPosition, TermRun } from '../raft/index.ts';
import type { SnapshotStore } from './snapshot-store.ts';

export type { HardState, LogPosition, TermRun } from '../raft/index.ts';

/**
 * What an entry is for. A store keeps the kind and never interprets it.
 * `command`: the host's. `noop`: a leader's first entry of its term. `members`: a
 * configuration. `tick`: something fell due. The others belong to sessions, divergence checks and
 * upgrades.
 */
export type EntryKind =
  | 'command'
  | 'noop'
  | 'members'
  | 'session-open'
  | 'session-close'
  | 'session-command'
  | 'fence'
  | 'verify'
  | 'tick'
  | 'version';

/** One entry. `body` is encoded once, for the disk and for the wire, and never changed. */
export interface LogEntry {
  readonly index: number;
  readonly term: number;
  /** The leader's wall clock in ms when it took the entry; never goes back along the log. */
  readonly timeMs: number;
  readonly kind: EntryKind;
  readonly body: Uint8Array;
}

/** Everything a store holds, but the entries' bodies. Ranges are half-open everywhere. */
export interface StoredLog {
  /** The runtime's own record (format, cluster, incarnation, boots); opaque to the store. */
  readonly meta: Uint8Array | undefined;
  readonly hardState: HardState;
  /** Position before the first entry; 0@0 in a new store. */
  readonly base: LogPosition;
  /** Position of the last entry; equal to `base` when there is none. */
  readonly last: LogPosition;
  /** The terms of the entries after `base`, as runs in ascending order. */
  readonly runs: readonly TermRun[];
  /** Body lengths of the entries after `base`, in order, in bytes. */
  readonly sizes: readonly number[];
  /** Indexes of the entries of kind `members`. */
  readonly configIndexes: readonly number[];
  /** `timeMs` of the last entry; 0 when there is none. */
  readonly lastTimeMs: number;
}

/**
 * One atomic change, applied in the order of its fields: `meta` and `hardState` replace what is
 * there, `reset` removes every entry and lets the log begin anew after that position,
 * `truncateFrom` removes every entry from that index on, `entries` follow without a gap, and
 * `compactTo` becomes the base: every entry up to it is removed, and its term is remembered.
 */
export interface LogWrite {
  readonly meta?: Uint8Array;
  readonly hardState?: HardState;
  readonly reset?: LogPosition;
  readonly truncateFrom?: number;
  readonly entries?: readonly LogEntry[];
  /** An index in the log, as it is after all else. The space may be freed later. */
  readonly compactTo?: number;
}

export interface LogStore {
  /**
   * What is there.
   *
   * Must: be the state after the last write that resolved, or a later one; reject with
   * ERR_STORE_CORRUPT or ERR_STORE_FORMAT rather than leave anything out; change nothing.
   * Called once, before anything else.
   */
  load(): Promise<StoredLog>;

  /**
   * Makes the whole batch durable.
   *
   * Must: be atomic (all of it or nothing after a crash); be durable when it resolves; remove what
   * `truncateFrom` names in this very write. Rejects with ERR_STORE_FAILED; the store is then
   * unusable and every later call rejects: a failed write is never retried and acknowledged.
   * The runtime has one write in flight. Must not keep the `batch` object; may keep its entries.
   */
  write(batch: LogWrite): Promise<void>;

  /**
   * Entries [from, until) as they are after the last write that resolved: as many as fit in
   * `maxBytes` of bodies, at least one.
   *
   * Must: keep their order, leave none out in between; reject when an entry is missing or damaged,
   * with ERR_COMPACTED when `from` is at the base or below.
   * May be called while a write is in flight.
   */
  read(from: number, until: number, maxBytes: number): Promise<readonly LogEntry[]>;

  /** Must: wait for the write in flight; be harmless when called twice. */
  close(): Promise<void>;

  readonly supports: LogStoreSupports;
}

export interface LogStoreSupports {
  /** Survives the end of the process. */
  readonly durable: boolean;
}

/** What a node is given: it loads, uses and closes it. */
export interface Storage {
  readonly log: LogStore;
  readonly snapshots: SnapshotStore;
  /** Must: close what it holds; be harmless when called twice. */
  close(): Promise<void>;
}
