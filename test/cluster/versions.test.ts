// Versions of the machine (RA19, B5): they rise for all members at one entry, once all of them can.
import { type ApplyContext, MemoryStorage } from 'coxswain';
import { afterEach, describe, expect, test } from 'vitest';
import { Recorder } from './harness.ts';
import { type Node, type Options, World } from './nodes.ts';

/** Behaves as the log says: what it applies is named after the version. */
class Versioned extends Recorder {
  readonly version: number;

  constructor(version: number) {
    super();
    this.version = version;
  }

  override apply(command: string, context: ApplyContext): number | Promise<number> {
    return super.apply(`${command} v${context.machineVersion}`, context);
  }
}

let world = new World('abc');
let storages = new Map<string, MemoryStorage>();
let machines = new Map<string, Versioned>();

afterEach(() => world.close());

function begin(): void {
  world = new World('abc');
  storages = new Map([...'abc'].map((id) => [id, new MemoryStorage()]));
  machines = new Map();
}

async function run(id: string, version: number, more: Partial<Options> = {}): Promise<Node> {
  await world.settled(world.nodes.get(id)?.close() ?? Promise.resolve());
  const stateMachine = new Versioned(version);
  machines.set(id, stateMachine);
  const storage = storages.get(id) ?? new MemoryStorage();
  return world.open(id, { stateMachine, storage, ...more });
}

async function propose(text: string): Promise<void> {
  const find = () =>
    [...'abc'].map((id) => world.node(id)).find((node) => node.status().role === 'leader');
  await world.clock.until(() => find() !== undefined);
  await world.value(find()?.propose(text) ?? Promise.reject(new Error('no leader')));
}

const versions = () => [...'abc'].map((id) => world.node(id).status().machineVersion);

describe('a version', () => {
  test('rises at one entry for all, when the last of them was upgraded', async () => {
    begin();
    for (const id of 'abc') await run(id, 1);
    await world.elect('a');
    await propose('old');
    for (const id of 'cba') {
      expect(versions()).toEqual([1, 1, 1]);
      await run(id, 2);
      await propose(`after ${id}`);
      if (id !== 'a') await world.clock.advance(2000);
    }
    await world.clock.until(() => versions().every((version) => version === 2));
    await propose('new');
    await world.clock.advance(100);
    const [first = []] = [...machines.values()].map((machine) => machine.query());
    for (const machine of machines.values()) expect(machine.query()).toEqual(first);
    const said = first.map((each) => each.slice(-1));
    expect(said).toEqual([...said].sort());
    expect(first).toContain('old v1');
    expect(first).toContain('after c v1');
    expect(first.at(-1)).toBe('new v2');
    expect(world.node('a').metrics().gauges.machineVersion).toBe(2);
    const { last } = world.node('a').status();
    await world.clock.advance(5000);
    // Once is enough.
    expect(world.node('a').status().last).toBe(last);
  });

  test('is the lowest that all of them have', async () => {
    begin();
    await run('a', 4);
    await run('b', 3);
    await run('c', 5);
    await world.elect('a');
    await world.clock.advance(1000);
    expect(versions()).toEqual([3, 3, 3]);
  });

  test('does not rise as long as a member is older, or is not heard', async () => {
    begin();
    await run('a', 2);
    await run('b', 2);
    await run('c', 1);
    await world.elect('a');
    await world.clock.advance(3000);
    expect(versions()).toEqual([1, 1, 1]);
    await world.settled(world.node('c').close());
    await world.clock.advance(3000);
    expect(world.node('a').status().machineVersion).toBe(1);
    await run('c', 2);
    await world.clock.advance(1000);
    expect(versions()).toEqual([2, 2, 2]);
  });

  test('does not rise by what a member said before it ran older code again', async () => {
    begin();
    await run('a', 2);
    await run('b', 1);
    await run('c', 2);
    await world.elect('a');
    await world.clock.advance(1000);
    await run('c', 1);
    await world.clock.advance(2000);
    await run('b', 2);
    await world.clock.advance(2000);
    expect(versions()).toEqual([1, 1, 1]);
    expect(world.faults).toEqual([]);
  });

  test('waits for learners, too', async () => {
    begin();
    for (const id of 'abc') await run(id, 2);
    const old = new Versioned(1);
    const learner = await world.join('d', { stateMachine: old });
    world.network.cutOneWay('b', 'a');
    await world.elect('a');
    await world.value(world.node('a').addLearner({ id: 'd', address: 'd' }));
    world.network.heal();
    await world.clock.advance(2000);
    expect(versions()).toEqual([1, 1, 1]);
    expect(learner.status().machineVersion).toBe(1);
    await world.value(world.node('a').removeMember('d'));
    await world.clock.advance(2000);
    expect(versions()).toEqual([2, 2, 2]);
  });

  test('is carried by snapshots', async () => {
    begin();
    const snapshot = { everyEntries: 10, keepEntries: 1 };
    for (const id of 'abc') await run(id, 2, { snapshot });
    await world.elect('a');
    await world.clock.advance(1000);
    for (let at = 0; at < 40; at++) await propose(`${at}`);
    await run('b', 2, { snapshot });
    expect(world.node('b').status().base).toBeGreaterThan(0);
    await world.clock.advance(1000);
    expect(world.node('b').status().machineVersion).toBe(2);
    await propose('after');
    await world.clock.advance(100);
    expect(machines.get('b')?.query().at(-1)).toBe('after v2');
  });

  test('above what a member has stops it, and it says why (B5)', async () => {
    begin();
    for (const id of 'abc') await run(id, 2);
    await world.elect('a');
    await world.clock.advance(1000);
    expect(versions()).toEqual([2, 2, 2]);
    await run('c', 1);
    await world.clock.advance(1000);
    expect(world.faults).toMatchObject([{ code: 'ERR_VERSION_UNSUPPORTED' }]);
    expect(String(world.faults[0])).toMatch(/version 2 from entry \d+ on; this one has 1/);
    await propose('the others go on');
    expect(versions().slice(0, 2)).toEqual([2, 2]);
  });

  test('rises by itself where there is only one member', async () => {
    world = new World('a');
    const node = await world.open('a', { stateMachine: new Versioned(3) });
    await world.elect('a');
    await world.clock.advance(100);
    expect(node.status().machineVersion).toBe(3);
  });
});
