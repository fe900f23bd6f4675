import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendHead,
  bytesOf,
  compactLog,
  createLog,
  entryBytes,
  findTermAtMost,
  fitBytes,
  isUpToDate,
  type Log,
  lastTerm,
  resetLog,
  termAt,
  truncateLog,
} from '../../../src/raft/log.ts';
import { runsOf } from './member.ts';

interface Entry {
  readonly term: number;
  readonly size: number;
}

/** What the log is held against: an array that is scanned for every answer. */
class NaiveLog {
  base: { readonly index: number; readonly term: number };
  entries: Entry[];

  constructor(base: { index: number; term: number }, entries: readonly Entry[]) {
    this.base = base;
    this.entries = [...entries];
  }

  get last(): number {
    return this.base.index + this.entries.length;
  }

  get lastTerm(): number {
    return this.entries.at(-1)?.term ?? this.base.term;
  }

  termAt(index: number): number | undefined {
    if (index === this.base.index) return this.base.term;
    return index < this.base.index ? undefined : this.entries[index - this.base.index - 1]?.term;
  }

  bytes(from: number, until: number): number {
    let bytes = 0;
    for (let index = Math.max(from, this.base.index + 1); index < until; index++) {
      bytes += entryBytes(this.entries[index - this.base.index - 1]?.size ?? 0);
    }
    return bytes;
  }

  findTermAtMost(limit: number, term: number): { index: number; term: number } {
    if (limit < this.base.index) return { index: limit, term: 0 };
    for (let index = Math.min(limit, this.last); index > this.base.index; index--) {
      const found = this.termAt(index);
      if (found !== undefined && found <= term) return { index, term: found };
    }
    return this.base;
  }

  fit(from: number, maxBytes: number): number {
    let until = from;
    while (until <= this.last && this.bytes(from, until + 1) <= maxBytes) until++;
    return Math.max(until, Math.min(from + 1, this.last + 1));
  }

  /** The entries up to `to` are let go of. */
  compact(to: number): void {
    const term = this.termAt(to) ?? 0;
    this.entries.splice(0, to - this.base.index);
    this.base = { index: to, term };
  }
}

const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ add: fc.nat(2), count: fc.nat(60), size: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ cut: fc.double({ min: 0, max: 1, noNaN: true }) }) },
  // Of the whole log at 1, which is as likely as anything else.
  { weight: 1, arbitrary: fc.record({ compact: fc.constantFrom(0, 0.3, 0.7, 1) }) },
  { weight: 1, arbitrary: fc.record({ reset: fc.nat(90), add: fc.nat(2) }) },
);

/** Every question at a place somewhere in or around the log. */
function compare(log: Log, naive: NaiveLog, [x, y, z]: readonly number[]): void {
  const span = naive.last - naive.base.index + 4;
  const place = (part = 0) => naive.base.index - 2 + Math.floor(part * span);
  const inside = (part = 0) => naive.base.index + 1 + Math.floor(part * naive.entries.length);
  const term = Math.floor((z ?? 0) * (naive.lastTerm + 2));
  expect([log.last, lastTerm(log)]).toEqual([naive.last, naive.lastTerm]);
  expect(termAt(log, place(x))).toBe(naive.termAt(place(x)));
  expect(findTermAtMost(log, place(y), term)).toEqual(naive.findTermAtMost(place(y), term));
  expect(bytesOf(log, inside(x), inside(y))).toBe(naive.bytes(inside(x), inside(y)));
  expect(bytesOf(log, place(x), inside(y))).toBe(naive.bytes(place(x), inside(y)));
  const maxBytes = Math.floor((z ?? 0) * 3000);
  expect(fitBytes(log, inside(x), maxBytes)).toBe(naive.fit(inside(x), maxBytes));
  const upToDate =
    term > naive.lastTerm || (term === naive.lastTerm && place(y) >= naive.base.index + span - 4);
  expect(isUpToDate(log, place(y), term)).toBe(upToDate);
}

/** As far as it is durable, at any place of it: within a run, at its end, or all of it. */
function compactBoth(log: Log, naive: NaiveLog, part: number): void {
  const to = naive.base.index + Math.round(part * naive.entries.length);
  const term = naive.termAt(to) ?? 0;
  log.durable = log.last;
  compactLog(log, { index: to, term });
  naive.compact(to);
  checkRuns(log);
}

function checkRuns({ base, last, runs }: Log): void {
  let previous = base.index;
  for (const { from } of runs) {
    expect(from).toBeGreaterThan(previous);
    previous = from;
  }
  expect(previous).toBeLessThanOrEqual(last);
}

describe('a log under random appends, truncations, compactions and resets', () => {
  const part = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  const questions = fc.array(fc.tuple(part, part, part), { minLength: 5, maxLength: 5 });
  const base = fc.record({ index: fc.constantFrom(0, 1, 63, 64, 1000), term: fc.nat(3) });
  const stored = fc.array(fc.record({ add: fc.nat(1), size: fc.nat(50) }), { maxLength: 70 });

  it('answers as an array does that is scanned', () => {
    let grown = 0;
    fc.assert(
      fc.property(base, stored, fc.array(action), questions, (base, stored, actions, questions) => {
        let term = base.term;
        const entries = stored.map(({ add, size }) => {
          term += add;
          return { term: Math.max(1, term), size };
        });
        const terms = entries.map((entry) => entry.term);
        const naive = new NaiveLog(base, entries);
        const sizes = entries.map((entry) => entry.size);
        const log = createLog({ base, runs: runsOf(terms, base.index), sizes, lastTimeMs: 0 });
        expect(log.durable).toBe(naive.last);
        for (const each of actions) {
          if ('cut' in each) {
            const from = naive.base.index + 1 + Math.floor(each.cut * naive.entries.length);
            truncateLog(log, from);
            naive.entries.length = from - naive.base.index - 1;
          } else if ('compact' in each) {
            compactBoth(log, naive, each.compact);
          } else if ('reset' in each) {
            const at = { index: naive.last + each.reset, term: naive.lastTerm + each.add };
            resetLog(log, at, 0);
            naive.base = at;
            naive.entries = [];
          } else {
            const term = Math.max(1, naive.lastTerm + each.add);
            for (let count = 0; count < each.count; count++) {
              appendHead(log, term, each.size);
              naive.entries.push({ term, size: each.size });
            }
          }
          for (const question of questions) compare(log, naive, question);
        }
        if (log.bytes.length > 64) grown++;
      }),
      { numRuns: 150 },
    );
    // Else the ring's growth was not looked at.
    expect(grown).toBeGreaterThan(20);
  });
});
