import { describe, expect, it } from 'vitest';
import type { ApplyContext, LogEntry } from '../../../src/contracts/index.ts';
import type { CoxswainError } from '../../../src/errors.ts';
import { Applier } from '../../../src/runtime/applier.ts';
import { LogWindow } from '../../../src/runtime/log-window.ts';
import { OwnEntry } from '../../../src/runtime/wire/index.ts';
import { Deferred, DeferredStore, macrotask } from './deferred.ts';

const text = new TextDecoder();

class Bench {
  readonly store = new DeferredStore();
  readonly window = new LogWindow(1, 1 << 20);
  readonly settled: string[] = [];
  readonly advanced: number[] = [];
  readonly failed: CoxswainError[] = [];
  readonly contexts: ApplyContext[] = [];
  /** What `apply` and `query` do; the name of the command or query is their result. */
  apply: (command: string) => string | PromiseLike<string> = (command) => command.toUpperCase();
  answer: (query: string) => string | PromiseLike<string> = (query) => query;
  soon: (() => void)[] = [];
  readonly applier: Applier<string, string, string, string>;

  constructor({ applied = 0, maxApplyBatch = 100 } = {}) {
    const never = () => {
      throw new Error('not asked for in this test');
    };
    this.applier = new Applier(
      {
        machine: {
          apply: (command, context) => {
            this.contexts.push(context);
            return this.apply(command);
          },
          query: (query) => this.answer(query),
          snapshot: never,
          restore: never,
        },
        codec: { encode: never, decode: (bytes) => text.decode(bytes) },
        ...{
          window: this.window,
          store: this.store,
          maxApplyBatch,
          maxReadBytes: 1000,
          maxQueries: 100,
        },
        clock: {
          ...{ now: never, wallMs: never, after: never },
          soon: (callback) => void this.soon.push(callback),
        },
        settled: ({ index }, result) => void this.settled.push(`${index}=${String(result)}`),
        advanced: (index) => void this.advanced.push(index),
        failed: (error) => void this.failed.push(error),
      },
      applied,
    );
  }

  /** One command a letter, behind what is there. */
  append(letters: string): void {
    for (const letter of letters) {
      const index = this.window.first + this.#count++;
      this.window.append(entryOf(index, letter));
    }
  }

  #count = 0;

  runSoon(): void {
    const due = this.soon;
    this.soon = [];
    for (const callback of due) callback();
  }
}

function entryOf(index: number, letter: string): LogEntry & { size: number } {
  const kind = letter === '.' ? 'noop' : 'command';
  return new OwnEntry(index, { term: 3, timeMs: 100 + index, kind }, Buffer.from(letter));
}

