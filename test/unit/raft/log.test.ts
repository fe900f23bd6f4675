import { describe, expect, it } from 'vitest';
import { CoxswainError } from '../../../src/errors.ts';
import {
  appendHead,
  bytesOf,
  createLog,
  entryBytes,
  findTermAtMost,
  fitBytes,
  isUpToDate,
  type Log,
  lastTerm,
  termAt,
  truncateLog,
} from '../../../src/raft/log.ts';
import { runsOf } from './member.ts';

/** Room of an entry without a body. */
const EMPTY = entryBytes(0);

function logOf(terms: readonly number[], base = { index: 0, term: 0 }, sizes?: number[]): Log {
  return createLog({
    base,
    runs: runsOf(terms, base.index),
    sizes: sizes ?? terms.map(() => 0),
    lastTimeMs: 0,
  });
}

describe('a log', () => {
  it('that is new ends at its base', () => {
    const log = logOf([]);
    expect([log.last, log.durable, lastTerm(log)]).toEqual([0, 0, 0]);
    expect([termAt(log, 0), termAt(log, 1), termAt(log, -1)]).toEqual([0, undefined, undefined]);
  });

  it('that is compacted to nothing answers for its base alone', () => {
    const log = logOf([], { index: 10, term: 3 });
    expect([log.last, log.durable, lastTerm(log)]).toEqual([10, 10, 3]);
    expect([9, 10, 11].map((index) => termAt(log, index))).toEqual([undefined, 3, undefined]);
  });

  it('is durable as far as it was stored, and no further than that when it grows', () => {
    const log = logOf([1, 1]);
    appendHead(log, 2, 0);
    expect([log.last, log.durable]).toEqual([3, 2]);
  });

  it('knows the term of each entry, of its base, and of nothing beyond', () => {
    const log = logOf([1, 1, 3, 3, 4], { index: 4, term: 1 });
    const terms = [3, 4, 5, 6, 7, 8, 9, 10].map((index) => termAt(log, index));
    expect(terms).toEqual([undefined, 1, 1, 1, 3, 3, 4, undefined]);
  });

  it('keeps one run for each stretch of one term', () => {
    const log = logOf([1, 1, 3]);
    appendHead(log, 3, 0);
    appendHead(log, 5, 0);
    expect(log.runs).toEqual([
      { from: 1, term: 1 },
      { from: 3, term: 3 },
      { from: 5, term: 5 },
    ]);
  });

  it('refuses stored sizes without a term', () => {
    const runs = [{ from: 2, term: 1 }];
    const make = () =>
      createLog({ base: { index: 0, term: 0 }, runs, sizes: [0, 0], lastTimeMs: 0 });
    expect(make).toThrow(CoxswainError);
  });
});

describe('a truncated log', () => {
  it('ends before the cut, in term and in what is durable', () => {
    const log = logOf([1, 1, 2, 2, 3]);
    truncateLog(log, 4);
    expect([log.last, log.durable, lastTerm(log), termAt(log, 4)]).toEqual([3, 3, 2, undefined]);
    truncateLog(log, 3);
    expect([log.last, log.durable, lastTerm(log)]).toEqual([2, 2, 1]);
  });

  it('keeps what was durable below the cut', () => {
    const log = logOf([1, 1]);
    for (let count = 0; count < 4; count++) appendHead(log, 2, 0);
    truncateLog(log, 5);
    expect([log.last, log.durable]).toEqual([4, 2]);
  });

  it('may be cut to its base and grow again with another term', () => {
    const log = logOf([4, 5], { index: 7, term: 4 });
    truncateLog(log, 8);
    expect([log.last, lastTerm(log), log.runs]).toEqual([7, 4, []]);
    appendHead(log, 6, 0);
    expect([7, 8, 9].map((index) => termAt(log, index))).toEqual([4, 6, undefined]);
  });

  it('is never cut into its base', () => {
    const log = logOf([4, 5], { index: 7, term: 4 });
    expect(() => truncateLog(log, 7)).toThrow(CoxswainError);
    expect(log.last).toBe(9);
  });
});

describe('being up to date (§5.4.1)', () => {
  const log = logOf([1, 2, 2]);

  it.each([
    [3, 2, true],
    [4, 2, true],
    [2, 2, false],
    [9, 1, false],
    [1, 3, true],
    [0, 3, true],
  ])('a log that ends at %d in term %d is against 3 in term 2: %s', (index, term, expected) => {
    expect(isUpToDate(log, index, term)).toBe(expected);
  });
});

describe('the largest index with a term at most', () => {
  const log = logOf([1, 1, 4, 4, 4, 6, 6], { index: 10, term: 1 });

  it.each([
    [20, 9, { index: 17, term: 6 }],
    [16, 6, { index: 16, term: 6 }],
    [17, 5, { index: 15, term: 4 }],
    [14, 5, { index: 14, term: 4 }],
    [17, 3, { index: 12, term: 1 }],
    [11, 9, { index: 11, term: 1 }],
    [10, 9, { index: 10, term: 1 }],
    // What is below the base is committed everywhere; its terms are not known here.
    [17, 0, { index: 10, term: 1 }],
    [6, 9, { index: 6, term: 0 }],
  ])('up to %d, term %d, is %j', (limit, term, expected) => {
    expect(findTermAtMost(log, limit, term)).toEqual(expected);
  });
});

describe('bytes of entries', () => {
  const log = logOf([1, 1, 1, 1], { index: 3, term: 1 }, [10, 0, 1000, 7]);

  it('count bodies and overhead, from the first to before the last', () => {
    expect(bytesOf(log, 4, 8)).toBe(1017 + 4 * EMPTY);
    expect(bytesOf(log, 5, 7)).toBe(1000 + 2 * EMPTY);
    expect(bytesOf(log, 6, 6)).toBe(0);
    expect(bytesOf(log, 7, 5)).toBe(0);
  });

  it.each([
    [4, 5000, 8],
    [4, 1017 + 4 * EMPTY, 8],
    [4, 1017 + 4 * EMPTY - 1, 7],
    [4, 10 + 2 * EMPTY, 6],
    [4, 10 + EMPTY, 5],
    [6, 10, 7],
    [8, 10, 8],
  ])('from %d fit in %d up to %d', (from, maxBytes, until) => {
    expect(fitBytes(log, from, maxBytes)).toBe(until);
  });

  it('stay right when the ring grows and when entries are replaced by others', () => {
    const grown = logOf([]);
    for (let index = 1; index <= 200; index++) appendHead(grown, 1, index);
    truncateLog(grown, 60);
    for (let index = 60; index <= 300; index++) appendHead(grown, 2, 1);
    expect(grown.bytes.length).toBeGreaterThan(300);
    expect(bytesOf(grown, 58, 63)).toBe(58 + 59 + 3 + 5 * EMPTY);
    expect(bytesOf(grown, 1, 60)).toBe((59 * 60) / 2 + 59 * EMPTY);
    expect(bytesOf(grown, 60, 301)).toBe(241 * (1 + EMPTY));
  });
});
