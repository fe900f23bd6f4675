// How an empty store begins, what a member that joins knows, and which configurations are read.
import { describe, expect, it } from 'vitest';
import type { LogWrite } from '../../../src/contracts/index.ts';
import { MemoryStorage } from '../../../src/memory/index.ts';
import { createConfiguration } from '../../../src/raft/index.ts';
import { clusterIdOf, joinerClusterId } from '../../../src/runtime/cluster-id.ts';
import { encodeIdentity } from '../../../src/runtime/identity.ts';
import { encodeMembers, OwnEntry } from '../../../src/runtime/wire/index.ts';
import { entryOf } from './entries.ts';
import { identityIn, joins, members, reopens, start, stored, storedBy } from './stores.ts';

const joiner = { ...joins, id: 'd', address: 'd:1' };
const neither = { bootstrap: undefined };
const wrong = { code: 'ERR_WRONG_CLUSTER' };

/** A members entry of these voters; none is where the first members were. */
function votersAt(index: number, voters: readonly string[]): OwnEntry {
  const config = createConfiguration({ voters });
  const body = encodeMembers({ members: voters.map((id) => ({ id, address: `${id}:2` })), config });
  return new OwnEntry(index, { term: 1, timeMs: 0, kind: 'members' }, body);
}

describe('an empty store', () => {
  it('that nobody says how to begin is refused: both options are named', async () => {
    const storage = new MemoryStorage();
    await expect(start(storage, neither)).rejects.toMatchObject({
      ...{ code: 'ERR_INVALID_OPTION', outcome: 'not-applied' },
      message: expect.stringMatching(/^bootstrap and join is undefined; accepted: one of them/),
    });
    expect(await reopens(storage)).toBe(true);
    await storage.close();
    // Nothing was written: it may still become either.
    expect((await start(storage)).identity.boot).toBe(1);
  });

  it('of a member that is to join stays empty: it is passive until it is told', async () => {
    const storage = new MemoryStorage();
    const { identity, init, roster } = await start(storage, joiner);
    expect(identity).toMatchObject({ id: 'd', boot: 1, clusterId: joinerClusterId('orders') });
    expect(init).toMatchObject({
      ...{ id: 'd', incarnation: identity.incarnation, silentMs: 0, configs: [] },
      known: { admitted: true, pins: new Map() },
      hardState: { term: 0, votedFor: undefined, commit: 0 },
      positions: { runs: [], sizes: [] },
    });
    expect(roster).toEqual([]);
    await storage.close();
    expect(await identityIn(storage)).toEqual(identity);
  });
});

describe('a member that is to join and was not told its cluster yet', () => {
  it.each([
    ['to join again', joiner],
    ['by its first members, of the same name', { ...joiner, join: false, bootstrap: [joiner] }],
    ['without either', { ...joiner, join: false }],
  ])('starts again on its store when it is opened %s', async (_, changes) => {
    const storage = await storedBy(joiner);
    const before = await identityIn(storage);
    const { identity, init, roster } = await start(storage, changes);
    expect(identity).toEqual({ ...before, boot: 2 });
    expect(init).toMatchObject({ silentMs: 0, configs: [], known: { admitted: true } });
    expect(roster).toEqual([]);
    await expect(storage.log.read(1, 2, 1)).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
  });

  it.each([
    ['to join a cluster of another name', { ...joiner, cluster: 'payments' }],
    ['as another member', { ...joiner, id: 'e' }],
    ['as a first one of another name', { ...joiner, ...neither, join: false, cluster: 'orders2' }],
  ])('is refused when it is opened %s', async (_, changes) => {
    const storage = await storedBy(joiner);
    await expect(start(storage, changes)).rejects.toMatchObject(wrong);
    expect(await reopens(storage)).toBe(true);
  });
});

