// What a node counts, from 0 when it is opened. Counters only rise.
import { CoxswainError } from '../../errors.ts';

/** How a caller asks to read. */
export type ReadKind = 'linearizable' | 'lease' | 'local' | 'maxStalenessMs' | 'atLeastIndex';

/**
 * What a read was answered by: an index that the leader named, a lease, news of the leader that was
 * fresh enough, the index that the caller named, or the machine as it was.
 */
export type ReadBasis = 'index' | 'lease' | 'fresh' | 'awaited' | 'local';

/** Counts, unless the name ends in `Bytes`: those of entries with what they take on the wire. */
export interface PlainCounters {
  /** Rounds of pre-votes that this member asked for. */
  readonly preVotesBegun: number;
  /** Terms in which this member stood, and how that ended for it. */
  readonly electionsBegun: number;
  readonly electionsWon: number;
  readonly electionsLost: number;
  /** Terms in which this member led and then did not any more. */
  readonly leadershipsLost: number;
  /** How often this member learned of a leader that is another, or leads in another term. */
  readonly leaderChanges: number;
  /** How often this member's term rose. */
  readonly termChanges: number;
  /** Entries that entered this member's log, its own as a leader or those of one. */
  readonly appendedEntries: number;
  readonly appendedBytes: number;
  /** Entries that this leader sent and others acknowledged, each follower counted. */
  readonly replicatedEntries: number;
  readonly replicatedBytes: number;
  /** Entries that this member learned to be committed. */
  readonly committedEntries: number;
  readonly committedBytes: number;
  /** Entries that the machine has settled. */
  readonly appliedEntries: number;
  readonly appliedBytes: number;
  /** The machine threw; the node stops at the first. */
  readonly applyFailures: number;
  /** Appends with entries that this leader sent, and those of entries that it had sent before. */
  readonly appendsSent: number;
  readonly appendsSentAgain: number;
  /** Appends that did not fit: of a leader here, and of this leader elsewhere. */
  readonly appendRejectsSent: number;
  readonly appendRejectsReceived: number;
  /**
   * Entries that callers at this member asked for, each attempt of a session counted, and those
   * that were answered. The rest waits, or is in `proposalsFailed`.
   */
  readonly proposalsBegun: number;
  readonly proposalsAnswered: number;
  /** Proposals sent on to a leader; those of others that reached this one; those not a repeat. */
  readonly forwardsSent: number;
  readonly forwardsReceived: number;
  readonly forwardsTaken: number;
  /** Frames handed to the transport, their bytes, and how many of them it dropped at once. */
  readonly sentFrames: number;
  readonly sentBytes: number;
  readonly refusedFrames: number;
  readonly receivedFrames: number;
  readonly receivedBytes: number;
  /** Writes of the log store that were begun, what was in them, and calls of it that failed. */
  readonly storeWrites: number;
  readonly storeWrittenEntries: number;
  readonly storeWrittenBytes: number;
  readonly storeFailures: number;
  /** Snapshots taken here; received from a leader; received and found damaged. */
  readonly snapshotsTaken: number;
  readonly snapshotsReceived: number;
  readonly snapshotsRefused: number;
  /** Times that the machine was put where a snapshot stands. */
  readonly restores: number;
  /** Of snapshots, in pieces: sent to followers, some of it twice, and stored here. */
  readonly snapshotSentBytes: number;
  readonly snapshotStoredBytes: number;
  /** Turns of the event loop. */
  readonly turns: number;
}

export type Counting = { -readonly [Name in keyof PlainCounters]: PlainCounters[Name] };

export function createCounting(): Counting {
  return {
    ...{ preVotesBegun: 0, electionsBegun: 0, electionsWon: 0, electionsLost: 0 },
    ...{ leadershipsLost: 0, leaderChanges: 0, termChanges: 0 },
    ...{ appendedEntries: 0, appendedBytes: 0, replicatedEntries: 0, replicatedBytes: 0 },
    ...{ committedEntries: 0, committedBytes: 0, appliedEntries: 0, appliedBytes: 0 },
    ...{ applyFailures: 0, appendsSent: 0, appendsSentAgain: 0 },
    ...{ appendRejectsSent: 0, appendRejectsReceived: 0 },
    ...{ proposalsBegun: 0, proposalsAnswered: 0 },
    ...{ forwardsSent: 0, forwardsReceived: 0, forwardsTaken: 0 },
    ...{ sentFrames: 0, sentBytes: 0, refusedFrames: 0, receivedFrames: 0, receivedBytes: 0 },
    ...{ storeWrites: 0, storeWrittenEntries: 0, storeWrittenBytes: 0, storeFailures: 0 },
    ...{ snapshotsTaken: 0, snapshotsReceived: 0, snapshotsRefused: 0, restores: 0 },
    ...{ snapshotSentBytes: 0, snapshotStoredBytes: 0 },
    turns: 0,
  };
}

/** A code may come from another member: beyond so many they are one. */
const MAX_CODES = 64;

/** Failures by the code of their error; `other` for what is none of ours. */
export class FailureCounts {
  readonly #counts = new Map<string, number>();

  add(error: unknown): void {
    const code = error instanceof CoxswainError ? error.code : 'other';
    const name = this.#counts.has(code) || this.#counts.size < MAX_CODES ? code : 'other';
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
