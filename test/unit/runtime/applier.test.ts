import { describe, expect, it } from 'vitest';
import { BEGINNING } from '../../../src/runtime/applied-point.ts';
import { ApplierBench, letterEntry } from './applier-bench.ts';
import { Deferred, macrotask } from './deferred.ts';

describe('the applier', () => {
  it('applies what is committed, in order, and tells each result', () => {
    const bench = new ApplierBench();
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
      const bench = new ApplierBench();
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
    const bench = new ApplierBench({ maxApplyBatch: 2 });
    bench.append('abcde');
    bench.applier.advance(5);
    expect(bench.applier.applied).toBe(2);
    bench.runSoon();
    expect(bench.applier.applied).toBe(4);
    bench.runSoon();
    expect([bench.applier.applied, bench.advanced]).toEqual([5, [2, 4, 5]]);
  });

  it('starts no entry before the promise of the one before it is settled', async () => {
    const bench = new ApplierBench();
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

  it('does not start an entry again when more is committed while its promise is open', async () => {
    const bench = new ApplierBench();
    const asked: string[] = [];
    const pending = new Deferred<string>();
    bench.apply = (command) => {
      asked.push(command);
      return command === 'a' ? pending.promise : command;
    };
    bench.append('abc');
    for (const upTo of [1, 2, 3]) bench.applier.advance(upTo);
    pending.resolve('late');
    await macrotask();
    expect([asked, bench.settled]).toEqual([
      ['a', 'b', 'c'],
      ['1=late', '2=b', '3=c'],
    ]);
  });

  it('reads from the store what is no longer in memory', async () => {
    const cold = new ApplierBench();
    cold.applier.advance(3);
    expect(cold.store.reads).toMatchObject([{ from: 1, until: 4, maxBytes: 1000 }]);
    // As much as fits at once; the rest is asked for.
    cold.store.reads[0]?.resolve([letterEntry(1, 'a'), letterEntry(2, 'b')]);
    await macrotask();
    expect(cold.settled).toEqual(['1=A', '2=B']);
    expect(cold.store.reads[1]).toMatchObject({ from: 3, until: 4 });
    cold.store.reads[1]?.resolve([letterEntry(3, 'c')]);
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
      const bench = new ApplierBench();
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
    const bench = new ApplierBench();
    bench.applier.advance(1);
    const error = Object.assign(new Error('gone'), { code: 'EIO' });
    bench.store.reads[0]?.reject(error);
    await macrotask();
    expect(bench.failed).toHaveLength(1);
    expect(bench.failed[0]?.cause).toBe(error);
    expect(bench.failed[0]?.code).toBe('ERR_STORE_FAILED');
  });
});

describe('how long an applier has been at one thing', () => {
  it('counts from when an entry came to wait, and anew from each that is settled', async () => {
    const bench = new ApplierBench();
    const pending = [new Deferred<string>(), new Deferred<string>()];
    bench.apply = (command) => pending['ab'.indexOf(command)]?.promise ?? command;
    bench.append('ab');
    expect(bench.applier.busySinceMs).toBe(Number.POSITIVE_INFINITY);
    bench.nowMs = 5;
    bench.applier.advance(1);
    bench.nowMs = 7;
    bench.applier.advance(2);
    expect(bench.applier.busySinceMs).toBe(5);
    pending[0]?.resolve('A');
    await macrotask();
    expect(bench.applier.busySinceMs).toBe(7);
    pending[1]?.resolve('B');
    await macrotask();
    expect(bench.applier.busySinceMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('counts a query that keeps entries out: from its start, but only while one waits', () => {
    const bench = new ApplierBench();
    bench.answer = () => new Deferred<string>().promise;
    void bench.query('slow');
    expect(bench.applier.lateSinceMs).toBe(Number.POSITIVE_INFINITY);
    bench.append('a');
    bench.nowMs = 3;
    bench.applier.advance(1);
    expect(bench.applier.lateSinceMs).toBe(0);
  });
});

describe('a stopped applier', () => {
  it('starts nothing, and refuses queries: also those that wait', async () => {
    const bench = new ApplierBench();
    const pending = new Deferred<string>();
    bench.apply = () => pending.promise;
    bench.append('ab');
    bench.applier.advance(2);
    const refused: unknown[] = [];
    const ask = () => void bench.query('q').catch((error) => refused.push(error));
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
    const bench = new ApplierBench();
    const pending = new Deferred<string>();
    bench.apply = () => pending.promise;
    bench.answer = () => pending.promise;
    bench.append('a');
    const asked = what === 'apply' ? bench.applier.advance(1) : bench.query('q');
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

describe('entries that a snapshot takes the place of', () => {
  it('are not applied any more, and do not count as a backlog', () => {
    const bench = new ApplierBench({ maxApplyBatch: 2 });
    const { applier } = bench;
    bench.append('abcdef');
    applier.advance(5);
    expect(bench.settled).toEqual(['1=A', '2=B']);
    applier.skip(6);
    expect([applier.backlog, applier.lateSinceMs]).toEqual([0, Infinity]);
    bench.runSoon();
    expect([bench.settled.length, applier.applied]).toEqual([2, 2]);
  });

  it('let the one under way finish, and what comes after the snapshot follows', async () => {
    const bench = new ApplierBench();
    const { applier } = bench;
    const pending = new Deferred<string>();
    bench.apply = (command) => (command === 'a' ? pending.promise : command);
    bench.append('abcdef');
    applier.advance(3);
    applier.skip(5);
    applier.exclusive({
      ...{ inStep: false, run: () => applier.moveTo({ ...BEGINNING, index: 5 }) },
      ...{ done: () => undefined, failed: () => undefined },
    });
    pending.resolve('A');
    await macrotask();
    applier.advance(6);
    expect([bench.settled, applier.applied]).toEqual([['1=A', '6=f'], 6]);
  });

  it.each(['fails', 'comes late'])('stop nothing when reading them %s', async (how) => {
    const bench = new ApplierBench();
    const { applier } = bench;
    bench.window.reset(8);
    applier.advance(3);
    const [read] = bench.store.reads;
    expect(read).toMatchObject({ from: 1, until: 4 });
    applier.skip(7);
    if (how === 'fails') read?.reject(new Error('compacted'));
    else read?.resolve([letterEntry(1, 'x'), letterEntry(2, 'y'), letterEntry(3, 'z')]);
    await macrotask();
    expect([bench.settled, bench.failed, applier.applied]).toEqual([[], [], 0]);
  });
});
