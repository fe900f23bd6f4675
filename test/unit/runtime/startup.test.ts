import { describe, expect, it } from 'vitest';
import type { LogWrite } from '../../../src/contracts/index.ts';
import { MemoryNetwork, MemoryStorage } from '../../../src/memory/index.ts';
import { decodeIdentity, encodeIdentity } from '../../../src/runtime/identity.ts';
import { checkOptions } from '../../../src/runtime/options.ts';
import { type Startup, startUp } from '../../../src/runtime/startup.ts';
import { entryOf } from './entries.ts';

const members = ['c', 'a', 'b'].map((id) => ({ id, address: `${id}:1` }));
const stateMachine = {
  ...{ apply: () => 0, snapshot: () => new Uint8Array(0), restore: () => undefined },
};

function start(storage: MemoryStorage, changes: object = {}): Promise<Startup> {
  const own = { cluster: 'orders', id: 'a', address: 'a:1', bootstrap: members, seed: 5 };
  const transport = new MemoryNetwork().transport('a');
  return startUp(checkOptions({ ...own, stateMachine, storage, transport, ...changes }));
}

/** The store of a member that was started and stopped, with `write` done to it. */
async function stored(...writes: readonly LogWrite[]): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  await start(storage);
  for (const write of writes) await storage.log.write(write);
  await storage.close();
  return storage;
}

/** Is it closed, so that another may open it? */
async function reopens(storage: MemoryStorage): Promise<boolean> {
  return storage.log.load().then(
    () => true,
    () => false,
  );
}

describe('the first start', () => {
  it('makes the store this member’s own, with the same first entry on every member', async () => {
    const storage = new MemoryStorage();
    const { identity, init, members: found } = await start(storage);
    expect(identity).toMatchObject({ id: 'a', boot: 1 });
    expect(found.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(init).toMatchObject({
      ...{ id: 'a', restarted: false, applied: 0, seed: 5 },
      config: { voters: ['a', 'b', 'c'], outgoing: [], learners: [] },
      hardState: { term: 1, votedFor: undefined, commit: 1 },
    });
    const other = new MemoryStorage();
    await start(other, { id: 'b', bootstrap: [...members].reverse() });
    const [first] = await storage.log.read(1, 2, 1);
    expect(first).toMatchObject({ index: 1, term: 1, timeMs: 0, kind: 'members' });
    expect(await other.log.read(1, 2, 1)).toEqual([first]);
  });

  it('gives every store an incarnation of its own, in one cluster', async () => {
    const one = await start(new MemoryStorage());
    const other = await start(new MemoryStorage());
    expect(one.identity.clusterId).toBe(other.identity.clusterId);
    expect(one.identity.incarnation).not.toBe(other.identity.incarnation);
  });
});

describe('a later start', () => {
  it('finds all as it was left, and counts the boot durably', async () => {
    const hardState = { term: 4, votedFor: 'b', commit: 2 };
    const storage = await stored({ hardState, entries: [entryOf(2, 2, 7), entryOf(3, 4, 9)] });
    const { identity, init, members: found } = await start(storage);
    expect(identity.boot).toBe(2);
    expect(found.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(init).toMatchObject({ hardState, restarted: true, applied: 0 });
    expect(init.positions.runs.map(({ term }) => term)).toEqual([1, 2, 4]);
    expect(init.positions.sizes.slice(1)).toEqual([7, 9]);
    await storage.close();
    const { meta } = await storage.log.load();
    expect(decodeIdentity(meta ?? new Uint8Array(0))).toEqual(identity);
  });

  it('keeps the incarnation, and may name the first members in another order', async () => {
    const storage = new MemoryStorage();
    const first = await start(storage);
    await storage.close();
    const second = await start(storage, { bootstrap: [...members].reverse() });
    expect(second.identity).toEqual({ ...first.identity, boot: 2 });
  });
});

describe('a store that is not this member’s own is refused and closed', () => {
  it.each([
    ['another cluster', { cluster: 'payments' }],
    ['another member', { id: 'b' }],
    ['other first members', { bootstrap: members.slice(0, 2) }],
  ])('when it belongs to %s', async (_, changes) => {
    const storage = await stored();
    await expect(start(storage, changes)).rejects.toMatchObject({ code: 'ERR_WRONG_CLUSTER' });
    expect(await reopens(storage)).toBe(true);
    await storage.close();
    // Nothing was written: it still starts as what it is.
    expect((await start(storage)).identity.boot).toBe(2);
  });

  it('when it is open elsewhere: then it is left to its owner', async () => {
    const storage = new MemoryStorage();
    await start(storage);
    await expect(start(storage)).rejects.toMatchObject({ code: 'ERR_STORE_LOCKED' });
    await storage.log.write({ entries: [entryOf(2)] });
  });
});

describe('a store that contradicts itself is refused and closed', () => {
  const identity = { clusterId: '0011223344556677', id: 'a', incarnation: '0011223344556677' };

  const table: readonly (readonly [string, LogWrite, RegExp])[] = [
    [
      'what was committed is gone',
      { hardState: { term: 1, votedFor: undefined, commit: 2 } },
      /ends at entry 1.*up to 2/,
    ],
    ['an entry is newer than its term', { entries: [entryOf(2, 3)] }, /entry of term 3.*term is 1/],
    ['its members entry is gone', { truncateFrom: 1, entries: [entryOf(1)] }, /no members entry/],
    [
      'its identity is damaged',
      { meta: encodeIdentity({ ...identity, boot: 1 }).slice(0, 9) },
      /./,
    ],
    ['its identity is empty', { meta: new Uint8Array(0) }, /./],
  ];

  it.each(table)('when %s', async (_, write, message) => {
    const storage = await stored(write);
    const corrupt = { code: 'ERR_STORE_CORRUPT', message: expect.stringMatching(message) };
    await expect(start(storage)).rejects.toMatchObject(corrupt);
    expect(await reopens(storage)).toBe(true);
  });

  it.each([
    ['a log', { entries: [entryOf(1, 0)] }],
    ['a term', { hardState: { term: 3, votedFor: undefined, commit: 0 } }],
  ])('when it has %s and no identity', async (_, write) => {
    const storage = new MemoryStorage();
    await storage.log.load();
    await storage.log.write(write);
    await storage.close();
    await expect(start(storage)).rejects.toMatchObject({ code: 'ERR_STORE_CORRUPT' });
  });

  it('unless it was written by a newer version: that is another matter', async () => {
    const record = encodeIdentity({ ...identity, boot: 1 }).with(0, 9);
    const storage = await stored({ meta: record });
    await expect(start(storage)).rejects.toMatchObject({ code: 'ERR_STORE_FORMAT' });
    expect(await reopens(storage)).toBe(true);
  });
});
