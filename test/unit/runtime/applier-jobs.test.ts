// Jobs that have the machine for themselves, among entries and queries.
import { describe, expect, it } from 'vitest';
import type { AppliedAt } from '../../../src/runtime/applied-point.ts';
import { Deferred, macrotask } from './deferred.ts';
import { MachineBench } from './machine-state-bench.ts';

/** Asks for a job that writes down where it ran, and what became of it. */
function ask(
  bench: MachineBench,
  name: string,
  run: (at: AppliedAt) => unknown = () => undefined,
  inStep = true,
): void {
  bench.applier.exclusive({
    inStep,
    run: (at) => {
      bench.log.push(`${name} at ${at.index}`);
      return run(at);
    },
    done: () => void bench.log.push(`${name} done`),
    failed: (cause) => void bench.log.push(`${name}: ${(cause as Error).message}`),
  });
}

describe('a job', () => {
  it('runs at once when nothing is under way', () => {
    const bench = new MachineBench();
    ask(bench, 'job');
    expect(bench.log).toEqual(['job at 0', 'job done']);
  });

  it('asked as an entry is settled runs before the next one starts', () => {
    const bench = new MachineBench();
    bench.onSettled = (index) => {
      if (index === 2) ask(bench, 'job');
    };
    bench.addLetters('abc');
    bench.applier.advance(3);
    bench.runSoon();
    expect(bench.log).toEqual(['applied 1', 'applied 2', 'job at 2', 'job done', 'applied 3']);
    expect(bench.advanced).toEqual([2, 3]);
  });

  it('goes ahead of the entries and queries that wait, in the order asked', async () => {
    const bench = new MachineBench();
    const applying = new Deferred<void>();
    bench.applying = (command) => (command === 'a' ? applying.promise : undefined);
    bench.addLetters('abc');
    bench.applier.advance(2);
    const asked = bench.query('q');
    const first = new Deferred<void>();
    ask(bench, 'first', () => first.promise);
    ask(bench, 'second');
    bench.applier.advance(3);
    applying.resolve();
    await macrotask();
    expect(bench.log).toEqual(['applied 1', 'first at 1']);
    first.resolve();
    await asked;
    await macrotask();
    expect(bench.log.slice(2)).toEqual([
      ...['first done', 'second at 1', 'second done', 'asked q', 'applied 2', 'applied 3'],
    ]);
  });

  it('waits for every query under way, and lets no further one in', async () => {
    const bench = new MachineBench();
    const waits = [new Deferred<void>(), new Deferred<void>()];
    let next = 0;
    bench.asking = () => waits[next++]?.promise;
    const all = [bench.query('one'), bench.query('two')];
    ask(bench, 'job');
    all.push(bench.query('three'));
    waits[1]?.resolve();
    await macrotask();
    expect(bench.log).toEqual(['asked one', 'asked two']);
    waits[0]?.resolve();
    await Promise.all(all);
    expect(bench.log.slice(2)).toEqual(['job at 0', 'job done', 'asked three']);
  });

  it('asked within a job lets the others that wait have their turn', async () => {
    const bench = new MachineBench();
    const waiting = new Deferred<void>();
    let rounds = 0;
    const again = (): unknown => {
      if (++rounds < 4) ask(bench, `job ${rounds}`, again);
      return waiting.promise;
    };
    bench.addLetters('abcdef');
    bench.applying = () => Promise.resolve();
    ask(bench, 'job 0', again);
    bench.applier.advance(6);
    const asked = bench.query('q');
    waiting.resolve();
    await asked;
    for (let turn = 0; turn < 10; turn++) await macrotask();
    expect(bench.log.filter((line) => !line.endsWith('done'))).toEqual([
      ...['job 0 at 0', 'asked q', 'applied 1', 'job 1 at 1', 'applied 2', 'job 2 at 2'],
      ...['applied 3', 'job 3 at 3', 'applied 4', 'applied 5', 'applied 6'],
    ]);
  });

  it.each([
    () => {
      throw new Error('odd');
    },
    () => Promise.reject(new Error('odd')),
  ])('that throws or rejects harms nobody but the one who asked', async (run) => {
    const bench = new MachineBench();
    ask(bench, 'job', run);
    bench.add('a');
    bench.applier.advance(1);
    await macrotask();
    expect(bench.log).toEqual(['job at 0', 'job: odd', 'applied 1']);
    expect(bench.failed).toEqual([]);
  });

  it('is refused when the applier stops before it begins, and awaited when it has', async () => {
    const bench = new MachineBench();
    const running = new Deferred<void>();
    ask(bench, 'first', () => running.promise);
    ask(bench, 'second');
    const stopping = bench.applier.stop();
    ask(bench, 'third');
    await macrotask();
    const refused = ['second: the node was closed', 'third: the node was closed'];
    expect(bench.log).toEqual(['first at 0', ...refused]);
    running.resolve();
    await stopping;
    bench.add('a');
    bench.applier.advance(1);
    expect(bench.log.slice(3)).toEqual(['first done']);
  });

  it('that needs the machine in step lets others pass that do not', async () => {
    const bench = new MachineBench({ kept: 2 });
    bench.addLetters('ab');
    ask(bench, 'snapshot');
    ask(bench, 'restore', () => undefined, false);
    bench.applier.advance(1);
    expect(bench.log).toEqual(['restore at 0', 'restore done', 'applied 1']);
    bench.applier.advance(2);
    expect(bench.log.slice(3)).toEqual(['applied 2', 'snapshot at 2', 'snapshot done']);
  });
});

describe('since when the machine is busy', () => {
  it('is the time of what it has not answered, or of its last answer', async () => {
    const bench = new MachineBench();
    const waits = [new Deferred<void>(), new Deferred<void>()];
    let next = 0;
    bench.applying = () => waits[next++]?.promise;
    bench.asking = () => waits[next++]?.promise;
    expect(bench.applier.busySinceMs).toBe(Number.POSITIVE_INFINITY);
    bench.addLetters('ab');
    bench.nowMs = 5;
    bench.applier.advance(1);
    bench.nowMs = 9;
    expect([bench.applier.busySinceMs, bench.applier.backlog]).toEqual([5, 1]);
    bench.applier.advance(2);
    waits[0]?.resolve();
    await macrotask();
    expect([bench.applier.busySinceMs, bench.applier.backlog]).toEqual([9, 1]);
    bench.nowMs = 12;
    waits[1]?.resolve();
    await macrotask();
    expect(bench.applier.busySinceMs).toBe(Number.POSITIVE_INFINITY);
  });
});
