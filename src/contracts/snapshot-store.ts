// Where a member keeps its snapshots: what a machine was at some entry, so that the log before it
// can go.

/** What is known of a snapshot before its bytes are. */
export interface SnapshotInfo {
  /**
   * Its name, unlike that of any other snapshot of any member: 1 to 120 characters out of a-z, 0-9
   * and `-`, so it may be the name of a file.
   */
  readonly id: string;
  /** It holds the effects of every entry up to this one, */
  readonly index: number;
  /** and this is that entry's term. */
  readonly term: number;
  /** The runtime's own description of it; opaque to the store, at most 128 KiB. */
  readonly header: Uint8Array;
}

/** A snapshot that is there as a whole. */
export interface StoredSnapshot extends SnapshotInfo {
  /** Its length in bytes. */
  readonly bytes: number;
}

export interface SnapshotStore {
  /**
   * Writes a new snapshot, from beginning to end.
   *
   * Must: be durable as a whole when it resolves, and until then, or when it rejects, not be there
   * at all, also after a crash; read `chunks` no faster than it writes them, and let go of them
   * when `signal` is aborted: it rejects then, with the signal's reason. What `chunks` throws it
   * rejects with. Anything else is ERR_STORE_FAILED. One is saved at a time. What `chunks` gives is
   * not changed later, so it may be kept.
   */
  save(
    info: SnapshotInfo,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<StoredSnapshot>;

  /**
   * The snapshot of the highest index; of equal ones the latest that came. Undefined when there is
   * none.
   *
   * Must: reject with ERR_STORE_CORRUPT or ERR_STORE_FORMAT rather than pass over one that was
   * there as a whole.
   */
  latest(): Promise<StoredSnapshot | undefined>;

  /**
   * The bytes of a snapshot from `fromByte` on, in pieces of any size.
   *
   * Must: fail with ERR_COMPACTED when there is no such snapshot (any more); be the same bytes each
   * time, and leave a piece as it was given. May be called several times at once; a reader that
   * stops early harms nothing.
   */
  read(id: string, fromByte?: number): AsyncIterable<Uint8Array>;

  /**
   * Begins to take in another member's snapshot, or goes on with it: a store may have kept what
   * came before, even from before a restart.
   *
   * Must: forget every other snapshot that was begun and not committed. Is not there for `latest`,
   * `read` and `prune` until it is committed. One is taken in at a time.
   */
  receive(snapshot: StoredSnapshot): Promise<SnapshotSink>;

  /**
   * Removes every snapshot whose id is not named. A snapshot that is being read may go later. None
   * is saved, and none committed, before it has resolved.
   */
  prune(keep: readonly string[]): Promise<void>;

  /** Must: wait for what is being written; be harmless when called twice. */
  close(): Promise<void>;
}

/** One snapshot on its way in. Calls come one after another. */
export interface SnapshotSink {
  /** Bytes from its beginning that are here. */
  readonly received: number;
  /** Adds the next bytes, which may be kept. May be durable only with `commit`. */
  write(bytes: Uint8Array): Promise<void>;
  /** What is here so far, from its beginning. */
  read(): AsyncIterable<Uint8Array>;
  /**
   * All of it is here. Must: be durable when it resolves, as with `save`; reject with
   * ERR_STORE_FAILED when `received` is not its length.
   */
  commit(): Promise<void>;
  /** Forgets it. Must: be harmless after `commit`, and when called twice. */
  discard(): Promise<void>;
}
