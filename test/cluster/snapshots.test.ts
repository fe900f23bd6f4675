// Snapshots of whole nodes: taken by themselves, sent to whoever needs what the log has no more.
import { afterEach, describe, expect, it } from 'vitest';
import { type Harness, startCluster } from './harness.ts';

const few = { everyEntries: 10, keepEntries: 5, chunkBytes: 100 };
let world: Harness;

afterEach(() => world.cluster.close());

async function proposeMany(count: number, from = 0): Promise<void> {
  const leader = await world.leader();
  for (let at = from; at < from + count; at++) await world.value(leader.propose(`${at}`));
}

describe('a snapshot', () => {
  it('is taken by itself, on every member, and the log before it goes', async () => {
    world = await startCluster({ snapshot: few });
    await proposeMany(50);
    await world.clock.advance(100);
    for (const node of world.cluster.nodes) {
      const { applied, base, snapshot } = node.status();
      expect(snapshot?.index).toBeGreaterThan(applied - 11);
      expect(base).toBe((snapshot?.index ?? 0) - 5);
    }
  });

  it('brings back a member that was away while writes go on', async () => {
    world = await startCluster({ snapshot: few });
    await proposeMany(5);
    const { id } = world.cluster.nodes.find((node) => node.status().role !== 'leader') ?? {};
    await world.cluster.stop(id ?? '');
    await proposeMany(50, 5);
    const origins: string[] = [];
    const back = await world.cluster.start(id ?? '');
    back.on('snapshot', ({ origin }) => void origins.push(origin));
    await proposeMany(30, 55);
    const leader = await world.leader();
    await world.clock.until(() => back.status().applied === leader.status().commit);
    expect(origins).toContain('received');
    const all = Array.from({ length: 85 }, (_, at) => `${at}`);
    expect(world.machines.get(id ?? '')?.query()).toEqual(all);
  });

  it('is what a member that is started again begins with', async () => {
    world = await startCluster({ snapshot: few, size: 1 });
    await proposeMany(33);
    await world.clock.advance(100);
    await world.cluster.stop('a');
    const node = await world.cluster.start('a');
    await world.leader();
    await world.value(node.propose('last'));
    expect(world.machines.get('a')?.query()).toHaveLength(34);
    expect(node.status().base).toBeGreaterThan(0);
  });
});