describe('a member that has joined', () => {
  const clusterId = clusterIdOf('orders', members);

  /** Its store: the leader has told it which cluster it joins, and sent it the log. */
  async function joined(id = clusterId): Promise<MemoryStorage> {
    const storage = await storedBy(joiner);
    const identity = await identityIn(storage);
    await storage.log.load();
    await storage.log.write({
      meta: encodeIdentity({ ...identity, clusterId: id, pins: new Map([['a', 97]]) }),
      hardState: { term: 1, votedFor: undefined, commit: 2 },
      entries: [votersAt(1, ['a', 'b']), votersAt(2, ['a', 'b', 'd'])],
    });
    await storage.close();
    return storage;
  }

  it('starts again when it is opened to join, and keeps what it was told', async () => {
    const { identity, init } = await start(await joined(), joiner);
    expect(identity).toMatchObject({ clusterId, boot: 2, pins: new Map([['a', 97]]) });
    expect(init).toMatchObject({ silentMs: 1000, known: { admitted: true } });
    expect(init.configs.map(({ config }) => config.voters)).toEqual([['a', 'b', 'd']]);
  });

  it('starts again without either option: its store is not empty', async () => {
    const { identity } = await start(await joined(), { ...joiner, join: false });
    expect(identity).toMatchObject({ clusterId, boot: 2 });
  });

  it('starts again by the first members of its cluster, and by no others', async () => {
    const bootstrap = [...members, joiner];
    const options = { ...joiner, join: false, bootstrap };
    const { identity } = await start(await joined(clusterIdOf('orders', bootstrap)), options);
    expect(identity.boot).toBe(2);
    await expect(start(await joined(), options)).rejects.toMatchObject(wrong);
  });

  it('is refused when it is opened to join a cluster of another name', async () => {
    const other = { ...joiner, cluster: 'payments' };
    await expect(start(await joined(), other)).rejects.toMatchObject(wrong);
  });
});

describe('one of the first members', () => {
  it('starts again when it is opened to join: the name of its cluster is enough', async () => {
    const storage = await stored();
    const before = await identityIn(storage);
    expect((await start(storage, joins)).identity).toEqual({ ...before, boot: 2 });
    await storage.close();
    const other = { ...joins, cluster: 'payments' };
    await expect(start(storage, other)).rejects.toMatchObject(wrong);
  });
});

describe('the configurations that can be in force', () => {
  const first = ['a', 'b', 'c'];
  const entries = [
    ...[votersAt(2, ['a', 'b']), entryOf(3), votersAt(4, ['a', 'b', 'd'])],
    ...[votersAt(5, ['a', 'b', 'd', 'e']), entryOf(6)],
  ];
  const [two, four, five] = [
    ['a', 'b'],
    ['a', 'b', 'd'],
    ['a', 'b', 'd', 'e'],
  ];

  it.each([
    [1, [first, two, four, five]],
    [2, [two, four, five]],
    [3, [two, four, five]],
    [4, [four, five]],
    [5, [five]],
    [6, [five]],
  ])(
    'are read: the last one committed and all later ones, at commit %i',
    async (commit, voters) => {
      const write: LogWrite = { entries, hardState: { term: 1, votedFor: undefined, commit } };
      const { init, roster } = await start(await stored(write));
      expect(init.configs.map(({ config }) => config.voters)).toEqual(voters);
      expect(roster.map(({ index, members: found }) => [index, found.map(({ id }) => id)])).toEqual(
        init.configs.map(({ config, index }) => [index, config.voters]),
      );
      const addresses = roster.at(-1)?.members.map(({ address }) => address);
      expect(addresses).toEqual(five?.map((id) => `${id}:2`));
    },
  );

  it('are missing in a log that holds none: such a store is refused', async () => {
    const storage = await storedBy(joiner, {
      entries: [entryOf(1)],
      hardState: { term: 1, votedFor: undefined, commit: 0 },
    });
    await expect(start(storage, joiner)).rejects.toMatchObject({
      ...{ code: 'ERR_STORE_CORRUPT', message: expect.stringMatching(/no members entry/) },
    });
    expect(await reopens(storage)).toBe(true);
  });
});
