import { describe, expect, it } from 'vitest';
import {
  checkLinearizable,
  type KvInput,
  type Model,
  models,
  type Operation,
  REFUSED,
  type RegisterInput,
} from '../../../../src/testkit/checkers/index.ts';

/** `ok(1, 2, input, output)`: called at 1, returned at 2. */
function ok<I, O>(callAt: number, returnAt: number, input: I, output?: O): Operation<I, O> {
  return { client: callAt, input, output, callAt, returnAt, outcome: 'ok' };
}

function unknown<I>(callAt: number, input: I): Operation<I, never> {
  return { client: callAt, input, callAt, outcome: 'unknown' };
}

const read: RegisterInput = { type: 'read' };
const write = (value: number): RegisterInput => ({ type: 'write', value });
const cas = (from: number, to: number): RegisterInput => ({ type: 'cas', from, to });
const get = (key: string): KvInput => ({ type: 'get', key });
const put = (key: string, value: number): KvInput => ({ type: 'put', key, value });

function verdictOf<S, I, O>(history: readonly Operation<I, O>[], model: Model<S, I, O>): string {
  return checkLinearizable(history, model).verdict;
}

describe('a planted violation is found:', () => {
  it('a stale read', () => {
    const stale = ok(7, 8, read, 1);
    const history = [
      ok(1, 2, write(1)),
      ok(3, 4, write(2)),
      ok(5, 6, read, 2),
      stale,
      ok(9, 10, read, 2),
    ];
    const report = checkLinearizable(history, models.register());
    expect(report).toMatchObject({
      verdict: 'not-linearizable',
      key: undefined,
      unexplained: stale,
      prefix: history.slice(0, 4),
    });
  });

  it('a lost write', () => {
    const history = [ok(1, 2, put('a', 1)), ok(3, 4, put('b', 1)), ok(5, 6, get('b'), null)];
    expect(checkLinearizable(history, models.kv())).toMatchObject({
      verdict: 'not-linearizable',
      key: 'b',
      unexplained: history[2],
      order: [history[1]],
    });
  });

  it('an item dequeued twice', () => {
    const history = [
      ok(1, 2, { type: 'enqueue', value: 'x' } as const),
      ok(3, 6, { type: 'dequeue' } as const, 'x'),
      ok(4, 5, { type: 'dequeue' } as const, 'x'),
    ];
    expect(verdictOf(history.slice(0, 2), models.queue())).toBe('linearizable');
    expect(verdictOf(history, models.queue())).toBe('not-linearizable');
  });

  it('items dequeued in another order', () => {
    const history = [
      ok(1, 2, { type: 'enqueue', value: 1 } as const),
      ok(3, 4, { type: 'enqueue', value: 2 } as const),
      ok(5, 6, { type: 'dequeue' } as const, 2),
    ];
    expect(verdictOf(history, models.queue())).toBe('not-linearizable');
  });

  it('two holders of one lock', () => {
    const acquire = (owner: string) => ({ type: 'acquire', owner }) as const;
    const history = [ok(1, 4, acquire('a'), true), ok(2, 3, acquire('b'), true)];
    expect(verdictOf(history, models.lock())).toBe('not-linearizable');
    const named = history.map((each, place) => ({ ...each, key: `lock ${place}` }));
    expect(verdictOf(named, models.lock())).toBe('linearizable');
  });

  it('a compare-and-set that two clients won', () => {
    const history = [ok(1, 2, write(0)), ok(3, 6, cas(0, 1), true), ok(4, 5, cas(0, 2), true)];
    expect(verdictOf(history, models.register())).toBe('not-linearizable');
  });
});

