// How a node begins on a store that has a snapshot.
import { describe, expect, it } from 'vitest';
import type { LogWrite, StoredSnapshot } from '../../../src/contracts/index.ts';
import { MemoryStorage } from '../../../src/memory/index.ts';
import { createConfiguration } from '../../../src/raft/index.ts';
import { encodeSnapshotHeader, headOf } from '../../../src/runtime/wire/index.ts';
import { entryOf } from './entries.ts';
import { piecesOf } from './snapshots.ts';
import { reopens, start, storedBy } from './stores.ts';
import { membersEntry, members as someMembers } from './wire/frames.ts';

const members = ['a', 'b', 'd'].map((id) => ({ id, address: `${id}:9` }));
const config = createConfiguration({ voters: ['a', 'b', 'd'] });
const header = encodeSnapshotHeader({
  ...{ timeMs: 5000, machineVersion: 1, configIndex: 4, members: { members, config } },
});

/** The store of a member that was stopped with this snapshot, and after these writes. */
async function storedWith(
  changes: Partial<StoredSnapshot>,
  ...writes: readonly LogWrite[]
): Promise<MemoryStorage> {
  const storage = await storedBy({}, ...writes);
  await storage.log.load();
  const info = { id: 'x', index: 9, term: 2, header, ...changes };
  const { signal } = new AbortController();
  await storage.snapshots.save(info, piecesOf(Uint8Array.of(1, 2, 3)), signal);
  await storage.close();
  return storage;
}

const hardState = { term: 2, votedFor: 'b', commit: 3 };
/** Entries 2 and 3, of term 2. */
const short: LogWrite = { hardState, entries: [entryOf(2, 2), entryOf(3, 2)] };
/** A log that begins after entry 9, with two entries. */
const after: LogWrite = {
  hardState: { ...hardState, commit: 10 },
  reset: { index: 9, term: 2 },
  entries: [entryOf(10, 2), entryOf(11, 2)],
};

describe('a member that has a snapshot', () => {
  it('begins after it, with the members that it names, and its machine before all', async () => {
    const storage = await storedWith({}, after);
    const { init, keptUpTo, roster, snapshot } = await start(storage);
    expect(snapshot).toEqual({ id: 'x', index: 9, term: 2, header, bytes: 3 });
    expect(init).toMatchObject({
      ...{ applied: 0, repairFrom: 0, hardState: { ...hardState, commit: 10 } },
      snapshot: headOf({ id: 'x', index: 9, term: 2, header, bytes: 3 }),
      positions: { base: { index: 9, term: 2 }, sizes: [8, 8], lastTimeMs: 5000 },
      configs: [{ index: 4, config }],
    });
    expect([roster.map((each) => each.members), keptUpTo]).toEqual([[members], 0]);
  });

  it('that crashed before its log followed lets it follow, durably', async () => {
    const storage = await storedWith({}, short);
    const { init } = await start(storage);
    const committed = { ...hardState, commit: 9 };
    expect(init).toMatchObject({ hardState: committed, silentMs: 1000 });
    expect(init.positions).toMatchObject({ base: { index: 9, term: 2 }, runs: [], sizes: [] });
    expect(init.configs).toEqual([{ index: 4, config }]);
    await storage.close();
    const { base, hardState: found, last } = await storage.log.load();
    expect([base, last, found]).toEqual([
      ...[{ index: 9, term: 2 }, { index: 9, term: 2 }, committed],
    ]);
  });

  it('that crashed before a term was written has given no vote in it', async () => {
    const storage = await storedWith({ term: 6 }, short);
    const { init } = await start(storage);
    expect(init.hardState).toEqual({ term: 6, votedFor: undefined, commit: 9 });
  });

  it('knows the configurations that came after it, and each once', async () => {
    const entries = [entryOf(10, 7), membersEntry(11)];
    const storage = await storedWith(
      {},
      { ...after, entries, hardState: { ...hardState, term: 7 } },
    );
    const { init, roster } = await start(storage);
    expect(init.configs.map(({ index }) => index)).toEqual([4, 11]);
    expect(roster.at(-1)?.members).toEqual(someMembers.members);
  });

  it('which stands in the midst of its log keeps that', async () => {
    const storage = await storedWith({ index: 3, header: headerOf(1) }, short);
    const { init } = await start(storage);
    expect(init.positions).toMatchObject({ base: { index: 0, term: 0 }, sizes: { length: 3 } });
    expect(init.configs.map(({ index }) => index)).toEqual([1]);
    expect(init.hardState).toEqual(hardState);
  });

  it('and a machine that kept its own state gives it only what came later', async () => {
    const storage = await storedWith({}, after);
    const stateMachine = {
      ...{ apply: () => 0, snapshot: () => new Uint8Array(0), restore: () => undefined },
      lastApplied: async () => ({ index: 10, term: 2 }),
    };
    expect((await start(storage, { stateMachine })).keptUpTo).toBe(10);
  });
});

function headerOf(configIndex: number): Uint8Array {
  return encodeSnapshotHeader({
    ...{ timeMs: 1, machineVersion: 1, configIndex, members: { members, config } },
  });
}

describe('a store with a snapshot is refused and closed', () => {
  it.each([
    ['of which the description is damaged', { header: header.subarray(0, 30) }, after, 'CORRUPT'],
    ['of which the description is empty', { header: new Uint8Array(0) }, after, 'CORRUPT'],
    ['that a newer build has made', { header: header.with(0, 9) }, after, 'FORMAT'],
    ['that is older than the log', { index: 8 }, after, 'CORRUPT'],
    ['of another history', { term: 1, index: 3 }, short, 'CORRUPT'],
  ])('%s', async (_, changes, write, code) => {
    const storage = await storedWith(changes, write);
    await expect(start(storage)).rejects.toMatchObject({ code: `ERR_STORE_${code}` });
    expect(await reopens(storage)).toBe(true);
  });

  it('of which the log was lost: it may have voted', async () => {
    const storage = new MemoryStorage();
    await storage.log.load();
    const info = { id: 'x', index: 9, term: 2, header };
    await storage.snapshots.save(info, piecesOf(), new AbortController().signal);
    await storage.close();
    await expect(start(storage)).rejects.toMatchObject({
      ...{ code: 'ERR_STORE_CORRUPT', message: expect.stringContaining('it was lost') },
    });
  });

  it('of which the machine has applied what neither has', async () => {
    const storage = await storedWith({}, after);
    const stateMachine = {
      ...{ apply: () => 0, snapshot: () => new Uint8Array(0), restore: () => undefined },
      lastApplied: () => ({ index: 12, term: 2 }),
    };
    await expect(start(storage, { stateMachine })).rejects.toMatchObject({
      code: 'ERR_STORE_CORRUPT',
    });
  });
});
