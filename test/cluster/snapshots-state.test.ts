// What a snapshot of a whole node holds, and what it takes the place of.
import type { CoxswainError } from 'coxswain';
import { afterEach, describe, expect, it } from 'vitest';
import { Fleet, type FleetOptions } from './fleet.ts';
import { BatchReplica, type Disk, DurableReplica, Replica } from './replica.ts';

const few = { everyEntries: 10, keepEntries: 0, chunkBytes: 200 };
let fleet: Fleet;

afterEach(() => fleet.world.close());

async function start(more: Partial<FleetOptions> = {}): Promise<Fleet> {
  fleet = new Fleet({ ids: 'abc', options: { snapshot: few, requestTimeoutMs: 1000 }, ...more });
  await fleet.startAll();
  await fleet.world.elect('a');
  return fleet;
}

async function expectSame(ids = 'abc'): Promise<void> {
  await fleet.inStep();
  const [first, ...others] = [...ids].map((id) => fleet.replica(id).applied);
  for (const other of others) expect(other).toEqual(first);
  expect(fleet.world.faults).toEqual([]);
}

/** It leads from now on. */
async function handTo(id: string): Promise<void> {
  const leader = await fleet.leader();
  await fleet.world.value(leader.transferLeadership(id));
}

const addressed = (id: string) => ({ id, address: id });

describe('an install', () => {
  it('takes the place of a log nobody else had: its proposals are unknown (S2, X5)', async () => {
    const { world } = await start();
    world.network.isolate('a');
    const a = world.node('a');
    const lost = Array.from({ length: 5 }, (_, at) =>
      a.propose(`lost${at}`, { timeoutMs: 60_000 }),
    );
    const outcomes = Promise.allSettled(lost);
    await world.elect('b');
    await fleet.propose(40);
    world.network.heal();
    const settled = await world.value(outcomes);
    for (const each of settled) {
      expect(each).toMatchObject({ status: 'rejected', reason: { outcome: 'unknown' } });
    }
    await expectSame();
    expect(fleet.replica('a').restores).toHaveLength(1);
    expect(fleet.replica('a').query().join()).not.toContain('lost');
  });

  it('puts its members in the place of a change that was not committed (M8)', async () => {
    const { world } = await start();
    world.network.isolate('a');
    const a = world.node('a');
    const change = a.changeMembers({ learners: [addressed('x')] }, { timeoutMs: 5000 });
    const ended = Promise.allSettled([change]);
    await world.clock.advance(20);
    expect(a.members().effective.learners).toEqual([addressed('x')]);
    await world.elect('b');
    await fleet.propose(40);
    world.network.heal();
    await world.value(ended);
    await expectSame();
    expect(a.members().effective).toEqual(world.node('b').members().effective);
    expect(a.members().effective.learners).toEqual([]);
    await handTo('a');
    await fleet.propose(3, 'led by a');
  });
});

describe('a member that has lost its store', () => {
  it('rejoins by a snapshot, and restarts and leads like any other (S8)', async () => {
    const { world } = await start();
    await fleet.propose(30);
    const a = world.node('a');
    await world.value(a.removeMember('c'));
    await fleet.crash('c');
    await world.value(fleet.join('c'));
    await world.value(a.changeMembers({ add: [addressed('c')] }));
    expect(fleet.replica('c').restores).toHaveLength(1);
    await fleet.stop('c');
    await world.value(fleet.start('c'));
    await expectSame();
    await handTo('c');
    await fleet.propose(5, 'led by c');
    await expectSame();
  });

  it('that never saw who came, and when, can speak to all of them (S9)', async () => {
    const { world } = await start();
    for (const id of 'de') {
      await world.value(fleet.join(id));
      await world.value(world.node('a').changeMembers({ add: [addressed(id)] }));
    }
    await fleet.propose(30);
    await world.value(fleet.join('f'));
    await world.value(world.node('a').changeMembers({ add: [addressed('f')] }));
    expect(fleet.replica('f').restores.length).toBeGreaterThan(0);
    expect(
      world
        .node('f')
        .members()
        .effective.voters.map(({ address }) => address)
        .sort(),
    ).toEqual([...'abcdef']);
    for (const id of 'abc') await fleet.stop(id);
    for (const id of 'bc') await world.value(fleet.start(id));
    await world.elect('f');
    await fleet.propose(5, 'led by f');
    await expectSame('bcdef');
    await world.value(world.node('f').takeSnapshot());
    await fleet.stop('f');
    const again = await world.value(fleet.start('f'));
    const found = again.members().effective.voters.map(({ address }) => address);
    expect(found.sort()).toEqual([...'abcdef']);
  });
});

