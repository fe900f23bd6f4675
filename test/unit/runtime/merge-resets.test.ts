// Merged writes with snapshots among them: a log that begins anew, and one whose beginning goes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogEntry, LogWrite } from '../../../src/contracts/index.ts';
import { MemoryLogStore } from '../../../src/memory/memory-log-store.ts';
import type { LogPosition, Write } from '../../../src/raft/index.ts';
import { mergeWrites } from '../../../src/runtime/writer.ts';
import { entryOf } from './entries.ts';

interface Change {
  readonly truncateFrom?: number;
  readonly reset?: LogPosition;
  readonly compactTo?: number;
  readonly from: number;
  readonly until: number;
}

let numbers = 0;

function writeOf({ compactTo = 0, from, reset, truncateFrom = 0, until }: Change): Write {
  return {
    ...{ type: 'write', write: ++numbers, truncateFrom, reset, compactTo, from, until },
    ...{ lastIndex: until - 1, lastTerm: 1, known: undefined },
    hardState: { term: 1, votedFor: undefined, commit: 0 },
  };
}

describe('two writes of which one begins the log anew, or lets go of its beginning', () => {
  const reset = { index: 10, term: 2 };
  const nothing = { reset: undefined, truncateFrom: 0, compactTo: 0 };
  const table: readonly (readonly [string, Change, Change, Change])[] = [
    [
      'nothing of before a reset is written',
      { truncateFrom: 3, from: 3, until: 9, compactTo: 2 },
      { reset, from: 11, until: 11 },
      { reset, from: 11, until: 11 },
    ],
    [
      'what comes after a reset is',
      { reset, from: 11, until: 11 },
      { from: 11, until: 14 },
      { reset, from: 11, until: 14 },
    ],
    [
      'a cut of what comes after a reset never reaches the disk',
      { reset, from: 11, until: 14 },
      { truncateFrom: 12, from: 12, until: 13 },
      { reset, from: 11, until: 13 },
    ],
    [
      'a cut of the first entry after a reset neither',
      { reset, from: 11, until: 14 },
      { truncateFrom: 11, from: 11, until: 12 },
      { reset, from: 11, until: 12 },
    ],
    [
      'the last of two resets is the one',
      { reset, from: 11, until: 14 },
      { reset: { index: 20, term: 2 }, from: 21, until: 21 },
      { reset: { index: 20, term: 2 }, from: 21, until: 21 },
    ],
    [
      'a compaction behind a reset is of what came after it',
      { reset, from: 11, until: 14 },
      { from: 14, until: 14, compactTo: 12 },
      { reset, from: 11, until: 14, compactTo: 12 },
    ],
    [
      'a compaction lasts over an append',
      { from: 5, until: 5, compactTo: 3 },
      { from: 5, until: 6 },
      { from: 5, until: 6, compactTo: 3 },
    ],
    [
      'and over a cut of what is on disk',
      { from: 9, until: 9, compactTo: 3 },
      { truncateFrom: 6, from: 6, until: 7 },
      { truncateFrom: 6, from: 6, until: 7, compactTo: 3 },
    ],
    [
      'the farther of two compactions is the one',
      { from: 9, until: 9, compactTo: 3 },
      { from: 9, until: 9, compactTo: 7 },
      { from: 9, until: 9, compactTo: 7 },
    ],
    [
      'a compaction may be of entries that the same write brings',
      { from: 5, until: 8 },
      { from: 8, until: 8, compactTo: 7 },
      { from: 5, until: 8, compactTo: 7 },
    ],
  ];

  it.each(table)('%s', (_, first, second, expected) => {
    const merged = mergeWrites(writeOf(first), writeOf(second));
    expect(merged).toMatchObject({ ...nothing, ...expected });
  });
});

/** A log as a core keeps it, and the writes that it asks for. */
class Log {
  base: LogPosition = { index: 0, term: 0 };
  entries: LogEntry[] = [];
  commit = 0;
  #term = 0;

  get last(): number {
    return this.base.index + this.entries.length;
  }

