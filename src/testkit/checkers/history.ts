// What clients asked for and what they were told: the one form in which every checker reads a run.
// Also says which histories are no histories at all.
import { CoxswainError } from '../../errors.ts';

/**
 * What became of an operation, as far as its client knows.
 *
 * - `ok`: it happened between its call and its return, and `output` is the answer. A refusal that
 *   is an answer is `ok`: a compare-and-set that found another value is `ok` with output `false`.
 * - `failed`: it surely did not happen and never will. Checkers drop it.
 * - `unknown`: it may have happened at any time after its call, may yet happen, or never will:
 *   a timeout, a lost connection, a call still under way when the run ended.
 *
 * When in doubt it is `unknown`: a `failed` that did happen is reported as a violation.
 */
export type OperationOutcome = 'ok' | 'failed' | 'unknown';

/** One call of one client. `I` and `O` are the inputs and outputs of a `Model`. */
export interface Operation<I = unknown, O = unknown> {
  /** Who called. For the reader of a report; checkers compare times only. */
  readonly client: string | number;
  /** A name for reports. Checkers read `input`. */
  readonly op?: string;
  /** The object called, where the model's inputs do not name it: each key is checked by itself. */
  readonly key?: string;
  readonly input: I;
  /** The answer. Read only if `outcome` is `ok`. */
  readonly output?: O | undefined;
  /**
   * When it was called and when it returned, in any unit; only the order counts. Of a return and a
   * call at the same time neither came first. A counter of events therefore finds more than a
   * coarse clock. Always from one clock, never from the clocks of several machines.
   */
  readonly callAt: number;
  /** Required if `outcome` is `ok`, and not before `callAt`; otherwise not read. */
  readonly returnAt?: number | undefined;
  readonly outcome: OperationOutcome;
}

/** Operations in any order. */
export type History<I = unknown, O = unknown> = readonly Operation<I, O>[];

/** An operation whose return is known to be there. */
export type Returned<I, O> = Operation<I, O> & { readonly returnAt: number };

export function isReturned<I, O>(operation: Operation<I, O>): operation is Returned<I, O> {
  return operation.outcome === 'ok' && operation.returnAt !== undefined;
}

/** Throws ERR_INVALID_OPTION, naming the operation by its place, if one cannot be read. */
export function checkHistory(history: History): void {
  history.forEach((operation, place) => {
    const fault = findFault(operation);
    if (fault === undefined) return;
    throw new CoxswainError('ERR_INVALID_OPTION', `operation ${place} of the history: ${fault}`);
  });
}

function findFault({ callAt, returnAt, outcome }: Operation): string | undefined {
  if (outcome !== 'ok' && outcome !== 'failed' && outcome !== 'unknown') {
    return `no such outcome: ${String(outcome)}`;
  }
  if (!Number.isFinite(callAt)) return `callAt is ${callAt}`;
  if (outcome !== 'ok') return undefined;
  if (!Number.isFinite(returnAt)) return `it is ok, and returnAt is ${returnAt}`;
  return Number(returnAt) < callAt ? `it returned at ${returnAt}, called at ${callAt}` : undefined;
}