describe('a session', () => {
  it('is in a snapshot: a command is applied once, with one result (S9, X1)', async () => {
    const { world } = await start();
    const session = await world.value(world.node('b').openSession());
    world.network.cutOneWay('a', 'b');
    const lost = await world.settled(session.propose('once', { timeoutMs: 500 }));
    const { outcome, sequence = 0 } = (lost as { reason: CoxswainError }).reason;
    expect(outcome).toBe('unknown');
    await fleet.propose(40);
    const once = fleet.replica('a').applied.findIndex(({ command }) => command === 'once');
    expect(once, 'only the reply was lost').toBeGreaterThanOrEqual(0);
    world.network.heal();
    await world.clock.until(() => world.node('b').status().base > 20);
    await handTo('b');
    const told = await world.value(session.outcome(sequence));
    const { index } = fleet.replica('a').applied[once] ?? {};
    expect(told).toMatchObject({ applied: true, index, result: once + 1 });
    await world.value(session.propose('twice'));
    await expectSame();
    expect(fleet.replica('b').restores).toHaveLength(1);
    expect(
      fleet
        .replica('b')
        .query()
        .filter((each) => each === 'once'),
    ).toHaveLength(1);
  });

  it('expires at the same entry where it came out of a snapshot (S9, X3)', async () => {
    const sessions = { idleMs: 3000, max: 10 };
    const { world } = await start({ options: { snapshot: few, sessions } });
    await world.value(world.node('b').openSession());
    world.network.isolate('c');
    await fleet.propose(40);
    world.network.heal();
    await world.clock.until(() => world.node('c').status().base > 20);
    expect(world.node('c').status().sessions).toBe(1);
    await world.clock.advance(4000);
    await world.value(world.node('b').openSession());
    await fleet.inStep();
    for (const id of 'abc') expect(world.node(id).status().sessions).toBe(1);
  });
});

describe('what the machine is told', () => {
  it('does not go back where a snapshot begins: the time, its version (S9)', async () => {
    const { world } = await start();
    await world.clock.advance(5000);
    await fleet.propose(30);
    const before = fleet.replica('a').contexts.at(-1)?.timeMs ?? 0;
    for (const id of 'abc') await fleet.stop(id);
    for (const id of 'abc') await world.value(fleet.start(id));
    await fleet.propose(1, 'new');
    await fleet.inStep();
    for (const id of 'abc') {
      const [meta] = fleet.replica(id).restores;
      expect(meta).toMatchObject({ machineVersion: 1 });
      expect(meta?.timeMs).toBeGreaterThan(0);
      const next = fleet.replica(id).contexts.at(-1);
      expect(next?.timeMs).toBeGreaterThanOrEqual(before);
      expect(next?.timeMs).toBeGreaterThanOrEqual(meta?.timeMs ?? Infinity);
    }
  });
});