  /** One step: of what is not committed some goes, and some comes. */
  append(keep: number, add: number, committed: number): Write {
    const end = this.last;
    const cut = Math.max(this.commit, this.base.index);
    const last = cut + Math.ceil((end - cut) * keep);
    const truncateFrom = last < end ? last + 1 : 0;
    this.entries.length = last - this.base.index;
    this.#term++;
    for (let count = 0; count < add; count++) {
      this.entries.push(entryOf(this.last + 1, this.#term));
    }
    this.commit += Math.floor((this.last - this.commit) * committed);
    return writeOf({ truncateFrom, from: last + 1, until: this.last + 1 });
  }

  /** A snapshot of an entry that is not here stands for everything. */
  reset(beyond: number): Write {
    const index = this.commit + 1 + beyond;
    this.base = { index, term: ++this.#term };
    this.entries = [];
    this.commit = index;
    return writeOf({ reset: this.base, from: index + 1, until: index + 1 });
  }

  /** A snapshot of something committed is there: some of what is before it goes. */
  compact(share: number): Write | undefined {
    const to = Math.ceil(this.base.index + (this.commit - this.base.index) * share);
    const entry = this.entries[to - this.base.index - 1];
    if (entry === undefined) return undefined;
    this.entries = this.entries.slice(to - this.base.index);
    this.base = { index: to, term: entry.term };
    return writeOf({ from: this.last + 1, until: this.last + 1, compactTo: to });
  }
}

/** As the writer makes a batch of it, from all entries that were ever of the log. */
function batchOf(write: Write, entryAt: (index: number) => LogEntry | undefined): LogWrite {
  const { compactTo, hardState, reset, truncateFrom } = write;
  const entries: LogEntry[] = [];
  for (let index = write.from; index < write.until; index++) {
    const entry = entryAt(index);
    if (entry === undefined) throw new Error(`entry ${index} is gone`);
    entries.push(entry);
  }
  return {
    ...{ hardState, entries },
    ...(reset === undefined ? {} : { reset }),
    ...(truncateFrom === 0 ? {} : { truncateFrom }),
    ...(compactTo === 0 ? {} : { compactTo }),
  };
}

async function contentOf(store: MemoryLogStore): Promise<unknown> {
  await store.close();
  const { base, last } = await store.load();
  if (last.index === base.index) return { base, entries: [] };
  const entries = await store.read(base.index + 1, last.index + 1, Number.POSITIVE_INFINITY);
  return { base, entries: entries.map(({ index, term }) => [index, term]) };
}

describe('a chain of merged writes with snapshots', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const change = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constant('append' as const), share, fc.nat(4), share) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('reset' as const), fc.nat(5)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('compact' as const), share) },
  );
  const groups = fc.array(fc.array(change, { minLength: 1, maxLength: 5 }), { maxLength: 6 });

  it('leaves the log that they leave one after another, however they are grouped', async () => {
    await fc.assert(
      fc.asyncProperty(groups, async (groups) => {
        const log = new Log();
        const [alone, merged] = [new MemoryLogStore(), new MemoryLogStore()];
        await Promise.all([alone.load(), merged.load()]);
        // Compacted entries stay in the window until they are on disk, as eviction has it.
        const window = new Map<number, LogEntry>();
        for (const group of groups) {
          let waiting: Write | undefined;
          for (const each of group) {
            let write: Write | undefined;
            if (each[0] === 'append') write = log.append(each[1], each[2], each[3]);
            else if (each[0] === 'reset') write = log.reset(each[1]);
            else write = log.compact(each[1]);
            if (write === undefined) continue;
            for (const entry of log.entries) window.set(entry.index, entry);
            await alone.write(batchOf(write, (index) => window.get(index)));
            waiting = waiting === undefined ? write : mergeWrites(waiting, write);
          }
          if (waiting === undefined) continue;
          await merged.write(batchOf(waiting, (index) => window.get(index)));
          const entries = log.entries.map(({ index, term }) => [index, term]);
          expect(await contentOf(merged)).toEqual({ base: log.base, entries });
          expect(await contentOf(alone)).toEqual({ base: log.base, entries });
        }
      }),
      { numRuns: 500 },
    );
  });
});
