// As random-sessions.test.ts, with snapshots every few entries: members crash, lose their stores
// and come back; machines and stores are slow. Nothing that was acknowledged is lost or doubled.

import type { CoxswainError, Session } from 'coxswain';
import { expect, test } from 'vitest';
import { createPrng, nextFloat, nextInteger, type Prng } from '../../src/lib/prng.ts';
import { Fleet, type Hook } from './fleet.ts';
import { BatchReplica, DurableReplica, Replica } from './replica.ts';

const SEEDS = 15;
const STEPS = 60;

interface Said {
  readonly command: string;
  readonly index: number | undefined;
  readonly result: number | undefined;
}

/** Clients of all members: plain proposals, and commands of a session sent again and again. */
class Clients {
  readonly said: Said[] = [];
  readonly #fleet: Fleet;
  readonly #prng: Prng;
  readonly #sessions = new Map<string, Session<string, number>>();
  #next = 0;

  constructor(fleet: Fleet, prng: Prng) {
    this.#fleet = fleet;
    this.#prng = prng;
  }

  act(id: string): void {
    const node = this.#fleet.world.node(id);
    const session = this.#sessions.get(id);
    if (session === undefined) {
      node.openSession({ timeoutMs: 2000 }).then(
        (opened) => void this.#sessions.set(id, opened),
        () => undefined,
      );
    }
    for (let count = nextInteger(this.#prng, 1, 6); count > 0; count--) {
      const command = `command ${this.#next++}`;
      const timeoutMs = nextInteger(this.#prng, 20, 1500);
      const isOnce = session !== undefined && nextFloat(this.#prng) < 0.5;
      const call = (isOnce ? session : node).propose(command, { timeoutMs });
      call.then(
        ({ index, result }) => void this.said.push({ command, index, result }),
        (error: CoxswainError) => this.#failed(command, error, isOnce ? session : undefined),
      );
    }
  }

  gone(id: string): void {
    this.#sessions.delete(id);
  }

  #failed(command: string, error: CoxswainError, session?: Session<string, number>): void {
    const { code, outcome, sequence } = error;
    if (outcome === 'not-applied') {
      this.said.push({ command, index: undefined, result: undefined });
      return;
    }
    expect(outcome, `${code} of ${command}`).toBe('unknown');
    if (session === undefined || sequence === undefined) return;
    session.outcome(sequence, { timeoutMs: 2000 }).then(
      (found) => {
        const index = found.applied ? found.index : undefined;
        this.said.push({ command, index, result: found.applied ? found.result : undefined });
      },
      () => undefined,
    );
  }
}

function slowStore(prng: Prng, fleet: Fleet, maxMs: number): Hook {
  return () => {
    const delayMs = nextFloat(prng) < 0.5 ? 0 : nextInteger(prng, 0, maxMs + 1);
    if (delayMs === 0) return undefined;
    return new Promise((resolve) => void fleet.world.clock.after(delayMs, resolve));
  };
}

function createFleet(prng: Prng): Fleet {
  const ids = 'abcde'.slice(0, nextInteger(prng, 1, 6));
  const kind = nextInteger(prng, 0, 4);
  const slowMs = nextFloat(prng) < 0.5 ? 0 : nextInteger(prng, 1, 40);
  const storeMs = nextFloat(prng) < 0.5 ? 0 : nextInteger(prng, 1, 30);
  const isLazy = nextFloat(prng) < 0.5;
  const kept = new Map<object, { position: { index: number; term: number }; applied: never[] }>();
  return new Fleet({
    ids,
    options: {
      snapshot: {
        everyEntries: nextInteger(prng, 3, 30),
        keepEntries: nextInteger(prng, 0, 10),
        maxHeldBytes: nextFloat(prng) < 0.3 ? 0 : 10_000,
        chunkBytes: nextInteger(prng, 50, 1000),
        maxInflightChunks: nextInteger(prng, 1, 4),
        ...(nextFloat(prng) < 0.3 ? { maxBytesPerSec: 20_000 } : {}),
      },
      limits: {
        maxAppendBytes: nextInteger(prng, 200, 2000),
        memoryWindowBytes: nextInteger(prng, 1, 2000),
        maxApplyBatch: nextInteger(prng, 1, 20),
      },
      requestTimeoutMs: 2000,
      sessions: { idleMs: nextFloat(prng) < 0.3 ? 2000 : 100_000, max: 50 },
    },
    machine: (id, { disks, world: { clock } }) => {
      const delayMs = () => (slowMs === 0 ? 0 : nextInteger(prng, 0, slowMs));
      const ways = { clock, delayMs, isLazy };
      if (kind === 1) return new BatchReplica(ways);
      if (kind !== 2) return new Replica(ways);
      const owner = disks.get(id) as object;
      const disk = kept.get(owner) ?? { position: { index: 0, term: 0 }, applied: [] };
      kept.set(owner, disk);
      return new DurableReplica(ways, disk, 7);
    },
    hook: (_, fleet) => (storeMs === 0 ? undefined : slowStore(prng, fleet, storeMs)),
  });
}

/** What befalls members beside the loss of frames. */
class Fate {
  readonly #fleet: Fleet;
  readonly #prng: Prng;
  readonly #clients: Clients;
  readonly stopped = new Set<string>();

  constructor(fleet: Fleet, prng: Prng, clients: Clients) {
    this.#fleet = fleet;
    this.#prng = prng;
    this.#clients = clients;
  }

  async next(): Promise<void> {
    const { running, world } = this.#fleet;
    const id = running[nextInteger(this.#prng, 0, running.length)];
    const what = nextFloat(this.#prng);
    if (id !== undefined && what < 0.6) this.#clients.act(id);
    else if (id !== undefined && what < 0.7) world.network.isolate(id);
    else if (what < 0.8) world.network.heal();
    else if (id !== undefined && what < 0.9 && running.length > 1) await this.#end(id);
    else if (id !== undefined && what < 0.93) {
      world
        .node(id)
        .takeSnapshot({ timeoutMs: 1000 })
        .catch(() => undefined);
    } else if (id !== undefined && what < 0.95) await this.#wipe(id);
    else await this.startAll();
    await world.clock.advance(nextInteger(this.#prng, 0, 150));
  }

  async startAll(): Promise<void> {
    for (const each of this.stopped) await this.#fleet.world.value(this.#fleet.start(each));
    this.stopped.clear();
  }

  async #end(id: string): Promise<void> {
    this.stopped.add(id);
    this.#clients.gone(id);
    if (nextFloat(this.#prng) < 0.5) await this.#fleet.crash(id);
    else await this.#fleet.stop(id);
  }

  /** It loses all it had, and is made a new member. */
  async #wipe(id: string): Promise<void> {
    const { world } = this.#fleet;
    const leader = [...world.nodes.values()].find((node) => node.status().role === 'leader');
    if (leader === undefined || leader.id === id || this.stopped.size > 0) return;
    world.network.heal();
    const removed = await world.settled(leader.removeMember(id, { timeoutMs: 5000 }));
    if (removed.status === 'rejected') return;
    this.#clients.gone(id);
    await this.#fleet.crash(id);
    await world.value(this.#fleet.join(id));
    leader.changeMembers({ add: [{ id, address: id }] }, { timeoutMs: 20_000 }).catch(() => {});
  }
}

async function runSeed(seed: number): Promise<{ said: readonly Said[]; received: number }> {
  const prng = createPrng(seed);
  const fleet = createFleet(prng);
  const { world } = fleet;
  const { clock, network } = world;
  await fleet.startAll();
  await clock.advance(2000);
  network.drop = nextFloat(prng) * 0.3;
  network.duplicate = nextFloat(prng) * 0.3;
  network.delayMs = [0, nextInteger(prng, 0, 30)];
  const clients = new Clients(fleet, prng);
  const fate = new Fate(fleet, prng, clients);
  for (let at = 0; at < STEPS; at++) await fate.next();
  network.heal();
  network.drop = 0;
  network.duplicate = 0;
  await fate.startAll();
  await clock.advance(10_000);
  expect(world.faults.map(String), `seed ${seed}: no node stops`).toEqual([]);
  const leader = await fleet.leader();
  await world.value(leader.propose('the end', { timeoutMs: 60_000 }));
  await clock.advance(3000);
  const members = new Set(leader.members().effective.voters.map((m) => m.id));
  const ids = fleet.running.filter((id) => members.has(id));
  const logs = ids.map((id) => fleet.replica(id).applied);
  const statuses = ids.map((id) => world.node(id).status());
  for (const log of logs) expect(log, `seed ${seed}: machines agree`).toEqual(logs[0]);
  expect(new Set(statuses.map(({ sessions }) => sessions)).size, `seed ${seed}: tables`).toBe(1);
  for (const { snapshot, base } of statuses) {
    expect(base, `seed ${seed}: the base`).toBeLessThanOrEqual(snapshot?.index ?? 0);
  }
  check(seed, logs[0] ?? [], clients.said);
  const taken = await world.settled(Promise.all(ids.map((id) => world.node(id).takeSnapshot())));
  expect(taken.status, `seed ${seed}: snapshots are taken`).toBe('fulfilled');
  expect(world.faults.map(String), `seed ${seed}: no node stops`).toEqual([]);
  await world.close();
  const received = ids.filter((id) => fleet.replica(id).restores.length > 0).length;
  return { said: clients.said, received };
}

function check(seed: number, log: Replica['applied'], said: readonly Said[]): void {
  const places = new Map(log.map(({ command }, place) => [command, place]));
  expect(places.size, `seed ${seed}: nothing is applied twice`).toBe(log.length);
  for (const { command, index, result } of said) {
    const place = places.get(command);
    expect(log[place ?? -1]?.index, `seed ${seed}: what was said of ${command}`).toBe(index);
    if (result !== undefined) expect(result).toBe((place ?? 0) + 1);
  }
}

test(`with snapshots every few entries ${SEEDS} seeds lose nothing (S1, S4, S8)`, async () => {
  let [said, restored] = [0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const ran = await runSeed(seed);
    said += ran.said.length;
    restored += ran.received;
  }
  expect(said).toBeGreaterThan(SEEDS * 20);
  expect(restored).toBeGreaterThan(SEEDS / 2);
});