describe('the applier', () => {
  it('applies what is committed, in order, and tells each result', () => {
    const bench = new Bench();
    bench.append('ab.c');
    bench.applier.advance(3);
    expect(bench.settled).toEqual(['1=A', '2=B', '3=undefined']);
    expect([bench.applier.applied, bench.advanced]).toEqual([3, [3]]);
    bench.applier.advance(2);
    bench.applier.advance(4);
    expect(bench.settled.slice(3)).toEqual(['4=C']);
  });

  it('gives the machine what every replica knows, and nothing else', () => {
    const draw = () => {
      const bench = new Bench();
      bench.append('a.b');
      bench.applier.advance(3);
      return bench.contexts.map((context) => {
        const { index, term, timeMs } = context;
        return [index, term, timeMs, context.random(), context.random()];
      });
    };
    const [first, second] = draw();
    expect(first?.slice(0, 3)).toEqual([1, 3, 101]);
    expect(second?.slice(0, 3)).toEqual([3, 3, 103]);
    expect(draw()).toEqual([first, second]);
    expect(first?.[3]).not.toBe(second?.[3]);
    expect(first?.[3]).not.toBe(first?.[4]);
  });

  it('lets other work have its turn after a batch', () => {
    const bench = new Bench({ maxApplyBatch: 2 });
    bench.append('abcde');
    bench.applier.advance(5);
    expect(bench.applier.applied).toBe(2);
    bench.runSoon();
    expect(bench.applier.applied).toBe(4);
    bench.runSoon();
    expect([bench.applier.applied, bench.advanced]).toEqual([5, [2, 4, 5]]);
  });

  it('starts no entry before the promise of the one before it is settled', async () => {
    const bench = new Bench();
    const asked: string[] = [];
    const pending = new Deferred<string>();
    bench.apply = (command) => {
      asked.push(command);
      return command === 'b' ? pending.promise : command;
    };
    bench.append('abc');
    bench.applier.advance(3);
    await macrotask();
    expect([asked, bench.settled]).toEqual([['a', 'b'], ['1=a']]);
    pending.resolve('late');
    await macrotask();
    expect([asked, bench.settled]).toEqual([
      ['a', 'b', 'c'],
      ['1=a', '2=late', '3=c'],
    ]);
  });

  it('reads from the store what is no longer in memory', async () => {
    const cold = new Bench();
    cold.applier.advance(3);
    expect(cold.store.reads).toMatchObject([{ from: 1, until: 4, maxBytes: 1000 }]);
    // As much as fits at once; the rest is asked for.
    cold.store.reads[0]?.resolve([entryOf(1, 'a'), entryOf(2, 'b')]);
    await macrotask();
    expect(cold.settled).toEqual(['1=A', '2=B']);
    expect(cold.store.reads[1]).toMatchObject({ from: 3, until: 4 });
    cold.store.reads[1]?.resolve([entryOf(3, 'c')]);
    await macrotask();
    expect(cold.settled).toEqual(['1=A', '2=B', '3=C']);
  });

  it('stops at a machine that throws, and names the index', async () => {
    for (const failing of [
      () => {
        throw new Error('odd');
      },
      () => Promise.reject(new Error('odd')),
    ]) {
      const bench = new Bench();
      bench.apply = (command) => (command === 'b' ? failing() : command);
      bench.append('abc');
      bench.applier.advance(3);
      await macrotask();
      bench.applier.advance(3);
      expect(bench.settled).toEqual(['1=a']);
      expect(bench.failed).toHaveLength(1);
      expect(bench.failed[0]).toMatchObject({
        ...{ code: 'ERR_STATE_MACHINE', index: 2, outcome: 'unknown' },
        message: expect.stringContaining('index 2: odd'),
      });
    }
  });

  it('stops at a store that cannot read, with the error of the store', async () => {
    const bench = new Bench();
    bench.applier.advance(1);
    const error = Object.assign(new Error('gone'), { code: 'EIO' });
    bench.store.reads[0]?.reject(error);
    await macrotask();
    expect(bench.failed).toHaveLength(1);
    expect(bench.failed[0]?.cause).toBe(error);
    expect(bench.failed[0]?.code).toBe('ERR_STORE_FAILED');
  });
});

