// The definition, taken literally: tries every order of every choice of operations, though no rest
// twice from the same state. For a handful of operations, or some dozens that hardly overlap.
import type { Operation } from '../../../../src/testkit/checkers/index.ts';
import type { TrueObject } from './objects.ts';

export function isLinearizableByBruteForce<S, I, O>(
  history: readonly Operation<I, O>[],
  object: TrueObject<S, I, O>,
): boolean {
  const rest = history.filter(({ outcome }) => outcome !== 'failed');
  return isExplained(rest, object, object.initial, {
    names: new Map(rest.map((operation, place) => [operation, place])),
    failed: new Set(),
  });
}

/** Whether `order` can be seen: right answers, and nothing before what returned ahead of it. */
export function isSound<S, I, O>(
  order: readonly Operation<I, O>[],
  object: TrueObject<S, I, O>,
): boolean {
  let state = object.initial;
  return order.every((operation, place) => {
    const [next, output] = object.apply(state, operation.input);
    state = next;
    const later = order.slice(place + 1);
    return isAnswer(operation, output) && !later.some((each) => precedes(each, operation));
  });
}

interface Tried {
  readonly names: ReadonlyMap<Operation, number>;
  readonly failed: Set<string>;
}

function isExplained<S, I, O>(
  rest: readonly Operation<I, O>[],
  object: TrueObject<S, I, O>,
  state: S,
  tried: Tried,
): boolean {
  if (rest.every(({ outcome }) => outcome === 'unknown')) return true;
  const name = JSON.stringify([rest.map((each) => tried.names.get(each)), state]);
  if (tried.failed.has(name)) return false;
  tried.failed.add(name);
  return rest.some((operation) => {
    const others = rest.filter((each) => each !== operation);
    if (others.some((each) => precedes(each, operation))) return false;
    const [next, output] = object.apply(state, operation.input);
    return isAnswer(operation, output) && isExplained(others, object, next, tried);
  });
}

function precedes(one: Operation, other: Operation): boolean {
  return one.outcome === 'ok' && (one.returnAt ?? Number.POSITIVE_INFINITY) < other.callAt;
}

/** Writes answer nothing: null from a true object is no answer to compare, but to a question. */
function isAnswer<I, O>({ input, output, outcome }: Operation<I, O>, actual: O): boolean {
  if (outcome === 'unknown' || !isQuestion(input)) return true;
  return (output ?? null) === actual;
}

const SILENT: readonly unknown[] = ['write', 'put', 'delete', 'enqueue'];

function isQuestion(input: unknown): boolean {
  return !(typeof input === 'object' && input && 'type' in input && SILENT.includes(input.type));
}
