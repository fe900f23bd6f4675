// A leader whose store, machine or event loop stands still makes room for another, once.
import { MemoryStorage, type StallEvent, type Storage } from 'coxswain';
import { afterEach, describe, expect, test } from 'vitest';
import { Recorder } from './harness.ts';
import { type Node, type Options, storageWith, World } from './nodes.ts';
import { OwnClock } from './own-clock.ts';

const ELECTION_MAX_MS = 300;

let world: World;
afterEach(async () => {
  await world.close();
  expect(world.faults).toEqual([]);
});

/** Something that hangs while it is told to; whoever waits goes on when it is not any more. */
class Gate {
  #waiting: (() => void)[] | undefined;

  shut(): void {
    this.#waiting ??= [];
  }

  open(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const resolve of waiting) resolve();
  }

  async pass<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#waiting !== undefined) {
      await new Promise<void>((resolve) => void this.#waiting?.push(resolve));
    }
    return work();
  }
}

function hangingStorage(gate: Gate): Storage {
  const storage = new MemoryStorage();
  return storageWith(storage, { write: (batch) => gate.pass(() => storage.log.write(batch)) });
}

class HangingMachine extends Recorder {
  readonly #gate: Gate;

  constructor(gate: Gate) {
    super();
    this.#gate = gate;
  }

  override apply(...args: Parameters<Recorder['apply']>): Promise<number> {
    return this.#gate.pass(() => super.apply(...args));
  }
}

/** Members of which each has a gate of its own; a leads. */
async function startGated(ids: string, optionsOf: (gate: Gate) => Partial<Options>) {
  world = new World(ids);
  const gates = new Map<string, Gate>();
  const stalls: StallEvent[] = [];
  for (const id of ids) {
    const gate = new Gate();
    gates.set(id, gate);
    const node = await world.open(id, optionsOf(gate));
    if (id === 'a') node.on('stall', (event) => void stalls.push(event));
  }
  const leader = await world.elect('a');
  await world.value(leader.propose('first'));
  return { gates, gate: gates.get('a') as Gate, leader, stalls };
}

const withStore = (gate: Gate) => ({ storage: hangingStorage(gate) });
const withMachine = (gate: Gate) => ({ stateMachine: new HangingMachine(gate) });
const leaders = () => world.ids.filter((id) => world.node(id).status().role === 'leader');
const commands = (node: Node) => world.value(node.read(undefined));

