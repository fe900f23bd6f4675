// Cuts a history that fails down to the first return that cannot be explained. Whatever starts a
// history that can be explained can be explained too, so the place is found by halving.
import { assert } from '../../lib/assert.ts';
import { type History, isReturned, type Operation, type Returned } from './history.ts';
import type { Model } from './model.ts';
import { searchOrder } from './search.ts';

export interface Failure<I, O> {
  readonly prefix: History<I, O>;
  readonly unexplained: Operation<I, O>;
  readonly order: History<I, O>;
  readonly steps: number;
}

/**
 * `operations`: by call, on one key, shown to fail; `barrier`: the first operation whose return the
 * search never got past. What it did get past fails in no prefix: an order that knows the
 * answers still to come is also one that does not.
 */
export function shorten<S, I, O>(
  operations: History<I, O>,
  model: Model<S, I, O>,
  barrier: Returned<I, O> | undefined,
  maxSteps: number,
): Failure<I, O> {
  const returns = operations.filter(isReturned).sort((a, b) => a.returnAt - b.returnAt);
  assert(barrier !== undefined, 'what fails, fails at a return');
  let low = returns.indexOf(barrier);
  let high = returns.length - 1;
  let steps = 0;
  for (let probe = low; low < high; probe = Math.floor((low + high) / 2)) {
    const searched = searchOrder(cut(operations, returns.slice(0, probe + 1)), model, maxSteps);
    steps += searched.steps;
    if (searched.end === 'refuted') high = probe;
    else low = probe + 1;
  }
  const unexplained = returns[high];
  assert(unexplained !== undefined, 'the return that fails is one of those there are');
  const prefix = cut(operations, returns.slice(0, high + 1));
  const others = prefix.map((each) => (each === unexplained ? withoutReturn(each) : each));
  const { order, steps: last } = searchOrder(others, model, maxSteps);
  return { prefix, unexplained, order, steps: steps + last };
}

/** What is known once all of `returns`, by return, are there and no other is. */
function cut<I, O>(operations: History<I, O>, returns: readonly Returned<I, O>[]): History<I, O> {
  const end = returns.at(-1)?.returnAt ?? Number.NEGATIVE_INFINITY;
  const returned = new Set<Operation<I, O>>(returns);
  return operations
    .filter(({ callAt }) => callAt <= end)
    .map((each) => (isReturned(each) && !returned.has(each) ? withoutReturn(each) : each));
}

function withoutReturn<I, O>(operation: Operation<I, O>): Operation<I, O> {
  const { output: _output, returnAt: _returnAt, ...rest } = operation;
  return { ...rest, outcome: 'unknown' };
}
