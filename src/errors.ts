/**
 * Every error this library raises: one class, told apart by `code`.
 *
 * The **code says why**, the **outcome says what happened** to the command: `not-applied` is a
 * promise that it never will be, `unknown` means that it may have been or may yet be. `index` is
 * there once a log has accepted the entry. `retryable` says that the same call may succeed later;
 * with outcome `unknown` a retry can apply the command twice, except in a session: there `sequence`
 * names the command, and `Session.outcome` settles what became of it.
 *
 * | code                   | moment                                       | outcome     | retry |
 * | ---------------------- | -------------------------------------------- | ----------- | ----- |
 * | ERR_INVALID_OPTION     | an option or argument is refused; no effect  | not-applied | no    |
 * | ERR_COMMAND_ENCODING   | the codec refused the command                | not-applied | no    |
 * |                        | ... or the result, after it was applied      | unknown     | no    |
 * |                        | ... or it was applied, its result not kept   | unknown     | no    |
 * | ERR_COMMAND_TOO_LARGE  | the encoded command is over the limit        | not-applied | no    |
 * | ERR_QUEUE_FULL         | a queue, window or table is at its bound     | not-applied | yes   |
 * | ERR_NO_LEADER          | time ran out while no leader was known       | not-applied | yes   |
 * | ERR_NOT_LEADER         | only the leader can do this; see `leader`    | not-applied | yes   |
 * | ERR_MEMBERS_BUSY       | another change of members is under way       | not-applied | yes   |
 * | ERR_MEMBERS_CHANGED    | the membership is at another version         | not-applied | no    |
 * | ERR_IDENTITY_TAKEN     | the cluster knows this id by another store   | not-applied | no    |
 * | ERR_LEADERSHIP_LOST    | another entry was committed in its place     | not-applied | yes   |
 * |                        | ... or the leader it was sent to is gone     | unknown     | yes   |
 * | ERR_TIMEOUT            | time ran out before the entry was in a log   | not-applied | yes   |
 * |                        | ... or after: it may still be applied        | unknown     | yes   |
 * | ERR_ABORTED            | the caller's signal: stop waiting, not undo  | as above    | yes   |
 * | ERR_CLOSED             | the node was closed                          | as above    | no    |
 * | ERR_SESSION_EXPIRED    | the session is gone, and what it knew        | unknown     | no    |
 * | ERR_SEQUENCE_REFUSED   | its sequence is settled, or another command's | unknown     | no    |
 * |                        | ... or was closed by a fence                 | not-applied | no    |
 * | ERR_STATE_MACHINE      | the machine threw; the node stops            | unknown     | no    |
 * | ERR_DIVERGED           | a read: the machine here differs, see below  | not-applied | yes   |
 * |                        | ... or no majority is equal; all nodes stop  | unknown     | no    |
 * | ERR_VERSION_UNSUPPORTED | the log needs newer code here; the node stops | unknown     | no    |
 * | ERR_STORE_FAILED       | a write or read of the store failed; it stops | unknown     | no    |
 * | ERR_STORE_CORRUPT      | what the store holds contradicts itself      | –           | no    |
 * | ERR_STORE_FORMAT       | the store was written by a newer version     | –           | no    |
 * | ERR_STORE_LOCKED       | the store is open elsewhere                  | –           | yes   |
 * | ERR_WRONG_CLUSTER      | the store or peer belongs to another cluster | –           | no    |
 * | ERR_COMPACTED          | it is not in the log, or a snapshot, any more | –           | no    |
 * | ERR_COMMITTED_CONFLICT | a leader contradicts a committed entry; stops | unknown     | no    |
 * | ERR_INVARIANT          | a bug in this library; the node stops        | unknown     | no    |
 * | ERR_FRAME              | bytes from a peer do not decode; dropped     | –           | no    |
 * | ERR_TRANSPORT          | the transport could not be opened            | –           | yes   |
 *
 * ERR_DIVERGED of a read: this member is being repaired, and another one answers. A node whose
 * machine differs again and again stops with it.
 */
export type ErrorCode =
  | 'ERR_INVALID_OPTION'
  | 'ERR_COMMAND_ENCODING'
  | 'ERR_COMMAND_TOO_LARGE'
  | 'ERR_QUEUE_FULL'
  | 'ERR_NO_LEADER'
  | 'ERR_NOT_LEADER'
  | 'ERR_MEMBERS_BUSY'
  | 'ERR_MEMBERS_CHANGED'
  | 'ERR_IDENTITY_TAKEN'
  | 'ERR_LEADERSHIP_LOST'
  | 'ERR_TIMEOUT'
  | 'ERR_ABORTED'
  | 'ERR_CLOSED'
  | 'ERR_SESSION_EXPIRED'
  | 'ERR_SEQUENCE_REFUSED'
  | 'ERR_STATE_MACHINE'
  | 'ERR_DIVERGED'
  | 'ERR_VERSION_UNSUPPORTED'
  | 'ERR_STORE_FAILED'
  | 'ERR_STORE_CORRUPT'
  | 'ERR_STORE_FORMAT'
  | 'ERR_STORE_LOCKED'
  | 'ERR_WRONG_CLUSTER'
  | 'ERR_COMPACTED'
  | 'ERR_COMMITTED_CONFLICT'
  | 'ERR_INVARIANT'
  | 'ERR_FRAME'
  | 'ERR_TRANSPORT';

/** What is known of the command an error speaks of. */
export type Outcome = 'not-applied' | 'unknown';

export interface ErrorDetails {
  readonly outcome?: Outcome;
  readonly retryable?: boolean;
  /** Log index, once a log has accepted the entry. */
  readonly index?: number;
  /** Of a session's command: what `Session.outcome` takes. */
  readonly sequence?: number | undefined;
  /** The leader's member id, where that helps. */
  readonly leader?: string;
  readonly cause?: unknown;
}

export class CoxswainError extends Error {
  override readonly name = 'CoxswainError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly outcome: Outcome | undefined;
  readonly index: number | undefined;
  readonly sequence: number | undefined;
  readonly leader: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.outcome = details.outcome;
    this.index = details.index;
    this.sequence = details.sequence;
    this.leader = details.leader;
  }
}
