// What goes wrong on the way of entries from a leader to its followers.
import { MemoryStorage } from 'coxswain';
import { afterEach, describe, expect, test } from 'vitest';
import { slowEntries, storageWith, World } from './nodes.ts';

let world = new World('abc');

afterEach(() => world.close());

describe('a follower', () => {
  test('behind a link where big frames take five heartbeats still gets entries', async () => {
    world = new World('abc');
    const { clock, network } = world;
    let delay = 0;
    for (const id of world.ids) {
      const transport = slowEntries(network.transport(id), clock, () => delay);
      await world.open(id, { transport });
    }
    const leader = await world.elect('a');
    delay = 100;
    const result = await world.settled(leader.propose('x', { timeoutMs: 20_000 }));
    expect(result).toEqual({ status: 'fulfilled', value: expect.anything() });
  });

  test('that is far behind a leader whose reads take five heartbeats catches up', async () => {
    world = new World('abc');
    const { clock, network } = world;
    const limits = { memoryWindowBytes: 10, maxAppendBytes: 200 };
    for (const id of world.ids) {
      const storage = new MemoryStorage();
      const slow = storageWith(storage, {
        read: (from, until, most) =>
          new Promise((resolve, reject) => {
            clock.after(100, () => void storage.log.read(from, until, most).then(resolve, reject));
          }),
      });
      await world.open(id, { storage: slow, limits });
    }
    const leader = await world.elect('a');
    network.isolate('c');
    for (let at = 0; at < 30; at++) await world.value(leader.propose(`${at}`));
    network.heal();
    await clock.advance(20_000);
    expect(world.node('c').status().applied).toBeGreaterThan(30);
  });

  test('gets every append that the limits allow within one frame', async () => {
    world = new World('abc', 20_000);
    const limits = { maxCommandBytes: 15_000, maxAppendBytes: 15_900 };
    for (const id of world.ids) await world.open(id, { limits });
    const leader = await world.elect('a');
    const calls: Promise<unknown>[] = [];
    for (let at = 0; at < 2000; at++) {
      calls.push(leader.propose('x', { timeoutMs: 20_000 }), leader.read());
    }
    const result = await world.settled(Promise.all(calls));
    expect(result).toEqual({ status: 'fulfilled', value: expect.anything() });
  });
});

describe('a leader that reads old entries from its store', () => {
  test('and is deposed meanwhile does not stop', async () => {
    world = new World('abc');
    const { clock, network } = world;
    const storages = new Map(world.ids.map((id) => [id, new MemoryStorage()]));
    let gate: Promise<void> | undefined;
    const limits = { memoryWindowBytes: 1 };
    for (const id of world.ids) {
      const storage = storages.get(id) as MemoryStorage;
      const read = async (from: number, until: number, most: number) => {
        await gate;
        return storage.log.read(from, until, most);
      };
      await world.open(id, { storage: storageWith(storage, { read }), limits });
    }
    const leader = await world.elect('a');
    await clock.advance(50);
    // b falls behind; a and c go on; then a is alone with entries that nobody else has.
    network.isolate('b');
    for (let at = 0; at < 5; at++) await world.value(leader.propose(`old ${at}`));
    await clock.advance(50);
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    network.cut('a', 'c');
    for (let at = 0; at < 5; at++) void leader.propose(`lost ${at}`).catch(() => undefined);
    await clock.advance(5);
    expect(leader.status().role).toBe('leader');
    // a hears b again: b answers, a reads what b misses from its store, and the read hangs.
    network.cutOneWay('b', 'c');
    network.heal();
    network.cut('a', 'c');
    network.cut('b', 'c');
    await clock.advance(60);
    expect(leader.status().role).toBe('leader');
    network.heal();
    network.isolate('a');
    await clock.until(() => world.node('c').status().role === 'leader');
    const next = world.node('c');
    network.heal();
    await clock.until(() => leader.status().term === next.status().term);
    await clock.advance(100);
    open();
    await clock.advance(100);
    expect(world.faults).toEqual([]);
    await world.value(next.propose('new'));
    expect(leader.status().applied).toBe(next.status().applied);
  });
});

describe('a follower that is asked', () => {
  test('reads all that was committed when it asked, however slow its own disk is', async () => {
    world = new World('abc');
    const { clock } = world;
    const storage = new MemoryStorage();
    const slow = storageWith(storage, {
      write: async (batch) => {
        await new Promise<void>((resolve) => void clock.after(200, resolve));
        await storage.log.write(batch);
      },
    });
    await Promise.all([world.open('a'), world.open('b')]);
    const opening = world.open('c', { storage: slow });
    await world.value(opening);
    const leader = await world.elect('a');
    await world.value(leader.propose('x'));
    expect(await world.value(world.node('c').read())).toEqual(['x']);
  });
});
