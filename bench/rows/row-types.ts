// What travels between the bench and the process that measures one row.

export type Codec = 'raw' | 'msgpackr';

/**
 * Who takes the commands: the leader, a follower that forwards them, or no cluster at all but the
 * least that could answer: a promise for each command, settled in batches.
 */
export type Target = 'leader' | 'follower' | 'naive';

/** What clients do: propose, or read at one of the levels. `stale` is at most half a second old. */
export type Action = 'propose' | 'linearizable' | 'lease' | 'stale' | 'local';

/** How often snapshots are taken, and of a machine of what size. */
export interface SnapshotLoad {
  readonly everyEntries: number | 'never';
  readonly stateBytes: number;
}

/** Each of `inFlight` clients acts again as soon as it has its answer. */
export interface ClosedSpec {
  readonly kind: 'closed';
  readonly target: Target;
  readonly codec: Codec;
  readonly action: Action;
  readonly inFlight: number;
  /** Default: as often as by default, of nothing. */
  readonly snapshots?: SnapshotLoad;
  /** Of processor time. */
  readonly warmMs: number;
  readonly windowMs: number;
}

/** Commands arrive at a fixed rate, whatever becomes of those before. */
export interface OpenSpec {
  readonly kind: 'open';
  readonly target: Target;
  readonly codec: Codec;
  readonly action: Action;
  readonly perSecond: number;
  /** Of processor time. */
  readonly warmMs: number;
  /** Of the wall's. */
  readonly windowMs: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Processor time of the whole process a command: says more than the rate on a busy machine. */
  readonly cpuUs: number;
  /** Share of the window in which garbage was collected on the main thread. */
  readonly gcShare: number;
  readonly heapMb: number;
  /** Commands that got an error for an answer; of a closed loop none, or the row fails. */
  readonly refused: number;
}

export type CoreRole = 'leader' | 'follower';

export interface CoreSpec {
  readonly kind: 'core';
  readonly role: CoreRole;
  /** Entries of one propose event, or of one append message. */
  readonly batch: number;
  readonly entries: number;
}

export interface CoreResult {
  readonly nsPerEntry: number;
  /** Allocated on the heap, and what of it was still there after a collection. */
  readonly heapBytesPerEntry: number;
  readonly keptBytesPerEntry: number;
  /** Growth of buffers outside the heap: the core's ring of sizes. */
  readonly bufferBytesPerEntry: number;
}

export interface IdleSpec {
  readonly kind: 'idle';
  readonly members: number;
  readonly windowMs: number;
}

export interface IdleResult {
  /** The most seen at any look. */
  readonly timersPerNode: number;
  readonly immediatesPerNode: number;
  readonly heapBytesPerNodeSecond: number;
  /** What the engine keeps of the code is in it. */
  readonly heapBytesPerNode: number;
  readonly bufferBytesPerNode: number;
  readonly cpuShare: number;
  readonly entriesAdded: number;
}

export type RowSpec = ClosedSpec | OpenSpec | CoreSpec | IdleSpec;

export interface RowResults {
  readonly closed: LoadResult;
  readonly open: LoadResult;
  readonly core: CoreResult;
  readonly idle: IdleResult;
}

export type RowReply = { readonly result: object } | { readonly error: string };
