import { describe, expect, it } from 'vitest';
import type { LogWrite } from '../../../src/contracts/index.ts';
import { MemoryStorage } from '../../../src/memory/index.ts';
import { createConfiguration } from '../../../src/raft/index.ts';
import { encodeIdentity, type StoreIdentity } from '../../../src/runtime/identity.ts';
import { entryOf } from './entries.ts';
import { identityIn, members, reopens, start, stored } from './stores.ts';
import { membersEntry } from './wire/frames.ts';

describe('the first start', () => {
  it('makes the store this member’s own, with the same first entry on every member', async () => {
    const storage = new MemoryStorage();
    const { identity, init, roster } = await start(storage);
    // It takes no part before the others have recognised it, and has met nobody yet.
    const known = { admitted: false, pins: new Map() };
    expect(identity).toMatchObject({ id: 'a', boot: 1, patienceMs: 1000, ...known });
    expect(roster.map(({ members: found }) => found)).toEqual([
      ['a', 'b', 'c'].map((id) => ({ id, address: `${id}:1` })),
    ]);
    const config = createConfiguration({ voters: ['a', 'b', 'c'] });
    expect(init).toMatchObject({
      ...{ id: 'a', incarnation: identity.incarnation, known },
      ...{ boot: 1, silentMs: 0, applied: 0, seed: 5, configs: [{ index: 1, config }] },
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
    const { identity, init, roster } = await start(storage);
    expect(identity.boot).toBe(2);
    expect(roster.map(({ index, members: found }) => [index, found.map(({ id }) => id)])).toEqual([
      [1, ['a', 'b', 'c']],
    ]);
    expect(init).toMatchObject({ hardState, boot: 2, silentMs: 1000, applied: 0 });
    expect(init.positions.runs.map(({ term }) => term)).toEqual([1, 2, 4]);
    expect(init.positions.sizes.slice(1)).toEqual([7, 9]);
    await storage.close();
    expect(await identityIn(storage)).toEqual(identity);
  });

  it('keeps the incarnation, and may name the first members in another order', async () => {
    const storage = new MemoryStorage();
    const first = await start(storage);
    await storage.close();
    const second = await start(storage, { bootstrap: [...members].reverse() });
    expect(second.identity).toEqual({ ...first.identity, boot: 2 });
  });
});

describe('how long no vote is granted after a start', () => {
  const patient = { electionTimeoutMs: [5000, 9000] } as const;

  it('is what any earlier run may have promised, though this one is less patient', async () => {
    const storage = new MemoryStorage();
    await start(storage, patient);
    await storage.close();
    for (let boot = 2; boot < 5; boot++) {
      const { identity, init } = await start(storage);
      expect(init).toMatchObject({ silentMs: 5000, options: { electionMinMs: 1000 } });
      expect(identity).toMatchObject({ boot, patienceMs: 5000 });
      await storage.close();
    }
  });

  it('is durably as long as this run promises, before it promises anything', async () => {
    const storage = new MemoryStorage();
    await start(storage);
    await storage.close();
    const { init } = await start(storage, patient);
    expect(init.silentMs).toBe(5000);
    await storage.close();
    expect(await identityIn(storage)).toMatchObject({ patienceMs: 5000 });
  });
});

describe('whom a member has met, and whether it takes part', () => {
  it('is found again, passed to the core, and kept when the boot is counted', async () => {
    const storage = await stored();
    const identity = await identityIn(storage);
    const known = { admitted: true, pins: new Map([['b', 2 ** 53 - 1]]) };
    await storage.log.load();
    await storage.log.write({ meta: encodeIdentity({ ...identity, ...known }) });
    await storage.close();
    const { identity: found, init } = await start(storage);
    expect(found).toEqual({ ...identity, ...known, boot: 2 });
    expect(init.known).toEqual(known);
    await storage.close();
    expect(await identityIn(storage)).toEqual(found);
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
  const identity: StoreIdentity = {
    ...{ clusterId: '0011223344556677', id: 'a', incarnation: 9, boot: 1, patienceMs: 9 },
    ...{ repairFrom: 0, admitted: true, pins: new Map() },
  };

  const table: readonly (readonly [string, LogWrite, RegExp])[] = [
    [
      'what was committed is gone',
      { hardState: { term: 1, votedFor: undefined, commit: 2 } },
      /ends at entry 1.*up to 2/,
    ],
    ['an entry is newer than its term', { entries: [entryOf(2, 3)] }, /entry of term 3.*term is 1/],
    [
      'a members entry of it is damaged',
      {
        hardState: { term: 7, votedFor: undefined, commit: 1 },
        entries: [membersEntry(2, Uint8Array.of(1, 2, 3))],
      },
      /members entry at index 2/,
    ],
    ['its members entry is gone', { truncateFrom: 1, entries: [entryOf(1)] }, /no members entry/],
    ['its identity is damaged', { meta: encodeIdentity(identity).slice(0, 9) }, /./],
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
    const record = encodeIdentity(identity).with(0, 9);
    const storage = await stored({ meta: record });
    await expect(start(storage)).rejects.toMatchObject({ code: 'ERR_STORE_FORMAT' });
    expect(await reopens(storage)).toBe(true);
  });
});
