import { describe, expect, it } from 'vitest';
import { BEGINNING } from '../../../src/runtime/applied-point.ts';
import { Divergence, type DivergenceParts } from '../../../src/runtime/divergence.ts';
import { silentLogger } from '../../../src/runtime/silent-logger.ts';
import type { Comparison } from '../../../src/runtime/wire/index.ts';

const EQUAL = 'e'.repeat(32);

class Bench {
  /** What the machine says of itself. */
  digest: string | Promise<string> = EQUAL;
  isWanted = false;
  readonly log: string[] = [];
  readonly divergence: Divergence;

  constructor(changes: Partial<DivergenceParts> = {}) {
    this.divergence = new Divergence({
      ...{ id: 'a', logger: silentLogger, historyUpTo: 0, repairFrom: 0 },
      machine: { digest: () => this.digest },
      combine: (digest) => digest,
      isWanted: () => this.isWanted,
      record: (from) => void this.log.push(`record ${from}`),
      push: ({ index }) => void this.log.push(`repair ${index}`),
      distrusted: ({ code }) => void this.log.push(code),
      tell: (event) => void this.log.push(`tell ${event.members} ${textOf(event)}`),
      tellLast: () => void this.log.push('tell last'),
      report: () => void this.log.push('report'),
      hurry: () => void this.log.push('hurry'),
      farewell: () => undefined,
      ...changes,
    });
  }

  verify(index: number, compared?: Comparison): PromiseLike<void> | undefined {
    return this.divergence.apply(index, compared, { ...BEGINNING, index: index - 1 });
  }
}

function textOf(event: { isSelf: boolean; repaired: boolean }): string {
  const whose = event.isSelf ? 'self' : 'other';
  return event.repaired ? `${whose} repaired` : whose;
}

const majority = { index: 10, lastEqual: 5, digest: EQUAL, odd: [] };

describe('a member that learns what a majority has', () => {
  it('is silent when it has the same, or does not know what it had', () => {
    const bench = new Bench();
    void bench.verify(10);
    void bench.verify(20, majority);
    void bench.verify(30, { ...majority, index: 15 });
    expect(bench.log).toEqual(['report', 'report', 'report']);
  });

  it('tells of another one that differs', () => {
    const bench = new Bench();
    void bench.verify(10);
    void bench.verify(20, { ...majority, odd: ['b', 'c'] });
    expect(bench.log).toEqual(['report', 'tell b,c other', 'report']);
    expect(bench.divergence.refusal()).toBeUndefined();
  });

  it('distrusts its machine from the entry on that says so, though nobody has named it', () => {
    const bench = new Bench();
    bench.digest = 'other';
    void bench.verify(10);
    void bench.verify(20, majority);
    // Of a machine that is wrong no further digest is of use.
    void bench.verify(30, { ...majority, odd: ['a'] });
    const log = ['report', 'record 20', 'repair 20', 'ERR_DIVERGED', 'tell a self'];
    expect(bench.log).toEqual(log);
    expect(bench.divergence.refusal()).toMatchObject({ code: 'ERR_DIVERGED', retryable: true });
    expect(bench.divergence.digests).toEqual([]);
  });

  it('distrusts it, too, when it told another digest before a crash, and has none now', () => {
    const bench = new Bench({ historyUpTo: 20 });
    void bench.verify(20, { ...majority, odd: ['a'] });
    expect(bench.log).toContain('repair 20');
  });

  it('does not when what it told before is made good by applying the log again', () => {
    const bench = new Bench({ historyUpTo: 20 });
    void bench.verify(10);
    void bench.verify(20, { ...majority, odd: ['a'] });
    expect(bench.log).toEqual(['report', 'report']);
  });

  it('trusts it again after a snapshot of that entry or later, if the core does', () => {
    const bench = new Bench({ repairFrom: 20 });
    const { divergence } = bench;
    divergence.restored(19);
    bench.isWanted = true;
    divergence.restored(20);
    expect(divergence.isDiverged).toBe(true);
    bench.isWanted = false;
    divergence.restored(20);
    expect(divergence.isDiverged).toBe(false);
    expect(bench.log).toEqual(['record 0', 'tell a self repaired']);
  });

  it('forgets what it had before a snapshot took the place of the state', () => {
    const bench = new Bench();
    void bench.verify(10);
    bench.divergence.restored(15);
    void bench.verify(20, { ...majority, digest: 'f'.repeat(32) });
    expect(bench.divergence.isDiverged).toBe(false);
  });

  it('keeps the last 16 digests', () => {
    const bench = new Bench();
    for (let index = 1; index <= 40; index++) void bench.verify(index);
    expect(bench.divergence.digests.map(({ index }) => index)).toEqual(
      Array.from({ length: 16 }, (_, at) => 25 + at),
    );
  });
});

describe('a member that learns that no majority is equal', () => {
  const none = { ...majority, digest: undefined };

  it('stops, and answers no read before', () => {
    const bench = new Bench();
    const error = expect.objectContaining({ code: 'ERR_DIVERGED', outcome: 'unknown', index: 10 });
    expect(() => bench.verify(20, none)).toThrow(error);
    expect(bench.log).toEqual(['ERR_DIVERGED', 'tell last']);
    expect(bench.divergence.refusal()).toBeDefined();
  });

  it('lets the others know first when it leads', async () => {
    const bench = new Bench({ farewell: () => Promise.resolve() });
    const ending = bench.verify(20, none);
    await expect(ending).rejects.toMatchObject({ code: 'ERR_DIVERGED' });
  });

  it('goes on, and has all compared at once, when it was started again since', () => {
    const bench = new Bench({ historyUpTo: 20 });
    void bench.verify(20, none);
    expect(bench.log).toEqual(['hurry', 'report']);
  });
});
