// Everything members say to each other. One type a message; every message carries its sender's term
// (§5.1). Entries travel beside an append: the core names them by index, and never holds bytes.
import type { Configuration } from './membership.ts';
import type { SnapshotHead } from './snapshot.ts';

/** What the core must know of an entry: `size` is the length of its body, in bytes. */
export interface EntryHead {
  readonly term: number;
  readonly timeMs: number;
  readonly size: number;
  /** What a `members` entry says. */
  readonly config?: Configuration | undefined;
}

/** Would you vote for me in `campaign`? Nobody's term changes by asking (§9.6). */
export interface PreVoteRequest {
  readonly type: 'pre-vote-request';
  readonly term: number;
  /** The term the sender would campaign in: its own plus one. */
  readonly campaign: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** The sender's wall clock; 0 when it does not know it. */
  readonly wallMs: number;
}

/** The answer. A refusal still teaches a higher `term`: without that, members deadlock. */
export interface PreVoteReply {
  readonly type: 'pre-vote-reply';
  readonly term: number;
  readonly campaign: number;
  readonly granted: boolean;
}

/** A candidate asks for a vote in its term (§5.2). */
export interface VoteRequest {
  readonly type: 'vote-request';
  readonly term: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** The leader asked for this election: who follows it need not wait for its silence (§3.10). */
  readonly forced: boolean;
  /** The sender's wall clock; 0 when it does not know it. */
  readonly wallMs: number;
}

export interface VoteReply {
  readonly type: 'vote-reply';
  readonly term: number;
  readonly granted: boolean;
}

/** Entries [from, until) to place after `prevIndex` (§5.3); with from = until a bare probe. */
export interface Append {
  readonly type: 'append';
  readonly term: number;
  /** Number of the leader's stream to this follower: answers to an earlier stream do not count. */
  readonly stream: number;
  readonly prevIndex: number;
  readonly prevTerm: number;
  readonly from: number;
  readonly until: number;
  readonly commit: number;
}

/** Every entry up to `match` is durable here and equal to the leader's. */
export interface AppendAck {
  readonly type: 'append-ack';
  readonly term: number;
  readonly stream: number;
  readonly match: number;
}

/** No entry (prevIndex, prevTerm) here; the hint lets the leader skip whole terms (§5.3, end). */
export interface AppendReject {
  readonly type: 'append-reject';
  readonly term: number;
  readonly stream: number;
  readonly prevIndex: number;
  readonly hintIndex: number;
  readonly hintTerm: number;
}

/** The leader lives. `commit` is capped at what this follower has acknowledged. */
export interface Heartbeat {
  readonly type: 'heartbeat';
  readonly term: number;
  readonly stream: number;
  readonly round: number;
  readonly commit: number;
  /** Highest index sent on this stream before the heartbeat before this one; 0 for none. */
  readonly sent: number;
}

/** `received < sent` tells of a lost append, `match` replaces a lost acknowledgement. */
export interface HeartbeatAck {
  readonly type: 'heartbeat-ack';
  readonly term: number;
  readonly stream: number;
  readonly round: number;
  readonly sent: number;
  /** Highest index found equal to this leader's log, durable or not. */
  readonly received: number;
  readonly match: number;
  /** For that long after it has heard a leader the sender votes for nobody else. */
  readonly patienceMs: number;
  /** The sender's wall clock; 0 when it does not know it. */
  readonly wallMs: number;
}

/** Entries up to `commit` are committed: sent when no append is there to carry the news. */
export interface CommitNotice {
  readonly type: 'commit-notice';
  readonly term: number;
  readonly commit: number;
}

/**
 * Bytes [from, until) of a snapshot, which stand beside it; or the question how much of it is
 * there, with none.
 */
export interface SnapshotChunk {
  readonly type: 'snapshot-chunk';
  readonly term: number;
  readonly stream: number;
  readonly head: SnapshotHead;
  /** The number of the question, from 1; 0 for bytes. */
  readonly ask: number;
  readonly from: number;
  readonly until: number;
}

/**
 * So many bytes are stored, from the beginning, and `next` is the one that is waited for. Once all
 * is installed an `append-ack` says so.
 */
export interface SnapshotAck {
  readonly type: 'snapshot-ack';
  readonly term: number;
  readonly stream: number;
  readonly stored: number;
  readonly next: number;
  /** The number of the question that it answers; 0 when it was not asked. */
  readonly answers: number;
  /** All of it was there, and damaged. */
  readonly refused: boolean;
}

/** The sender's machine is not what it should be: it needs a snapshot that is at least so new. */
export interface SnapshotRequest {
  readonly type: 'snapshot-request';
  readonly term: number;
  readonly index: number;
}

/** The leader hands over: stand for election at once (thesis §3.10). */
export interface TimeoutNow {
  readonly type: 'timeout-now';
  readonly term: number;
  /** The leader's latest heartbeat round: once a later one is heard, this has been called off. */
  readonly round: number;
}

/** How far must a machine have come to answer the reads that wait at the sender (thesis §6.4)? */
export interface ReadRequest {
  readonly type: 'read-request';
  readonly term: number;
  /** How often the sender's store was opened: numbers of reads begin anew each time. */
  readonly boot: number;
  /** The highest number of a read that waits. */
  readonly upTo: number;
  /** By the sender's monotonic clock: when it asked. */
  readonly atMs: number;
}

/** Everything that was committed when `upTo` was asked for is at or below `index`. */
export interface ReadReply {
  readonly type: 'read-reply';
  readonly term: number;
  /** Of the request: the store, boot, number and time. */
  readonly incarnation: number;
  readonly boot: number;
  readonly upTo: number;
  readonly atMs: number;
  readonly index: number;
}

/** A first member of a new cluster shows itself. */
export interface Greeting {
  readonly type: 'greeting';
  readonly term: number;
}

/** Whether the sender has it on disk that the receiver runs on the store `incarnation`. */
export interface GreetingReply {
  readonly type: 'greeting-reply';
  readonly term: number;
  readonly incarnation: number;
  readonly known: boolean;
}

/** The answer to a leader of a past term. */
export interface StaleTerm {
  readonly type: 'stale-term';
  readonly term: number;
}

export type Message =
  | PreVoteRequest
  | PreVoteReply
  | VoteRequest
  | VoteReply
  | Append
  | AppendAck
  | AppendReject
  | Heartbeat
  | HeartbeatAck
  | CommitNotice
  | SnapshotChunk
  | SnapshotAck
  | SnapshotRequest
  | TimeoutNow
  | ReadRequest
  | ReadReply
  | Greeting
  | GreetingReply
  | StaleTerm;
