import { describe, expect, it } from 'vitest';
import { CoxswainError } from '../../../src/errors.ts';
import type { KnownMembers, Write, Written } from '../../../src/raft/index.ts';
import { LogWindow } from '../../../src/runtime/log-window.ts';
import { Writer } from '../../../src/runtime/writer.ts';
import { type AskedWrite, DeferredStore, macrotask } from './deferred.ts';
import { entriesOf, entryOf } from './entries.ts';

class Bench {
  readonly store = new DeferredStore();
  readonly window = new LogWindow(1, { memoryWindowBytes: 1 << 20 });
  readonly written: Written[] = [];
  readonly failed: CoxswainError[] = [];
  /** What the identity record must hold by then, of each write that is started. */
  readonly asks: (KnownMembers | undefined)[] = [];
  meta: Uint8Array | undefined;
  nowMs = 0;
  readonly writer = new Writer(this.store, this.window, {
    now: () => this.nowMs,
    meta: (known) => {
      this.asks.push(known);
      return this.meta;
    },
    written: (event) => void this.written.push(event),
    failed: (error) => void this.failed.push(error),
  });
  #number = 0;

  /** Entries [from, until) of the window are to be written, the log cut before. */
  add(from: number, until: number, truncateFrom = 0, known?: KnownMembers): void {
    const write: Write = {
      ...{ type: 'write', write: ++this.#number, truncateFrom, from, until },
      ...{ lastIndex: until - 1, lastTerm: 1 },
      hardState: { term: 1, votedFor: 'a', commit: this.#number },
      known,
      ...{ reset: undefined, compactTo: 0 },
    };
    this.writer.add(write);
  }

  append(from: number, until: number): void {
    for (const entry of entriesOf(from, until)) this.window.append(entry);
    this.add(from, until);
  }

  asked(at: number): AskedWrite {
    const asked = this.store.writes[at];
    if (asked === undefined) throw new Error(`${this.store.writes.length} writes were asked for`);
    return asked;
  }
}

function indexes({ batch }: AskedWrite): readonly number[] {
  return (batch.entries ?? []).map((entry) => entry.index);
}

describe('how long a writer has been at one write', () => {
  it('counts from its start', async () => {
    const bench = new Bench();
    expect(bench.writer.busySinceMs).toBe(Number.POSITIVE_INFINITY);
    bench.nowMs = 4;
    bench.append(1, 2);
    bench.writer.flush();
    bench.nowMs = 9;
    bench.append(2, 3);
    bench.writer.flush();
    expect(bench.writer.busySinceMs).toBe(4);
    bench.asked(0).resolve();
    await macrotask();
    expect(bench.writer.busySinceMs).toBe(Number.POSITIVE_INFINITY);
    bench.writer.flush();
    expect(bench.writer.busySinceMs).toBe(9);
  });
});

describe('a writer', () => {
  it('asks nothing of the store before the end of the turn, and nothing when nothing waits', () => {
    const bench = new Bench();
    bench.writer.flush();
    bench.append(1, 3);
    expect(bench.store.writes).toEqual([]);
    bench.writer.flush();
    bench.writer.flush();
    expect(bench.store.writes).toHaveLength(1);
    expect(bench.asked(0).batch).toEqual({
      hardState: { term: 1, votedFor: 'a', commit: 1 },
      entries: [bench.window.get(1), bench.window.get(2)],
    });
  });

  it('has one write in flight and merges what comes meanwhile', async () => {
    const bench = new Bench();
    bench.append(1, 3);
    bench.writer.flush();
    for (const index of [3, 4, 5]) {
      bench.append(index, index + 1);
      bench.writer.flush();
    }
    expect(bench.store.writes).toHaveLength(1);
    bench.asked(0).resolve();
    await macrotask();
    expect(bench.written).toEqual([{ type: 'written', write: 1, lastIndex: 2, lastTerm: 1 }]);
    bench.writer.flush();
    expect(indexes(bench.asked(1))).toEqual([3, 4, 5]);
    expect(bench.asked(1).batch.hardState?.commit).toBe(4);
    bench.asked(1).resolve();
    await macrotask();
    expect(bench.written.at(-1)).toEqual({ type: 'written', write: 4, lastIndex: 5, lastTerm: 1 });
    expect(bench.failed).toEqual([]);
  });

  it('passes a truncation on, with the entries as they are at the flush', async () => {
    const bench = new Bench();
    bench.append(1, 5);
    bench.writer.flush();
    bench.asked(0).resolve();
    await macrotask();
    bench.window.truncate(3);
    bench.window.append(entryOf(3, 2));
    bench.add(3, 4, 3);
    bench.window.truncate(3);
    bench.window.append(entryOf(3, 4));
    bench.add(3, 4, 3);
    bench.writer.flush();
    expect(bench.asked(1).batch.truncateFrom).toBe(3);
    const written = bench.asked(1).batch.entries ?? [];
    expect(written.map(({ index, term }) => [index, term])).toEqual([[3, 4]]);
  });

  it('takes the identity record along, asked once for each write that is started', async () => {
    const bench = new Bench();
    const known = { admitted: true, pins: new Map([['b', 98]]) };
    bench.append(1, 2);
    bench.add(2, 2, 0, known);
    bench.add(2, 2);
    expect(bench.asks).toEqual([]);
    bench.meta = Uint8Array.of(7);
    bench.writer.flush();
    expect(bench.asks).toEqual([known]);
    expect(bench.asked(0).batch.meta).toEqual(Uint8Array.of(7));
    bench.meta = undefined;
    bench.append(2, 3);
    bench.asked(0).resolve();
    await macrotask();
    bench.writer.flush();
    expect(bench.asks).toEqual([known, undefined]);
    expect(bench.asked(1).batch).not.toHaveProperty('meta');
  });

  it('says nothing of a write before it is durable', async () => {
    const bench = new Bench();
    bench.append(1, 2);
    bench.writer.flush();
    await macrotask();
    expect(bench.written).toEqual([]);
  });

  it('reports a failure once, with its cause, and starts no other write', async () => {
    const bench = new Bench();
    bench.append(1, 2);
    bench.writer.flush();
    bench.append(2, 3);
    const cause = new Error('no space left');
    bench.asked(0).reject(cause);
    await macrotask();
    bench.writer.flush();
    bench.append(3, 4);
    bench.writer.flush();
    await bench.writer.stop();
    expect(bench.store.writes).toHaveLength(1);
    expect(bench.written).toEqual([]);
    expect(bench.failed).toHaveLength(1);
    expect(bench.failed[0]).toMatchObject({ code: 'ERR_STORE_FAILED', outcome: 'unknown', cause });
  });

  it('hands on the error that the store gave, when that is one of a store', async () => {
    const bench = new Bench();
    bench.append(1, 2);
    bench.writer.flush();
    const error = new CoxswainError('ERR_STORE_CORRUPT', 'it is damaged');
    bench.asked(0).reject(error);
    await macrotask();
    expect(bench.failed).toEqual([error]);
  });

  it('takes a store that throws like one that rejects', async () => {
    const bench = new Bench();
    bench.store.write = () => {
      throw new Error('at once');
    };
    bench.append(1, 2);
    bench.writer.flush();
    await macrotask();
    expect(bench.failed.map(({ code }) => code)).toEqual(['ERR_STORE_FAILED']);
  });

  it('waits for the write in flight when it stops, tells nobody, and starts none', async () => {
    const bench = new Bench();
    bench.append(1, 2);
    bench.writer.flush();
    bench.append(2, 3);
    let stopped = false;
    const stopping = bench.writer.stop().then(() => {
      stopped = true;
    });
    await macrotask();
    expect(stopped).toBe(false);
    bench.asked(0).resolve();
    await stopping;
    bench.writer.flush();
    expect(bench.written).toEqual([]);
    expect(bench.store.writes).toHaveLength(1);
  });

  it('stops at once when nothing is in flight, and is quiet about a later failure', async () => {
    const idle = new Bench();
    await idle.writer.stop();
    const bench = new Bench();
    bench.append(1, 2);
    bench.writer.flush();
    const stopping = bench.writer.stop();
    bench.asked(0).reject(new Error('late'));
    await stopping;
    expect(bench.failed).toEqual([]);
  });

  it('refuses to write entries that are not in memory', () => {
    const bench = new Bench();
    bench.append(1, 3);
    bench.add(3, 9);
    expect(() => bench.writer.flush()).toThrow(expect.objectContaining({ code: 'ERR_INVARIANT' }));
  });
});
