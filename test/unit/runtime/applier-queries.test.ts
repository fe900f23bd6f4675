import { describe, expect, it } from 'vitest';
import { ApplierBench } from './applier-bench.ts';
import { Deferred, macrotask } from './deferred.ts';

describe('a query', () => {
  it('is answered at once between entries', async () => {
    const bench = new ApplierBench();
    expect(await bench.query('q')).toBe('q');
  });

  it('waits for the entry that is being applied', async () => {
    const bench = new ApplierBench();
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
    const answer = bench.query('q');
    await macrotask();
    expect(order).toEqual([]);
    pending.resolve('done');
    expect(await answer).toBe('q');
    expect(order).toEqual(['applied', 'asked']);
  });

  it('keeps entries out until its promise settles', async () => {
    const bench = new ApplierBench();
    const pending = new Deferred<string>();
    bench.answer = () => pending.promise;
    bench.append('a');
    const answer = bench.query('q');
    bench.applier.advance(1);
    await macrotask();
    expect(bench.settled).toEqual([]);
    pending.resolve('answer');
    expect(await answer).toBe('answer');
    await macrotask();
    expect(bench.settled).toEqual(['1=A']);
  });

  it('asked while entries wait behind another one lets them go first', async () => {
    const bench = new ApplierBench();
    const pending = new Deferred<string>();
    const asked: string[] = [];
    bench.answer = (query) => {
      asked.push(`${query} after ${bench.applier.applied}`);
      return query === 'slow' ? pending.promise : query;
    };
    bench.append('a');
    const slow = bench.query('slow');
    const beside = bench.query('beside');
    bench.applier.advance(1);
    const behind = bench.query('behind');
    await beside;
    await macrotask();
    expect(asked).toEqual(['slow after 0', 'beside after 0']);
    pending.resolve('done');
    await Promise.all([slow, behind]);
    expect(asked.at(-1)).toBe('behind after 1');
  });

  it('asked by the machine as it applies is answered after that entry', async () => {
    const bench = new ApplierBench();
    const order: string[] = [];
    let inner: Promise<string> | undefined;
    bench.answer = (query) => {
      order.push(`asked after ${bench.applier.applied}`);
      return query;
    };
    bench.apply = (command) => {
      inner = bench.query('inner');
      order.push('applying');
      return command;
    };
    bench.append('a');
    bench.applier.advance(1);
    expect(await inner).toBe('inner');
    expect(order).toEqual(['applying', 'asked after 1']);
  });

  it('is refused when too many wait already', async () => {
    const bench = new ApplierBench();
    const pending = new Deferred<string>();
    bench.apply = () => pending.promise;
    bench.append('a');
    bench.applier.advance(1);
    const waiting = Array.from({ length: 100 }, () => bench.query('q'));
    await expect(bench.query('q')).rejects.toMatchObject({
      ...{ code: 'ERR_QUEUE_FULL', outcome: 'not-applied', retryable: true },
    });
    pending.resolve('done');
    expect(await Promise.all(waiting)).toHaveLength(100);
    expect(await bench.query('q')).toBe('q');
  });

  it('that throws or rejects harms nobody but the one who asked', async () => {
    const bench = new ApplierBench();
    bench.append('ab');
    bench.answer = () => {
      throw new Error('thrown');
    };
    await expect(bench.query('q')).rejects.toThrow('thrown');
    bench.answer = () => Promise.reject(new Error('rejected'));
    await expect(bench.query('q')).rejects.toThrow('rejected');
    bench.applier.advance(2);
    expect([bench.settled.length, bench.failed]).toEqual([2, []]);
  });
});
