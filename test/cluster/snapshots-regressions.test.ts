// What was found wrong with snapshots of whole nodes, once.

import type { SnapshotSource } from 'coxswain';
import { afterEach, describe, expect, it } from 'vitest';
import { Fleet, type FleetOptions } from './fleet.ts';
import { Replica } from './replica.ts';

const few = { everyEntries: 10, keepEntries: 0, chunkBytes: 100 };
let fleet: Fleet;

afterEach(() => fleet.world.close());

async function start(more: Partial<FleetOptions> = {}): Promise<Fleet> {
  fleet = new Fleet({ ids: 'abc', options: { snapshot: few, requestTimeoutMs: 1000 }, ...more });
  await fleet.startAll();
  await fleet.world.elect('a');
  return fleet;
}

describe('a member whose snapshot takes long', () => {
  it('goes on when one was installed meanwhile, and entries after it (S2)', async () => {
    let release = (): void => undefined;
    class Slow extends Replica {
      override async snapshot(): Promise<SnapshotSource> {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return super.snapshot();
      }
    }
    const machine: FleetOptions['machine'] = (id, { world: { clock } }) =>
      id === 'c' ? new Slow({ clock }) : new Replica({ clock });
    const { world } = await start({ machine });
    await fleet.propose(12);
    await world.clock.advance(100);
    world.network.isolate('c');
    await fleet.propose(30, 'd');
    world.network.heal();
    await world.clock.until(() => world.node('c').status().base > 20);
    await fleet.propose(3, 'e');
    await world.clock.advance(200);
    release();
    await fleet.inStep();
    expect(world.faults).toEqual([]);
    expect(fleet.replica('c').applied).toEqual(fleet.replica('a').applied);
  });
});

describe('a snapshot of a member that was given one', () => {
  it('can be taken though nothing was proposed since (S8)', async () => {
    let isSlow = true;
    const { world } = await start({
      machine: (id, { world: { clock } }) =>
        new Replica({ clock, delayMs: () => (id === 'c' && isSlow ? 500 : 0) }),
    });
    world.network.isolate('c');
    await fleet.propose(30);
    world.network.heal();
    const c = world.node('c');
    await world.clock.until(() => c.status().base > 20);
    await fleet.propose(5, 'e');
    isSlow = false;
    await fleet.inStep();
    await world.clock.advance(100);
    const { applied } = c.status();
    expect(await world.value(c.takeSnapshot())).toEqual({ index: applied });
  });
});

describe('the store of a member', () => {
  it('is asked for nothing new while it removes what is old', async () => {
    const underWay = new Set<string>();
    const together: string[] = [];
    const { world } = await start({
      hook:
        (id, { world: { clock } }) =>
        (call, when) => {
          const name = `${id} ${call}`;
          if (when === 'end') {
            underWay.delete(name);
            return undefined;
          }
          underWay.add(name);
          const makesOne = call === 'save' || call === 'commit';
          if (makesOne && underWay.has(`${id} prune`)) together.push(name);
          if (call !== 'prune') return undefined;
          return new Promise((resolve) => void clock.after(200, resolve));
        },
    });
    world.network.isolate('c');
    await fleet.propose(30);
    world.network.heal();
    await fleet.propose(40, 'd');
    await fleet.inStep();
    await world.clock.advance(2000);
    expect(together).toEqual([]);
    for (const id of 'abc') expect(world.node(id).status().snapshot?.index).toBeGreaterThan(40);
  });
});

describe('a machine that cannot give a snapshot', () => {
  const broken: Record<string, () => SnapshotSource | Promise<SnapshotSource>> = {
    'at once': () => {
      throw new Error('no snapshot');
    },
    'a little later': () => Promise.reject(new Error('no snapshot')),
    'half way': async function* () {
      yield new Uint8Array(100_000);
      throw new Error('no snapshot');
    },
    'with something that is no bytes': () => ['text'] as unknown as Uint8Array[],
  };

  it.each(Object.keys(broken))('stops its node, which says so: %s', async (how) => {
    class Broken extends Replica {
      override snapshot(): SnapshotSource | Promise<SnapshotSource> {
        return (broken[how] as () => SnapshotSource)();
      }
    }
    const { world } = await start({
      machine: (id, { world: { clock } }) =>
        id === 'c' ? new Broken({ clock }) : new Replica({ clock }),
    });
    await fleet.propose(15);
    await world.clock.advance(500);
    expect(world.faults).toMatchObject([{ code: 'ERR_STATE_MACHINE' }]);
    await fleet.propose(5, 'd');
  });
});
