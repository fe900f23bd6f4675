// A client whose commands are applied exactly once, whatever happens on the way.
import type { Proposed, WaitOptions } from './proposer.ts';

/**
 * A session numbers its commands; every member remembers which numbers were applied and what came
 * of them, so that a command can be sent again without harm. It lives in the log: it outlasts the
 * leader, but not the node that opened it, and it is gone when it was not used for
 * `sessions.idleMs` by the time stamps of the log, or closed.
 *
 * At most 1024 commands, counted from the oldest that is under way or of unknown fate, have room. A
 * further one makes some: the oldest are given up as long as their fate is unknown and nobody asks
 * for it. From then on they will never be applied, and `outcome` no longer tells whether they were.
 * While the oldest is under way or asked for, the further one is refused with ERR_QUEUE_FULL.
 */
export interface Session<C, R> {
  /** Index of the entry that opened it. */
  readonly id: number;

  /**
   * As `Proposer.propose`, and sent again by itself, over changes of leader and lost frames, until
   * its time is over; applied at most once all the same. Commands of calls that overlap are applied
   * in any order.
   *
   * Rejects as `propose` does, and with ERR_SESSION_EXPIRED. An error of outcome `unknown` has a
   * `sequence`, for `outcome`; with outcome `not-applied` the command never will be applied.
   */
  propose(command: C, options?: WaitOptions): Promise<Proposed<R>>;

  /**
   * Settles what became of a command whose outcome is unknown: it was applied by now, or never will
   * be. Once: then its result is forgotten.
   *
   * Rejects with ERR_INVALID_OPTION for a sequence that was never given out, is under way, or was
   * settled before; else as `propose` does, and then it may be asked again. Whatever it rejects
   * with has outcome `unknown`: that says nothing of the command.
   */
  outcome(sequence: number, options?: WaitOptions): Promise<SessionOutcome<R>>;

  /**
   * Ends the session once its calls are settled, so that its place is free at once. Later calls
   * reject with ERR_CLOSED. Rejects when that cannot be logged in time: it may be called again, or
   * the session expires.
   */
  close(options?: WaitOptions): Promise<void>;
}

/** `result` is not there when it could not be encoded, carried or decoded. */
export type SessionOutcome<R> =
  | { readonly applied: true; readonly index: number; readonly result?: R }
  | { readonly applied: false };
