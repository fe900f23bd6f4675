// Options that change while a cluster runs: every part goes by what they are now.
import { afterEach, describe, expect, test } from 'vitest';
import { isInstant, World } from './nodes.ts';

let world: World;
afterEach(async () => {
  await world.close();
  expect(world.faults).toEqual([]);
});

async function start(ids = 'abc') {
  world = new World(ids);
  for (const id of ids) await world.open(id);
  return world.elect('a');
}

describe('configure', () => {
  test('bounds what waits from now on, and gives room again', async () => {
    const leader = await start();
    const full = { code: 'ERR_QUEUE_FULL' };
    world.network.isolate('a');
    leader.configure({ limits: { maxQueuedProposals: 1, maxQueuedReads: 1 } });
    const calls: Promise<unknown>[] = [leader.propose('1'), leader.read(undefined)];
    await expect(leader.propose('2')).rejects.toMatchObject(full);
    await expect(leader.read(undefined)).rejects.toMatchObject(full);
    leader.configure({ limits: { maxQueuedProposals: 3, maxQueuedReads: 3 } });
    calls.push(leader.propose('2'), leader.read(undefined));
    world.network.heal();
    for (const call of calls) expect((await world.settled(call)).status).toBe('fulfilled');
  });

  test('bounds members, sessions, and the time for a request', async () => {
    const leader = await start();
    leader.configure({ limits: { maxMembers: 3 }, sessions: { max: 1 } });
    const another = leader.addLearner({ id: 'd', address: 'd' });
    await expect(another).rejects.toThrow(/maxMembers, 3/);
    await world.value(leader.openSession());
    const second = await world.settled(leader.openSession());
    expect(second).toMatchObject({ reason: { code: 'ERR_QUEUE_FULL' } });
    const third = await world.settled(world.node('b').openSession());
    expect(third).toMatchObject({ reason: { code: 'ERR_QUEUE_FULL' } });
    leader.configure({ sessions: { max: 2 } });
    await world.value(world.node('b').openSession());
    world.network.isolate('a');
    leader.configure({ requestTimeoutMs: 30 });
    const late = world.settled(leader.propose('late'));
    await world.clock.advance(40);
    expect(await late).toMatchObject({ reason: { code: 'ERR_TIMEOUT' } });
  });

  test('keeps no more of the log in memory than it says', async () => {
    const leader = await start();
    leader.configure({ limits: { memoryWindowBytes: 1, maxAppendBytes: 1 } });
    for (let at = 0; at < 20; at++) await world.value(leader.propose(`c${at}`));
    world.network.isolate('c');
    for (let at = 20; at < 40; at++) await world.value(leader.propose(`c${at}`));
    world.network.heal();
    expect(await world.value(world.node('c').read(undefined))).toHaveLength(40);
  });

  test('cuts the lease when clocks may drift more, and beats as often as it says', async () => {
    const leader = await start();
    await world.value(leader.propose('x'));
    await world.clock.advance(100);
    const byLease = () => leader.read(undefined, { consistency: 'lease' });
    expect(await isInstant(byLease())).toBe(true);
    leader.configure({ lease: { maxClockDrift: 0.9 } });
    await world.clock.settle();
    // A lease of 15 ms, less 10 for jumps that go unseen: the heartbeats are 20 ms apart.
    await world.clock.advance(19);
    expect(await isInstant(byLease())).toBe(false);
    leader.configure({ heartbeatMs: 2 });
    await world.clock.advance(50);
    expect(await isInstant(byLease())).toBe(true);
  });

  test('changes nothing when a part of it is refused', async () => {
    const leader = await start();
    const bad = { limits: { maxQueuedProposals: 1 }, electionTimeoutMs: [1, 2] };
    expect(() => leader.configure(bad)).toThrow(/^electionTimeoutMs is .*open it anew/);
    await world.value(Promise.all([leader.propose('1'), leader.propose('2')]));
  });

  test('throws ERR_CLOSED once the node is closed', async () => {
    const leader = await start('a');
    await world.value(leader.close());
    const closed = expect.objectContaining({ code: 'ERR_CLOSED' });
    expect(() => leader.configure({ heartbeatMs: 5 })).toThrow(closed);
  });
});
