import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Write } from '../../../src/raft/index.ts';
import { mergeWrites } from '../../../src/runtime/writer.ts';

interface Range {
  readonly truncateFrom?: number;
  readonly from: number;
  readonly until: number;
}

let numbers = 0;

function writeOf({ truncateFrom = 0, from, until }: Range, term = 1): Write {
  return {
    ...{ type: 'write', write: ++numbers, truncateFrom, from, until },
    ...{ lastIndex: until - 1, lastTerm: term },
    hardState: { term, votedFor: undefined, commit: 0 },
    known: undefined,
    ...{ reset: undefined, compactTo: 0 },
  };
}

describe('two writes that follow each other merge into one', () => {
  const appends = { from: 5, until: 8 };
  const table: readonly (readonly [string, Range, Range, Range])[] = [
    ['two appends', appends, { from: 8, until: 9 }, { from: 5, until: 9 }],
    ['an append behind a vote', { from: 5, until: 5 }, appends, appends],
    ['a vote behind an append', appends, { from: 8, until: 8 }, appends],
    [
      'a cut of what is on disk, behind an append',
      appends,
      { truncateFrom: 3, from: 3, until: 4 },
      { truncateFrom: 3, from: 3, until: 4 },
    ],
    [
      'a cut within what was not written yet',
      appends,
      { truncateFrom: 6, from: 6, until: 9 },
      { from: 5, until: 9 },
    ],
    [
      'a cut of exactly what was not written yet',
      appends,
      { truncateFrom: 5, from: 5, until: 6 },
      { from: 5, until: 6 },
    ],
    [
      'an append behind a cut',
      { truncateFrom: 3, from: 3, until: 5 },
      { from: 5, until: 7 },
      { truncateFrom: 3, from: 3, until: 7 },
    ],
    [
      'a deeper cut behind a cut',
      { truncateFrom: 5, from: 5, until: 7 },
      { truncateFrom: 3, from: 3, until: 4 },
      { truncateFrom: 3, from: 3, until: 4 },
    ],
    [
      'a cut of new entries behind a cut',
      { truncateFrom: 3, from: 3, until: 7 },
      { truncateFrom: 5, from: 5, until: 6 },
      { truncateFrom: 3, from: 3, until: 6 },
    ],
  ];

  it.each(table)('%s', (_, first, second, expected) => {
    const merged = mergeWrites(writeOf(first), writeOf(second));
    expect(merged).toMatchObject({ truncateFrom: 0, ...expected });
  });

  it('with the number, the position and the hard state of the later one', () => {
    const second = writeOf({ from: 8, until: 9 }, 4);
    const { write, lastIndex, lastTerm, hardState } = second;
    const merged = mergeWrites(writeOf(appends, 3), second);
    expect(merged).toMatchObject({ write, lastIndex, lastTerm, hardState });
  });
});

describe('whom the member has met', () => {
  const range = { from: 5, until: 5 };
  const met = { admitted: false, pins: new Map([['b', 98]]) };
  const later = { admitted: true, pins: new Map([['b', 98]]) };

  it('is written with the merged write, whichever of the two had it', () => {
    const known = (first: Write['known'], second: Write['known']) =>
      mergeWrites({ ...writeOf(range), known: first }, { ...writeOf(range), known: second }).known;
    expect(known(met, undefined)).toBe(met);
    expect(known(undefined, met)).toBe(met);
    expect(known(met, later)).toBe(later);
    expect(known(undefined, undefined)).toBeUndefined();
  });
});

/** A log of tags, entry 1 first. Never the same tag twice, so that equal logs are the same. */
type Disk = string[];

/** What a store does with a batch: it refuses entries that do not follow its log. */
function store(disk: Disk, { truncateFrom, from, until }: Write, log: Disk): void {
  if (truncateFrom > 0 && truncateFrom <= disk.length) disk.length = truncateFrom - 1;
  const entries = log.slice(from - 1, until - 1);
  if (entries.length !== until - from) throw new Error('an entry to write is gone');
  if (entries.length > 0 && from !== disk.length + 1) {
    throw new Error(`entry ${from} does not follow a log that ends at ${disk.length}`);
  }
  disk.push(...entries);
}

interface Change {
  /** Share of the log that a truncation leaves; undefined: none. */
  readonly keep: number | undefined;
  readonly add: number;
}

describe('a chain of merged writes', () => {
  const keep = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined });
  const change: fc.Arbitrary<Change> = fc.record({ keep, add: fc.nat(3) });

  it('leaves the very log that they leave one after another, however they are grouped', () => {
    const groups = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.nat(5), groups, (stored, groups) => {
        let tags = 0;
        const log: Disk = Array.from({ length: stored }, () => `e${++tags}`);
        const alone: Disk = [...log];
        const merged: Disk = [...log];
        for (const group of groups) {
          let waiting: Write | undefined;
          for (const { keep, add } of group) {
            const cut = keep === undefined ? log.length : Math.floor(keep * log.length);
            const truncateFrom = cut < log.length ? cut + 1 : 0;
            log.length = cut;
            for (let count = 0; count < add; count++) log.push(`e${++tags}`);
            const write = writeOf({ truncateFrom, from: cut + 1, until: log.length + 1 });
            store(alone, write, log);
            waiting = waiting === undefined ? write : mergeWrites(waiting, write);
          }
          if (waiting !== undefined) store(merged, waiting, log);
          expect(merged).toEqual(log);
          expect(alone).toEqual(log);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
