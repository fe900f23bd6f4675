// Judges a history: is there, for each key, one order of its operations that its model allows and
// that keeps whatever returned before another was called in front of it? The search is elsewhere;
// here the history is divided, and a failing one is cut down to what shows the failure.
import { CoxswainError } from '../../errors.ts';
import { checkHistory, type History, type Operation } from './history.ts';
import type { Model } from './model.ts';
import { searchOrder } from './search.ts';
import { shorten } from './shorten.ts';

export interface LinearizableOptions {
  /**
   * How often the model may be asked for one key before the verdict is `undecided`. A count, not a
   * time, so that a verdict is the same on every machine. Default: 5,000,000, which takes some
   * seconds and up to about 1 GB where every step leads to a new place.
   */
  readonly maxSteps?: number;
}

/** `steps`: how often the model was asked in all. `key`: undefined where there are no keys. */
export type LinearizableReport<I, O> =
  | {
      readonly verdict: 'linearizable';
      /** For each key one order that explains it, without unknown operations it can do without. */
      readonly orders: ReadonlyMap<string | undefined, History<I, O>>;
      readonly steps: number;
    }
  | {
      readonly verdict: 'not-linearizable';
      /** The first key, in order of first call, that cannot be explained. */
      readonly key: string | undefined;
      /**
       * The operations on that key up to the first return that cannot be explained, by call. Those
       * under way at that moment are `unknown` and have neither output nor return: with these
       * alone the history fails, and without that return it would not. (Longer than need be where
       * a shorter one would have taken more than `maxSteps` to judge.)
       */
      readonly prefix: History<I, O>;
      /** The operation whose return it is. */
      readonly unexplained: Operation<I, O>;
      /** One order that explains `prefix` if `unexplained` had not returned yet. */
      readonly order: History<I, O>;
      readonly steps: number;
    }
  | {
      readonly verdict: 'undecided';
      /** The first key that took too many steps. No other key was found to fail. */
      readonly key: string | undefined;
      readonly steps: number;
    };

const DEFAULT_MAX_STEPS = 5_000_000;

/**
 * Whether `history` is linearizable (Herlihy and Wing, 1990) with respect to `model`.
 *
 * Time is about linear in the operations while few overlap; it can be exponential in those that do
 * and in those of unknown outcome. Written values that differ, some hundred operations and at
 * most some twenty unknown ones for each key keep it fast.
 *
 * Throws ERR_INVALID_OPTION for an operation without its times, or `maxSteps` not above 0.
 */
export function checkLinearizable<S, I, O>(
  history: History<I, O>,
  model: Model<S, I, O>,
  options: LinearizableOptions = {},
): LinearizableReport<I, O> {
  const { maxSteps = DEFAULT_MAX_STEPS } = options;
  if (!(maxSteps > 0)) {
    throw new CoxswainError('ERR_INVALID_OPTION', `maxSteps is ${maxSteps}, not above 0`);
  }
  checkHistory(history);
  const orders = new Map<string | undefined, History<I, O>>();
  let steps = 0;
  let undecided: { readonly key: string | undefined } | undefined;
  for (const [key, operations] of divide(history, model)) {
    const found = searchOrder(operations, model, maxSteps);
    steps += found.steps;
    if (found.end === 'found') orders.set(key, found.order);
    else if (found.end === 'gave-up') undecided ??= { key };
    else {
      const failure = shorten(operations, model, found.barrier, maxSteps);
      return { verdict: 'not-linearizable', key, ...failure, steps: steps + failure.steps };
    }
  }
  if (undecided !== undefined) return { verdict: 'undecided', key: undecided.key, steps };
  return { verdict: 'linearizable', orders, steps };
}

/** The operations on each key, by call, without those that did not happen. */
function divide<S, I, O>(
  history: History<I, O>,
  model: Model<S, I, O>,
): ReadonlyMap<string | undefined, Operation<I, O>[]> {
  const parts = new Map<string | undefined, Operation<I, O>[]>();
  const byCall = [...history].sort((one, other) => one.callAt - other.callAt);
  for (const operation of byCall) {
    if (operation.outcome === 'failed') continue;
    const key = model.key === undefined ? operation.key : model.key(operation.input);
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [operation]);
    else part.push(operation);
  }
  return parts;
}
