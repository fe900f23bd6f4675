import { describe, expect, it } from 'vitest';
import type { EntryKind, LogEntry } from '../../../src/contracts/index.ts';
import { MemoryLogStore } from '../../../src/memory/memory-log-store.ts';
import { MemoryStorage } from '../../../src/memory/memory-storage.ts';

const ALL = 1 << 30;

function entry(index: number, term = 1, size = 8, kind: EntryKind = 'command'): LogEntry {
  return { index, term, timeMs: index * 10, kind, body: new Uint8Array(size) };
}

async function storeOf(...entries: LogEntry[]): Promise<MemoryLogStore> {
  const store = new MemoryLogStore();
  await store.load();
  if (entries.length > 0) await store.write({ entries });
  return store;
}

async function positions(store: MemoryLogStore, until: number): Promise<readonly string[]> {
  const entries = await store.read(1, until, ALL);
  return entries.map(({ index, term }) => `${index}@${term}`);
}

const failed = { code: 'ERR_STORE_FAILED' };

describe('a memory log store', () => {
  it('says that nothing of it survives the process', () => {
    expect(new MemoryLogStore().supports).toEqual({ durable: false });
  });

  it('is empty at first', async () => {
    expect(await new MemoryLogStore().load()).toEqual({
      ...{ meta: undefined, hardState: { term: 0, votedFor: undefined, commit: 0 } },
      ...{ base: { index: 0, term: 0 }, last: { index: 0, term: 0 } },
      ...{ runs: [], sizes: [], configIndexes: [], lastTimeMs: 0 },
    });
  });

  it('keeps everything over a close and a new load: a restart', async () => {
    const entries = [entry(1, 1, 3, 'members'), entry(2, 1, 0), entry(3, 4, 5, 'members')];
    const store = await storeOf(...entries);
    const meta = Uint8Array.of(1, 2);
    const hardState = { term: 5, votedFor: 'b', commit: 2 };
    await store.write({ meta, hardState });
    await store.close();
    expect(await store.load()).toEqual({
      ...{ meta, hardState },
      ...{ base: { index: 0, term: 0 }, last: { index: 3, term: 4 } },
      runs: [
        { from: 1, term: 1 },
        { from: 3, term: 4 },
      ],
      ...{ sizes: [3, 0, 5], configIndexes: [1, 3], lastTimeMs: 30 },
    });
    expect(await store.read(1, 4, ALL)).toEqual(entries);
  });

  it('replaces only what a write names', async () => {
    const store = await storeOf(entry(1));
    await store.write({ meta: Uint8Array.of(7) });
    await store.write({ hardState: { term: 3, votedFor: undefined, commit: 1 } });
    await store.write({});
    await store.close();
    const { meta, hardState, last } = await store.load();
    expect([meta, hardState.term, last.index]).toEqual([Uint8Array.of(7), 3, 1]);
  });

  it('truncates and appends in one write', async () => {
    const store = await storeOf(entry(1), entry(2), entry(3));
    await store.write({ truncateFrom: 2, entries: [entry(2, 2), entry(3, 2)] });
    expect(await positions(store, 4)).toEqual(['1@1', '2@2', '3@2']);
    await store.write({ truncateFrom: 3 });
    expect(await positions(store, 3)).toEqual(['1@1', '2@2']);
    await store.write({ truncateFrom: 1, entries: [entry(1, 9)] });
    expect(await positions(store, 2)).toEqual(['1@9']);
  });

  it.each([
    ['a gap', { entries: [entry(4)] }],
    ['a repeat without a truncation', { entries: [entry(2)] }],
    ['a gap behind a truncation', { truncateFrom: 2, entries: [entry(3)] }],
    ['a gap within', { entries: [entry(3), entry(5)] }],
  ])('refuses a write that leaves %s, whole', async (_, write) => {
    const store = await storeOf(entry(1), entry(2));
    const hardState = { term: 8, votedFor: undefined, commit: 0 };
    await expect(store.write({ ...write, hardState })).rejects.toMatchObject(failed);
    await store.close();
    const { last, hardState: kept } = await store.load();
    expect([last.index, kept.term]).toEqual([2, 0]);
  });

  it('is unusable after a write that it refused, as the contract demands', async () => {
    const store = await storeOf(entry(1));
    await expect(store.write({ entries: [entry(5)] })).rejects.toMatchObject(failed);
    await expect(store.write({ entries: [entry(2)] })).rejects.toMatchObject(failed);
    await expect(store.read(1, 2, ALL)).rejects.toMatchObject(failed);
    // Until the next start, which finds what was there before.
    await store.close();
    await store.load();
    await store.write({ entries: [entry(2)] });
    expect(await positions(store, 3)).toEqual(['1@1', '2@1']);
  });

  it('reads ranges half-open, as much as fits, one entry at least', async () => {
    const store = await storeOf(entry(1), entry(2), entry(3), entry(4));
    const count = async (from: number, until: number, maxBytes: number) =>
      (await store.read(from, until, maxBytes)).map(({ index }) => index);
    expect(await count(2, 4, ALL)).toEqual([2, 3]);
    expect(await count(1, 5, 24)).toEqual([1, 2, 3]);
    expect(await count(1, 5, 23)).toEqual([1, 2]);
    expect(await count(3, 5, 0)).toEqual([3]);
  });

  it.each([
    [0, 2],
    [3, 4],
    [2, 4],
    [2, 2],
    [2, 1],
  ])('refuses to read [%d, %d) of two entries', async (from, until) => {
    const store = await storeOf(entry(1), entry(2));
    await expect(store.read(from, until, ALL)).rejects.toMatchObject(failed);
  });

  it('is open once at a time', async () => {
    const store = await storeOf();
    await expect(store.load()).rejects.toMatchObject({ code: 'ERR_STORE_LOCKED' });
    await store.close();
    await store.close();
    await store.load();
  });

  it('does nothing while it is closed', async () => {
    const store = new MemoryLogStore();
    await expect(store.write({})).rejects.toMatchObject(failed);
    await store.load();
    await store.write({ entries: [entry(1)] });
    await store.close();
    await expect(store.write({ entries: [entry(2)] })).rejects.toMatchObject(failed);
    await expect(store.read(1, 2, ALL)).rejects.toMatchObject(failed);
  });

  it('does not keep the list that it was given', async () => {
    const store = await storeOf();
    const entries = [entry(1)];
    await store.write({ entries });
    entries.push(entry(2));
    expect(await positions(store, 2)).toEqual(['1@1']);
    await expect(positions(store, 3)).rejects.toMatchObject(failed);
  });
});

describe('a memory storage', () => {
  it('closes its log, and may be opened again', async () => {
    const storage = new MemoryStorage();
    await storage.log.load();
    await storage.log.write({ entries: [entry(1)] });
    await storage.close();
    await storage.close();
    await expect(storage.log.read(1, 2, ALL)).rejects.toMatchObject(failed);
    expect((await storage.log.load()).last.index).toBe(1);
  });
});