describe('a query', () => {
  it('is answered at once between entries', async () => {
    const bench = new Bench();
    expect(await bench.applier.query('q')).toBe('q');
  });

  it('waits for the entry that is being applied', async () => {
    const bench = new Bench();
    const pending = new Deferred<string>();
    const order: string[] = [];
    bench.apply = async () => {
      const value = await pending.promise;
      order.push('applied');
      return value;
    };
    bench.answer = (query) => {
      order.push('asked');
      return query;
    };
    bench.append('a');
    bench.applier.advance(1);
    const answer = bench.applier.query('q');
    await macrotask();
    expect(order).toEqual([]);
    pending.resolve('done');
    expect(await answer).toBe('q');
    expect(order).toEqual(['applied', 'asked']);
  });

  it('keeps entries out until its promise settles', async () => {
    const bench = new Bench();
    const pending = new Deferred<string>();
    bench.answer = () => pending.promise;
    bench.append('a');
    const answer = bench.applier.query('q');
    bench.applier.advance(1);
    await macrotask();
    expect(bench.settled).toEqual([]);
    pending.resolve('answer');
    expect(await answer).toBe('answer');
    await macrotask();
    expect(bench.settled).toEqual(['1=A']);
  });

  it('asked while entries wait behind another one lets them go first', async () => {
    const bench = new Bench();
    const pending = new Deferred<string>();
    const asked: string[] = [];
    bench.answer = (query) => {
      asked.push(`${query} after ${bench.applier.applied}`);
      return query === 'slow' ? pending.promise : query;
    };
    bench.append('a');
    const slow = bench.applier.query('slow');
    const beside = bench.applier.query('beside');
    bench.applier.advance(1);
    const behind = bench.applier.query('behind');
    await beside;
    await macrotask();
    expect(asked).toEqual(['slow after 0', 'beside after 0']);
    pending.resolve('done');
    await Promise.all([slow, behind]);
    expect(asked.at(-1)).toBe('behind after 1');
  });

  it('asked by the machine as it applies is answered after that entry', async () => {
    const bench = new Bench();
    const order: string[] = [];
    let inner: Promise<string> | undefined;
    bench.answer = (query) => {
      order.push(`asked after ${bench.applier.applied}`);
      return query;
    };
    bench.apply = (command) => {
      inner = bench.applier.query('inner');
      order.push('applying');
      return command;
    };
    bench.append('a');
    bench.applier.advance(1);
    expect(await inner).toBe('inner');
    expect(order).toEqual(['applying', 'asked after 1']);
  });

  it('is refused when too many wait already', async () => {
    const bench = new Bench();
    const pending = new Deferred<string>();
    bench.apply = () => pending.promise;
    bench.append('a');
    bench.applier.advance(1);
    const waiting = Array.from({ length: 100 }, () => bench.applier.query('q'));
    await expect(bench.applier.query('q')).rejects.toMatchObject({
      ...{ code: 'ERR_QUEUE_FULL', outcome: 'not-applied', retryable: true },
    });
    pending.resolve('done');
    expect(await Promise.all(waiting)).toHaveLength(100);
    expect(await bench.applier.query('q')).toBe('q');
  });

  it('that throws or rejects harms nobody but the one who asked', async () => {
    const bench = new Bench();
    bench.append('ab');
    bench.answer = () => {
      throw new Error('thrown');
    };
    await expect(bench.applier.query('q')).rejects.toThrow('thrown');
    bench.answer = () => Promise.reject(new Error('rejected'));
    await expect(bench.applier.query('q')).rejects.toThrow('rejected');
    bench.applier.advance(2);
    expect([bench.settled.length, bench.failed]).toEqual([2, []]);
  });
});

describe('a stopped applier', () => {
  it('starts nothing, and refuses queries: also those that wait', async () => {
    const bench = new Bench();
    const pending = new Deferred<string>();
    bench.apply = () => pending.promise;
    bench.append('ab');
    bench.applier.advance(2);
    const refused: unknown[] = [];
    const ask = () => void bench.applier.query('q').catch((error) => refused.push(error));
    ask();
    const stopping = bench.applier.stop();
    ask();
    await macrotask();
    const closed = expect.objectContaining({ code: 'ERR_CLOSED' });
    expect(refused).toEqual([closed, closed]);
    pending.resolve('late');
    await stopping;
    bench.applier.advance(2);
    expect([bench.settled, bench.contexts.length]).toEqual([[], 1]);
  });

  it.each(['apply', 'query'])('waits for what the machine has begun: %s', async (what) => {
    const bench = new Bench();
    const pending = new Deferred<string>();
    bench.apply = () => pending.promise;
    bench.answer = () => pending.promise;
    bench.append('a');
    const asked = what === 'apply' ? bench.applier.advance(1) : bench.applier.query('q');
    let stopped = false;
    const stopping = bench.applier.stop().then(() => {
      stopped = true;
    });
    await macrotask();
    expect(stopped).toBe(false);
    pending.resolve('over');
    await Promise.all([stopping, asked]);
    expect(stopped).toBe(true);
  });
});
