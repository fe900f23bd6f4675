import { describe, expect, it } from 'vitest';
import { createPrng, nextInteger } from '../../../../src/lib/prng.ts';
import {
  checkLinearizable,
  type Model,
  models,
  type Operation,
} from '../../../../src/testkit/checkers/index.ts';
import { isLinearizableByBruteForce, isSound } from './brute-force.ts';
import { type TrueObject, trueKv, trueLock, trueQueue, trueRegister } from './objects.ts';
import { makeRun } from './runs.ts';

const SEEDS = 4000;

interface Subject<S, T, I, O> {
  readonly model: Model<S, I, O>;
  readonly object: TrueObject<T, I, O>;
}

function drawHistory<T, I, O>(object: TrueObject<T, I, O>, seed: number): Operation<I, O>[] {
  const prng = createPrng(seed);
  return makeRun(object, prng, {
    operations: nextInteger(prng, 2, 7),
    clients: nextInteger(prng, 1, 6),
    unknown: seed % 2 === 0 ? 0.15 : 0.4,
    failed: 0.1,
    spoiled: seed % 3 === 0 ? 0 : 0.7,
  });
}

/** How many of the histories were explained; they are all judged as brute force judges them. */
function compare<S, T, I, O>({ model, object }: Subject<S, T, I, O>): number {
  let explained = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const history = drawHistory(object, seed);
    const report = checkLinearizable(history, model);
    const expected = isLinearizableByBruteForce(history, object);
    const verdict = expected ? 'linearizable' : 'not-linearizable';
    expect({ seed, verdict: report.verdict }).toEqual({ seed, verdict });
    if (expected) explained++;
    if (report.verdict === 'linearizable') checkOrders(report.orders, history, object, seed);
    if (report.verdict === 'not-linearizable') checkPrefix(report, object, seed);
  }
  return explained;
}

function checkOrders<T, I, O>(
  orders: ReadonlyMap<string | undefined, readonly Operation<I, O>[]>,
  history: readonly Operation<I, O>[],
  object: TrueObject<T, I, O>,
  seed: number,
): void {
  const all = [...orders.values()];
  expect({ seed, sound: all.every((order) => isSound(order, object)) }).toEqual({
    seed,
    sound: true,
  });
  const placed = new Set(all.flat());
  const left = history.filter(({ outcome }) => outcome === 'ok').filter((op) => !placed.has(op));
  expect({ seed, left }).toEqual({ seed, left: [] });
}

/** The prefix fails, and would not but for its last return. */
function checkPrefix<T, I, O>(
  { prefix, unexplained, order }: Failing<I, O>,
  object: TrueObject<T, I, O>,
  seed: number,
): void {
  const before = prefix.map(
    (each): Operation<I, O> => (each === unexplained ? { ...each, outcome: 'unknown' } : each),
  );
  const returns = prefix.filter(({ outcome }) => outcome === 'ok').map(({ returnAt }) => returnAt);
  expect({
    seed,
    fails: !isLinearizableByBruteForce(prefix, object),
    held: isLinearizableByBruteForce(before, object),
    last: Math.max(...returns.map(Number)),
    sound: isSound(order, object),
  }).toEqual({ seed, fails: true, held: true, last: unexplained.returnAt, sound: true });
}

interface Failing<I, O> {
  readonly prefix: readonly Operation<I, O>[];
  readonly unexplained: Operation<I, O>;
  readonly order: readonly Operation<I, O>[];
}

const LONG_SEEDS = 100;

/** How many were explained. Without `isRead` the verdict has to be the same. */
function compareLong<S, T, I, O>({ model, object }: Subject<S, T, I, O>): number {
  const { isRead: _, ...plain } = model;
  let explained = 0;
  for (let seed = 0; seed < LONG_SEEDS; seed++) {
    const spoiled = seed % 2 === 0 ? 0 : 0.04;
    const options = { operations: 50, clients: 3, unknown: 0.04, failed: 0.05, spoiled };
    const history = makeRun(object, createPrng(seed), options);
    const expected = isLinearizableByBruteForce(history, object);
    const verdict = expected ? 'linearizable' : 'not-linearizable';
    if (expected) explained++;
    for (const each of [model, plain]) {
      expect({ seed, verdict: checkLinearizable(history, each).verdict }).toEqual({
        seed,
        verdict,
      });
    }
  }
  return explained;
}

describe(`on ${LONG_SEEDS} histories of 50 operations the checker agrees with brute force`, () => {
  it.each([
    [
      'a register',
      () => compareLong({ model: models.register({ initial: 0 }), object: trueRegister }),
    ],
    ['keys', () => compareLong({ model: models.kv(), object: trueKv })],
    ['a lock', () => compareLong({ model: models.lock(), object: trueLock })],
    ['a queue', () => compareLong({ model: models.queue(), object: trueQueue })],
  ] as const)('of %s', (_name, run) => {
    const explained = run();
    expect(explained).toBeGreaterThanOrEqual(LONG_SEEDS / 2);
    expect(explained).toBeLessThan(LONG_SEEDS - 10);
  });
});

describe(`on ${SEEDS} small histories the checker agrees with brute force`, () => {
  it.each([
    ['a register', () => compare({ model: models.register({ initial: 0 }), object: trueRegister })],
    ['keys', () => compare({ model: models.kv(), object: trueKv })],
    ['a lock', () => compare({ model: models.lock(), object: trueLock })],
    ['a queue', () => compare({ model: models.queue(), object: trueQueue })],
  ] as const)('of %s, whether explained or not', (_name, run) => {
    const explained = run();
    expect(explained).toBeGreaterThan(SEEDS / 5);
    expect(explained).toBeLessThan(SEEDS - SEEDS / 8);
  });
});