describe('a machine that takes its time', () => {
  const kinds = { 'one by one': Replica, 'in batches': BatchReplica };
  it.each(Object.keys(kinds))(
    'gives what it was at one entry, while writes go on: %s (S7)',
    async (kind) => {
      const Machine = kinds[kind as keyof typeof kinds];
      let slow = true;
      const { world } = await start({
        machine: (id, { world: { clock } }) =>
          new Machine({ clock, isLazy: true, delayMs: () => (slow && id !== 'c' ? 3 : 0) }),
      });
      await fleet.propose(30);
      const a = world.node('a');
      const taken: { index: number }[] = [];
      for (let at = 0; at < 30; at++) {
        a.takeSnapshot().then(
          (each) => taken.push(each),
          () => undefined,
        );
        void a.propose(`more${at}`).catch(() => undefined);
        await world.clock.advance(7);
      }
      await world.clock.advance(5000);
      expect(taken.length).toBeGreaterThan(20);
      slow = false;
      const { applied } = fleet.replica('a');
      await fleet.crash('a');
      await fleet.start('a');
      await world.clock.until(() => fleet.replica('a').restores.length === 1);
      const { index } = fleet.replica('a').restores[0] ?? { index: 0 };
      await fleet.inStep();
      expect(index).toBeGreaterThan(30);
      expect(fleet.replica('a').applied).toEqual(applied);
      await expectSame();
    },
  );
});

describe('a machine that keeps its state itself', () => {
  async function startDurable(every: number): Promise<Disk> {
    const disks = new Map(
      [...'abc'].map((id) => [id, { position: { index: 0, term: 0 }, applied: [] } as Disk]),
    );
    await start({
      machine: (id, { world: { clock } }) =>
        new DurableReplica({ clock }, disks.get(id) as Disk, every),
    });
    return disks.get('b') as Disk;
  }

  async function restart(): Promise<readonly number[]> {
    await fleet.crash('b');
    await fleet.start('b');
    await fleet.propose(1, 'again');
    await expectSame();
    return fleet.replica('b').contexts.map(({ index }) => index);
  }

  it('is given no entry twice that it has stored, behind its snapshot (L > S)', async () => {
    const disk = await startDurable(1);
    await fleet.propose(36);
    const { index } = disk.position;
    expect(index).toBeGreaterThan(fleet.world.node('b').status().snapshot?.index ?? Infinity);
    const given = await restart();
    expect(fleet.replica('b').restores).toEqual([]);
    expect(Math.min(...given)).toBeGreaterThan(index);
  });

  it('is put back by the snapshot when it has stored less, and holds the log (L < S)', async () => {
    const disk = await startDurable(1000);
    await fleet.propose(36);
    expect(fleet.world.node('b').status().base, 'nothing is let go of').toBe(0);
    const index = fleet.world.node('b').status().snapshot?.index ?? 0;
    expect(index).toBeGreaterThan(0);
    expect(disk.position.index).toBe(0);
    const given = await restart();
    expect(fleet.replica('b').restores).toMatchObject([{ index }]);
    expect(Math.min(...given)).toBe(index + 1);
  });

  it('keeps what it has stored at that very entry (L = S)', async () => {
    const disk = await startDurable(1);
    await fleet.propose(5);
    const taken = await fleet.world.value(fleet.world.node('b').takeSnapshot());
    expect(taken.index).toBe(disk.position.index);
    const given = await restart();
    expect(fleet.replica('b').restores).toEqual([]);
    expect(Math.min(...given)).toBeGreaterThan(taken.index);
  });

  it('that has stored more than the log holds is refused', async () => {
    const disk = await startDurable(1);
    await fleet.propose(5);
    await fleet.stop('b');
    disk.position = { index: 500, term: 9 };
    const opened = await fleet.world.settled(fleet.start('b'));
    expect((opened as { reason?: CoxswainError }).reason?.code).toBe('ERR_STORE_CORRUPT');
  });

  it('is given each entry once over installs and restarts', async () => {
    await startDurable(3);
    for (let round = 0; round < 4; round++) {
      fleet.world.network.isolate('b');
      await fleet.propose(25, `round${round}`);
      fleet.world.network.heal();
      await fleet.inStep();
      await restart();
      await fleet.propose(7, `more${round}`);
    }
    await expectSame();
  });
});
