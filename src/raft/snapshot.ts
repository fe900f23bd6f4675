// Snapshots (§7): what the core knows of them, which is where in the log each stands. What is in
// them is the driver's. When one is taken and how much log may go is in snapshot-keeping.ts, how it
// gets to a follower in snapshot-sending.ts, and what that does with it in snapshot-receiving.ts.
import type { LogPosition } from './log.ts';
import type { ConfigurationAt } from './membership.ts';

/** Where a snapshot stands in the log, and what of it is not in the machine. */
export interface SnapshotHead extends LogPosition {
  /** Its name: no other snapshot of any member has the same. */
  readonly id: string;
  /** Log time there. */
  readonly timeMs: number;
  /** In force there. */
  readonly config: ConfigurationAt;
  /** Its length. */
  readonly bytes: number;
}

/** When snapshots are taken, how much log is kept beside them, and how fast they travel. */
export interface SnapshotOptions {
  /** A new one is taken when so many entries were applied since the last, or so many bytes. */
  readonly everyEntries: number;
  readonly everyBytes: number;
  /** Entries before the latest one that are kept, for followers that lag a little. */
  readonly keepEntries: number;
  /** Log that is kept on behalf of followers that are being sent a snapshot, in bytes. */
  readonly maxHeldBytes: number;
  readonly chunkBytes: number;
  /** Chunks on their way to one follower: a count. */
  readonly maxInflightChunks: number;
  /** To all followers together. */
  readonly maxBytesPerSec: number;
}

const NEVER = Number.MAX_SAFE_INTEGER;

/** None is ever taken. */
export const NO_SNAPSHOTS: SnapshotOptions = {
  ...{ everyEntries: NEVER, everyBytes: NEVER, keepEntries: 0, maxHeldBytes: NEVER },
  ...{ chunkBytes: 1 << 18, maxInflightChunks: 4, maxBytesPerSec: Number.POSITIVE_INFINITY },
};

export interface Snapshots {
  /** Durable here, as a whole. */
  latest: SnapshotHead | undefined;
  /** One is being taken. */
  taking: boolean;
  /** Somebody needs one that is at least as new as this index; 0 for nobody. */
  wanted: number;
  /** One that came out damaged elsewhere: the next one replaces it, though it be no newer. */
  distrusted: string | undefined;
  /** The machine itself has everything up to here on disk; Infinity when it keeps nothing. */
  machineDurable: number;
  /** On its way in. */
  incoming: Incoming | undefined;
  /** In place of the log and the machine, as soon as that write is durable. */
  installing: { readonly head: SnapshotHead; readonly write: number } | undefined;
  /** The machine is being put back to there; it is still read. */
  restoring: SnapshotHead | undefined;
  /** The machine is not what it should be, until it was restored from here on; 0: it is. */
  repairFrom: number;
}

/** A snapshot of which the first bytes are here. */
export interface Incoming {
  readonly head: SnapshotHead;
  /** Whose it is: the leader's term, and its stream. */
  term: number;
  stream: number;
  /** Bytes that the driver was given; undefined until it has said what it had before. */
  taken: number | undefined;
  /** Bytes of it that are stored. */
  stored: number;
  /** Chunks of it that are being stored: a count. */
  storing: number;
  /** The latest question of its sender. */
  ask: number;
  /** All are; it is being checked and made durable. */
  isWhole: boolean;
}

/** A snapshot on its way to one follower. */
export interface Sending {
  readonly head: SnapshotHead;
  /** Bytes that are stored there, as far as it has said. */
  stored: number;
  /** The next byte to send. */
  next: number;
  /** The latest question, and up to which they are answered: until all are, nothing is sent. */
  asked: number;
  answered: number;
  /** `stored` as it was at the last heartbeat that was answered. */
  storedBefore: number;
  /** Chunks on their way at a time, where fewer than allowed get there; Infinity while all do. */
  window: number;
}

/** As a restart finds them. The machine is put where the latest stands before anything else. */
export function createSnapshots(stored: {
  readonly snapshot: SnapshotHead | undefined;
  readonly applied: number;
  readonly repairFrom: number;
}): Snapshots {
  const { snapshot: latest } = stored;
  const isAhead = latest !== undefined && stored.applied < latest.index;
  return {
    ...{ latest, taking: false, wanted: 0, distrusted: undefined },
    machineDurable: Number.POSITIVE_INFINITY,
    ...{ incoming: undefined, restoring: undefined, repairFrom: stored.repairFrom },
    installing: isAhead ? { head: latest, write: 0 } : undefined,
  };
}