describe('a leader lets go (RA4)', () => {
  test.each([
    ['store', withStore],
    ['apply', withMachine],
  ] as const)('when its %s hangs, and loses nothing (F12, O4)', async (what, optionsOf) => {
    const { gate, leader, stalls } = await startGated('abc', optionsOf);
    const { term } = leader.status();
    gate.shut();
    const early = leader.propose('early', { timeoutMs: 30_000 });
    await world.clock.advance(140);
    expect(leader.status()).toMatchObject({ role: 'leader', term });
    await world.clock.advance(60);
    expect(leader.status()).toMatchObject({ role: 'follower', term: term + 1 });
    const [next = ''] = leaders();
    expect(['b', 'c']).toContain(next);
    await world.value(world.node(next).propose('later'));
    expect(await commands(world.node(next))).toEqual(['first', 'early', 'later']);
    expect(stalls).toEqual([{ what, forMs: 150, ended: false }]);
    gate.open();
    expect((await world.value(early)).result).toBe(2);
    expect(await commands(leader)).toEqual(['first', 'early', 'later']);
    expect(stalls).toHaveLength(2);
    expect(stalls[1]).toMatchObject({ what, ended: true });
    await world.clock.advance(10 * ELECTION_MAX_MS);
    expect(leaders()).toEqual([next]);
  });

  test('when its event loop was late, and what had come meanwhile is handled', async () => {
    world = new World('abc');
    const clock = new OwnClock(world.clock);
    const stalls: StallEvent[] = [];
    const leader = await world.open('a', { clock, stall: { loopMs: 60 } });
    leader.on('stall', (event) => void stalls.push(event));
    for (const id of 'bc') await world.open(id);
    await world.elect('a');
    const { term } = leader.status();
    clock.stall();
    await world.clock.advance(100);
    clock.goOn();
    await world.clock.advance(10);
    expect(stalls).toEqual([{ what: 'loop', forMs: expect.any(Number), ended: true }]);
    expect(leader.status()).toMatchObject({ role: 'follower', term: term + 1 });
    expect(leaders()).toHaveLength(1);
  });

  test('only if another takes over: who stalls, too, does not', async () => {
    const { gates, leader } = await startGated('abc', withStore);
    for (const gate of gates.values()) gate.shut();
    const { term } = leader.status();
    const call = leader.propose('slow', { timeoutMs: 60_000 });
    await world.clock.advance(20 * ELECTION_MAX_MS);
    expect(leader.status()).toMatchObject({ role: 'leader', term });
    for (const gate of gates.values()) gate.open();
    expect((await world.value(call)).result).toBe(2);
  });

  test('not when it is the only voter', async () => {
    const { gate, leader, stalls } = await startGated('a', withStore);
    const { term } = leader.status();
    gate.shut();
    const call = leader.propose('slow', { timeoutMs: 60_000 });
    await world.clock.advance(5000);
    expect(leader.status()).toMatchObject({ role: 'leader', term });
    gate.open();
    expect((await world.value(call)).result).toBe(2);
    expect(stalls.map(({ ended }) => ended)).toEqual([false, true]);
  });

  test('not below its bound: heartbeats and commits need no disk of its own (F12)', async () => {
    const { gate, leader } = await startGated('abc', withStore);
    leader.configure({ stall: { storeMs: 100_000 } });
    const { term } = leader.status();
    gate.shut();
    const call = leader.propose('slow', { timeoutMs: 60_000 });
    await world.clock.advance(5000);
    expect(leader.status()).toMatchObject({ role: 'leader', term });
    expect(leader.status().commit).toBeGreaterThan(leader.status().durable);
    gate.open();
    await world.value(call);
  });

  test('and has its exclusive work told to stop before anybody else begins some', async () => {
    const { gate, leader } = await startGated('abc', withStore);
    const log: string[] = [];
    const work = (id: string) => {
      return world.node(id).whileLeader(async ({ signal }) => {
        log.push(`${id} begins`);
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            log.push(`${id} stops`);
            resolve();
          });
        });
      });
    };
    for (const id of 'abc') void work(id).catch(() => undefined);
    await world.clock.advance(50);
    gate.shut();
    void leader.propose('x').catch(() => undefined);
    await world.clock.advance(300);
    const [next = ''] = leaders();
    expect(log).toEqual(['a begins', 'a stops', `${next} begins`]);
    gate.open();
  });
});

describe('a cluster in which everyone is slow (RA4)', () => {
  test.each([160, 400])('with writes of %i ms keeps its leader, and makes progress', async (ms) => {
    world = new World('abc');
    const { clock } = world;
    let writeMs = 0;
    for (const id of 'abc') {
      const storage = new MemoryStorage();
      const write: Storage['log']['write'] = async (batch) => {
        if (writeMs > 0) await new Promise<void>((resolve) => void clock.after(writeMs, resolve));
        return storage.log.write(batch);
      };
      await world.open(id, { storage: storageWith(storage, { write }) });
    }
    const leader = await world.elect('a');
    const { term } = leader.status();
    writeMs = ms;
    for (let at = 1; at <= 20; at++) {
      const call = leader.propose(`c${at}`, { timeoutMs: 60_000 });
      expect((await world.value(call)).result).toBe(at);
    }
    expect(clock.now()).toBeGreaterThan(10 * ELECTION_MAX_MS);
    expect(leader.status()).toMatchObject({ role: 'leader', term });
  });
});
