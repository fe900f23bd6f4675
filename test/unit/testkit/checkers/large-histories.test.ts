// No times: what is held here is that the steps stay in proportion to the operations.
import { describe, expect, it } from 'vitest';
import { createPrng, nextInteger } from '../../../../src/lib/prng.ts';
import {
  checkLinearizable,
  models,
  type Operation,
} from '../../../../src/testkit/checkers/index.ts';
import { trueRegister } from './objects.ts';
import { makeRun, type RunOptions } from './runs.ts';

/** A register whose written values all differ. */
function makeRegisterRun(seed: number, options: Partial<RunOptions>) {
  let serial = 0;
  const drawInput: typeof trueRegister.drawInput = (prng) => {
    const value = ++serial;
    const type = nextInteger(prng, 0, 3);
    if (type === 0) return { type: 'write', value };
    return type === 1 ? { type: 'read' } : { type: 'cas', from: value - 2, to: value };
  };
  return makeRun({ ...trueRegister, drawInput }, createPrng(seed), {
    operations: 200,
    clients: 5,
    unknown: 0,
    failed: 0.02,
    spoiled: 0,
    ...options,
  });
}

type RegisterOperation = ReturnType<typeof makeRegisterRun>[number];

const register = models.register({ initial: 0 });

describe('a large history', () => {
  const keys = Array.from({ length: 500 }, (_, seed) =>
    makeRegisterRun(seed, { unknown: 0.01 }).map((each) => ({ ...each, key: `key ${seed}` })),
  );

  it('of 100,000 operations on 500 keys takes a few steps for each', () => {
    const history = keys.flat();
    expect(history).toHaveLength(100_000);
    const report = checkLinearizable(history, register);
    expect(report.verdict).toBe('linearizable');
    expect(report.steps).toBeLessThan(20 * history.length);
  });

  it('with one stale read is not linearizable, and the key is named', () => {
    const late = 1e9;
    const stale: Operation<RegisterOperation['input'], RegisterOperation['output']> = {
      client: 0,
      key: 'key 321',
      input: { type: 'read' },
      output: -1,
      callAt: late,
      returnAt: late + 1,
      outcome: 'ok',
    };
    expect(checkLinearizable([...keys.flat(), stale], register)).toMatchObject({
      verdict: 'not-linearizable',
      key: 'key 321',
      unexplained: stale,
    });
  });

  it('of 5,000 operations on one key, one in a hundred unknown, is decided', () => {
    const history = makeRegisterRun(1, { operations: 5000, unknown: 0.01 });
    const report = checkLinearizable(history, register);
    expect(report.verdict).toBe('linearizable');
  });
});
