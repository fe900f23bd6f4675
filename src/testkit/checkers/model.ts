// What a checker has to know of the object under test: how it behaves for one client at a time.

/** What `Model.step` returns if the answer cannot be given in that state. */
export const REFUSED: unique symbol = Symbol('refused');

/** An answer a client was given. Its `output` may well be undefined. */
export interface Answer<O> {
  readonly output: O | undefined;
}

/** A text or number that stands for a state. */
export type StateKey = string | number | bigint | boolean | null | undefined;

/**
 * The sequential specification of an object. `S`: its states, `I`: what clients ask, `O`: answers.
 *
 * Every method must be pure: it changes no argument, and says the same each time it is asked.
 */
export interface Model<S, I, O> {
  /** The state before the first operation (of each key). */
  initial(): S;

  /**
   * The state after `input` in `state`.
   *
   * **Must**
   * - return REFUSED if `input` in `state` cannot have the answer given;
   * - return the state after it for `answer` undefined: nobody knows the answer, so any will do;
   *   `state` itself if the operation changes nothing there;
   * - return a new state, never a changed `state`: the checker goes back to earlier ones.
   */
  step(state: S, input: I, answer: Answer<O> | undefined): S | typeof REFUSED;

  /**
   * Two states **must** have the same key if, and only if, they cannot be told apart. Different
   * keys for equal states cost time; equal keys for different states make verdicts wrong. It is
   * asked for once a step, so a long state makes a slow check.
   */
  hash(state: S): StateKey;

  /**
   * Whether an operation with this answer leaves every state in which it can be given as it is: a
   * read, a compare-and-set that answered false. Such an operation is put where it first fits and
   * never moved, which makes checks with many clients much faster. Wrongly true makes verdicts
   * wrong; without it, everything is tried everywhere.
   */
  isRead?(input: I, answer: Answer<O>): boolean;

  /**
   * The object an input is about, if inputs say so: operations on different keys do not affect one
   * another. Each key is then checked by itself from `initial()`, and `S` is the state of one key
   * (P-compositionality: Horn and Kroening, "Faster linearizability checking via
   * P-compositionality", 2015). Without it, `Operation.key` is used.
   */
  key?(input: I): string;
}