describe('an operation', () => {
  const register = models.register({ initial: 0 });

  it('that is unknown may happen late, early or never', () => {
    const lost = unknown(1, write(1));
    expect(verdictOf([lost, ok(2, 3, read, 0)], register)).toBe('linearizable');
    expect(verdictOf([lost, ok(2, 3, read, 0), ok(4, 5, read, 1)], register)).toBe('linearizable');
    const twice = [lost, ok(2, 3, read, 1), ok(4, 5, write(2)), ok(6, 7, read, 1)];
    expect(verdictOf(twice, register)).toBe('not-linearizable');
    expect(verdictOf([ok(1, 2, read, 1), unknown(3, write(1))], register)).toBe('not-linearizable');
  });

  it('that is unknown is kept for later where another will do', () => {
    const history = [
      unknown(1, cas(0, 1)),
      unknown(1, write(2)),
      ok(2, 3, read, 2),
      ok(4, 5, write(0)),
      ok(6, 7, read, 1),
    ];
    expect(verdictOf(history, register)).toBe('linearizable');
  });

  it('that is unknown has no return, though it says so', () => {
    const timedOut = { ...unknown(1, write(1)), returnAt: 2, output: false };
    const history = [timedOut, ok(3, 4, read, 0), ok(5, 6, read, 1)];
    expect(verdictOf(history, register)).toBe('linearizable');
  });

  it('that failed did not happen', () => {
    const failed: Operation<RegisterInput> = { ...unknown(1, write(1)), outcome: 'failed' };
    const history = [failed, ok(2, 3, read, 1)] as Operation<RegisterInput, number>[];
    expect(verdictOf(history, register)).toBe('not-linearizable');
  });

  it('and another called when it returned overlap', () => {
    expect(verdictOf([ok(1, 2, write(1)), ok(2, 3, read, 0)], register)).toBe('linearizable');
    expect(verdictOf([ok(1, 2, write(1)), ok(3, 4, read, 0)], register)).toBe('not-linearizable');
  });

  it('may be anywhere in the history', () => {
    expect(verdictOf([ok(3, 4, read, 1), ok(1, 2, write(1))], register)).toBe('linearizable');
  });

  it.each([
    [{ callAt: Number.NaN }, 'operation 1 of the history: callAt is NaN'],
    [{ returnAt: undefined }, 'operation 1 of the history: it is ok, and returnAt is undefined'],
    [{ returnAt: 4 }, 'operation 1 of the history: it returned at 4, called at 5'],
    [{ outcome: 'fine' as 'ok' }, 'operation 1 of the history: no such outcome: fine'],
  ])('with %o is refused', (change, message) => {
    const history = [ok(1, 2, read, 0), { ...ok(5, 6, read, 0), ...change }];
    expect(() => checkLinearizable(history, register)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message }),
    );
  });
});

describe('a verdict', () => {
  it('of nothing at all is that it is linearizable', () => {
    expect(checkLinearizable([], models.kv())).toEqual({
      verdict: 'linearizable',
      orders: new Map(),
      steps: 0,
    });
  });

  it('shows an order, without unknown operations it can do without', () => {
    const history = [ok(1, 4, write(1)), unknown(1, write(3)), ok(2, 3, read, null)];
    const report = checkLinearizable(history, models.register());
    expect(report).toMatchObject({ orders: new Map([[undefined, [history[2], history[0]]]]) });
  });

  it('shows what was under way at the failure as unknown', () => {
    const slow = ok(1, 20, write(9));
    const history = [slow, ok(2, 3, write(1)), ok(4, 5, read, 2), ok(6, 7, read, 1)];
    expect(checkLinearizable(history, models.register())).toMatchObject({
      prefix: [unknown(1, write(9)), history[1], history[2]],
    });
  });

  it('is undecided after too many steps, unless another key fails', () => {
    const crowd = Array.from({ length: 12 }, (_, n) => ok(n, 99, put('a', n)));
    const history = [...crowd, ok(100, 101, get('a'), 77)];
    expect(checkLinearizable(history, models.kv(), { maxSteps: 500 })).toEqual({
      verdict: 'undecided',
      key: 'a',
      steps: 500,
    });
    const other = [ok(102, 103, put('b', 1)), ok(104, 105, get('b'), 2)];
    expect(checkLinearizable([...history, ...other], models.kv(), { maxSteps: 500 })).toMatchObject(
      { verdict: 'not-linearizable', key: 'b' },
    );
    expect(checkLinearizable(history, models.kv()).verdict).toBe('not-linearizable');
  });

  it.each([0, -1, Number.NaN])('needs steps: maxSteps %d is refused', (maxSteps) => {
    expect(() => checkLinearizable([], models.kv(), { maxSteps })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
    );
  });

  it("of a host's own model stands on what that model refuses", () => {
    const counter: Model<number, 'add', number> = {
      initial: () => 0,
      step: (state, _input, answer) =>
        answer === undefined || answer.output === state + 1 ? state + 1 : REFUSED,
      hash: (state) => state,
    };
    expect(verdictOf([ok(1, 4, 'add', 2), ok(2, 3, 'add', 1)], counter)).toBe('linearizable');
    expect(verdictOf([ok(1, 2, 'add', 2), ok(3, 4, 'add', 1)], counter)).toBe('not-linearizable');
  });
});
