// Machines that differ (RA17): found between two comparisons, trusted no more, and repaired.
import { afterEach, describe, expect, test } from 'vitest';
import { Checked, Diverging } from './diverging.ts';
import { transportWith } from './nodes.ts';

let world = new Diverging('abc');

afterEach(() => world.close());

/** Flips a bit of one machine and lets writes go on until it is found out. */
async function flipAndFind(id: string): Promise<number> {
  const flippedAt = world.node(id).status().applied;
  world.machine(id).flip();
  await world.propose(12);
  return flippedAt;
}

const readers = ['linearizable', 'lease', 'local', { atLeastIndex: 1 }, { maxStalenessMs: 1e6 }];

describe('a machine that differs', () => {
  test('is found between the last equal comparison and the first unequal one (B4)', async () => {
    world = new Diverging('abc');
    await world.startAll();
    await world.propose(25);
    expect(world.events('c')).toEqual([]);
    const flippedAt = await flipAndFind('c');
    for (const id of 'abc') {
      const [event] = world.events(id);
      expect(event).toMatchObject({ members: ['c'], isSelf: id === 'c', repaired: false });
      expect(event?.lastEqual).toBeGreaterThan(0);
      expect(event?.lastEqual).toBeLessThanOrEqual(flippedAt);
      expect(event?.firstUnequal).toBeGreaterThan(flippedAt);
      expect(event?.digest === event?.expected).toBe(id !== 'c');
    }
  });

  test('is repaired from a snapshot while writes go on', async () => {
    world = new Diverging('abc');
    await world.startAll();
    await world.propose(25);
    await flipAndFind('c');
    await world.propose(40, 500);
    expect(world.events('c').map(({ repaired }) => repaired)).toEqual([false, true]);
    expect(world.events('a')).toHaveLength(1);
    const [first] = world.states();
    expect(world.states()).toEqual([first, first, first]);
    expect(world.node('c').status().diverged).toBe(false);
    expect(await world.value(world.node('c').read(undefined))).toEqual(first);
    expect(world.faults).toEqual([]);
  });

  test('answers no reads, does not lead, and goes on voting until then', async () => {
    world = new Diverging('abc');
    const { network } = world;
    for (const id of 'ab') {
      const inner = network.transport(id);
      // No snapshot reaches c.
      const transport = transportWith(inner, (to, parts, lane) => {
        return to === 'c' && lane === 'bulk' ? false : inner.send(to, parts, lane);
      });
      await world.start(id, { transport });
    }
    const odd = await world.start('c');
    await world.elect('a');
    await world.propose(25);
    await flipAndFind('c');
    expect(odd.status()).toMatchObject({ diverged: true });
    expect(odd.metrics().health.reasons).toContain('machine-differs');
    for (const consistency of readers) {
      const read = await world.settled(odd.read(undefined, { consistency } as never));
      const reason = { code: 'ERR_DIVERGED', outcome: 'not-applied', retryable: true };
      expect(read).toMatchObject({ status: 'rejected', reason });
    }
    odd.campaign();
    await world.clock.advance(500);
    expect(odd.status().role).toBe('follower');
    // Only with its vote can b lead, and only with its acknowledgement commit.
    await world.stop('a');
    await world.elect('b');
    await world.value(world.node('b').propose('with two'));
    expect(odd.status().role).toBe('follower');
    expect(odd.status().diverged).toBe(true);
  });

  test('and leads lets go first, and is repaired by the next leader', async () => {
    world = new Diverging('abc');
    await world.startAll();
    await world.propose(25);
    const stopped: boolean[] = [];
    const work = world.node('a').whileLeader(({ signal }) => {
      signal.addEventListener('abort', () => void stopped.push(true));
      return new Promise<void>(() => {});
    });
    work.catch(() => undefined);
    await world.clock.advance(50);
    world.machine('a').flip();
    for (let at = 0; at < 12; at++) {
      void world
        .node('a')
        .propose(`${at}`)
        .catch(() => undefined);
      await world.clock.advance(5);
    }
    await world.clock.until(() => world.events('a').some(({ isSelf }) => isSelf));
    await world.clock.advance(10);
    expect(stopped).toEqual([true]);
    expect(world.node('a').status().role).toBe('follower');
    await world.clock.until(() =>
      ['b', 'c'].some((id) => world.node(id).status().role === 'leader'),
    );
    await world.propose(5, 1000);
    expect(world.events('a').at(-1)).toMatchObject({ isSelf: true, repaired: true });
    const [first] = world.states();
    expect(world.states()).toEqual([first, first, first]);
  });

  test('and cannot hand over does nothing for anybody while it leads', async () => {
    world = new Diverging('abc');
    const inner = world.network.transport('a');
    // Nobody is told to take over: kind 12 of a frame.
    const transport = transportWith(inner, (to, parts, lane) => {
      return parts[0]?.[3] === 12 || inner.send(to, parts, lane);
    });
    const odd = await world.start('a', { transport });
    for (const id of 'bc') await world.start(id);
    await world.elect('a');
    await world.propose(25);
    let isStopped = false;
    const work = odd.whileLeader(({ signal }) => {
      signal.addEventListener('abort', () => {
        isStopped = true;
      });
      return new Promise<void>(() => {});
    });
    work.catch(() => undefined);
    await world.clock.advance(50);
    world.machine('a').flip();
    for (let at = 0; at < 12; at++) void odd.propose(`${at}`).catch(() => undefined);
    await world.clock.until(() => odd.status().diverged);
    await world.clock.advance(400);
    const { commit, role } = odd.status();
    expect(role).toBe('leader');
    expect(isStopped).toBe(true);
    const proposed = await world.settled(odd.propose('x', { timeoutMs: 100 }));
    expect(proposed).toMatchObject({ reason: { outcome: 'not-applied' } });
    expect(odd.status().commit).toBe(commit);
    const read = await world.settled(odd.read(undefined));
    expect(read).toMatchObject({ reason: { code: 'ERR_DIVERGED' } });
  });

  test('is known to be so after a restart in the middle of the repair', async () => {
    world = new Diverging('abc');
    await world.startAll();
    await world.propose(25);
    // Its own snapshot has the flipped bit, so that it comes back with a restart.
    world.machine('c').flip();
    await world.value(world.node('c').takeSnapshot());
    world.node('c').on('divergence', () => world.network.isolate('c'));
    await world.propose(12, 100);
    await world.stop('c');
    const again = await world.start('c');
    await world.clock.advance(100);
    expect(again.status().diverged).toBe(true);
    const read = await world.settled(again.read(undefined, { consistency: 'local' }));
    expect(read).toMatchObject({ reason: { code: 'ERR_DIVERGED' } });
    world.network.heal();
    await world.propose(5, 1500);
    expect(again.status().diverged).toBe(false);
    expect(world.machine('c').isFlipped).toBe(false);
    await world.stop('c');
    const third = await world.start('c');
    await world.clock.advance(1000);
    expect(third.status().diverged).toBe(false);
    const [first] = world.states();
    expect(world.states()).toEqual([first, first, first]);
  });

  test('is no longer repaired when it is wrong again and again', async () => {
    world = new Diverging('abc');
    await world.startAll();
    for (let round = 0; round < 4; round++) {
      await world.propose(12, 500);
      world.machine('c').flip(`${round}`);
      await world.propose(12, 500);
    }
    expect(world.faults).toMatchObject([{ code: 'ERR_DIVERGED', outcome: 'unknown' }]);
    expect(world.events('c').filter(({ repaired }) => repaired)).toHaveLength(3);
  });

  test.each(['by promises', 'in batches', 'that keeps its state itself'])(
    'is found and repaired in a machine that works %s',
    async (how) => {
      world = new Diverging('abc');
      await world.startAll({}, () => machineThat(how));
      for (let at = 0; at < 30; at++) void world.leader().propose(`${at}`);
      await world.clock.advance(1000);
      expect(world.events('c')).toEqual([]);
      world.machine('b').flip();
      for (let at = 0; at < 30; at++) void world.leader().propose(`${at}`);
      await world.clock.advance(2000);
      expect(world.events('b').map(({ repaired }) => repaired)).toEqual([false, true]);
      const [first] = world.states();
      expect(world.states()).toEqual([first, first, first]);
    },
  );
});

describe('where no majority is equal', () => {
  test.each(['ab', 'abc'])('all of %s stop with ERR_DIVERGED', async (ids) => {
    world = new Diverging(ids);
    await world.startAll();
    await world.propose(15);
    for (const id of ids.slice(1)) world.machine(id).flip(`of ${id}`);
    for (let at = 0; at < 15; at++)
      void world
        .node('a')
        .propose('x')
        .catch(() => undefined);
    await world.clock.advance(500);
    const fault = { code: 'ERR_DIVERGED', outcome: 'unknown' };
    expect(world.faults).toMatchObject([...ids].map(() => fault));
    for (const id of ids) expect(world.events(id)).toMatchObject([{ members: [], isSelf: false }]);
  });

  test('they can be started again, and are compared at once', async () => {
    world = new Diverging('ab');
    await world.startAll();
    await world.propose(15);
    world.machine('b').flip();
    for (let at = 0; at < 15; at++)
      void world
        .node('a')
        .propose('x')
        .catch(() => undefined);
    await world.clock.advance(500);
    expect(world.faults).toHaveLength(2);
    for (const id of 'ab') await world.start(id);
    await world.elect('a');
    const before = world.node('a').status().last;
    await world.propose(3, 100);
    expect(world.faults).toHaveLength(2);
    expect(world.node('a').status().last).toBeGreaterThanOrEqual(before + 3);
    const [first] = world.states();
    expect(world.states()).toEqual([first, first]);
  });
});

describe('a comparison', () => {
  test('is made up for by a later report when reports are lost', async () => {
    world = new Diverging('abc');
    await world.startAll();
    await world.propose(15);
    world.machine('c').flip();
    // What c says of one entry does not arrive; it says it again with the next one.
    const { applied } = world.node('a').status();
    world.network.cutOneWay('c', 'a');
    await world.propose(10);
    world.network.heal();
    await world.clock.advance(100);
    expect(world.events('c')).toEqual([]);
    await world.propose(12);
    const [event] = world.events('c');
    expect(event).toMatchObject({ isSelf: true });
    expect(event?.firstUnequal).toBeLessThanOrEqual(applied + 11);
  });

  test('is gone on with by the next leader', async () => {
    world = new Diverging('abc');
    await world.startAll();
    await world.propose(15);
    world.machine('c').flip();
    // The leader hears no report of c, and is gone before it does.
    world.network.cutOneWay('c', 'a');
    await world.propose(12);
    expect(world.events('c')).toEqual([]);
    await world.stop('a');
    world.network.heal();
    await world.elect('b');
    await world.clock.advance(50);
    // Two of three voters are known, and they differ: nobody has a majority.
    expect(world.events('c')).toEqual([]);
    await world.start('a');
    await world.clock.advance(1000);
    expect(world.events('c')[0]).toMatchObject({ isSelf: true, members: ['c'] });
  });

  test('finds a learner that differs, which counts for no majority', async () => {
    world = new Diverging('abc');
    const leader = await world.startAll();
    await world.propose(15);
    const stateMachine = new Checked();
    world.machines.set('d', stateMachine);
    const learner = await world.join('d', { stateMachine });
    const told: unknown[] = [];
    learner.on('divergence', (event) => void told.push(event));
    await world.value(leader.addLearner({ id: 'd', address: 'd' }));
    await world.propose(15);
    expect(told).toEqual([]);
    stateMachine.flip();
    await world.propose(25, 500);
    expect(told).toMatchObject([
      { members: ['d'], isSelf: true, repaired: false },
      { isSelf: true, repaired: true },
    ]);
    expect(stateMachine.isFlipped).toBe(false);
  });

  test('takes sessions into account, though a restart has lost some of their results', async () => {
    world = new Diverging('abc');
    const leader = await world.startAll({}, () => machineThat('that keeps its state itself'));
    const session = await world.value(leader.openSession());
    for (let at = 0; at < 15; at++) await world.value(session.propose(`${at}`));
    await world.clock.advance(50);
    await world.stop('c');
    const kept = world.machine('c');
    await world.start('c', {}, () => kept);
    for (let at = 0; at < 15; at++) await world.value(session.propose(`${at}`));
    await world.clock.advance(100);
    for (const id of 'abc') expect(world.events(id)).toEqual([]);
  });

  test('is not made of machines without a digest', async () => {
    world = new Diverging('abc');
    await world.startAll({}, () => Object.assign(new Checked(), { digest: undefined }));
    const { last } = world.leader().status();
    await world.propose(50);
    expect(world.leader().status().last).toBe(last + 50);
  });

  test('comes as often as `verifyEveryEntries` says, also when that is changed', async () => {
    world = new Diverging('abc');
    const leader = await world.startAll({ verifyEveryEntries: 1000 });
    const { last } = leader.status();
    await world.propose(50);
    expect(leader.status().last).toBe(last + 50);
    leader.configure({ verifyEveryEntries: 5 });
    await world.propose(50);
    expect(leader.status().last).toBeGreaterThanOrEqual(last + 100 + 50 / 6);
    expect(leader.status().last).toBeLessThanOrEqual(last + 100 + 50 / 4);
  });

  test.each([
    ['throws', () => expect.fail('odd')],
    ['is no text', () => 7 as unknown as string],
    ['fails later', () => Promise.reject(new Error('odd'))],
  ])('stops the node when the digest %s', async (_, digest) => {
    world = new Diverging('a');
    await world.startAll({}, () => Object.assign(new Checked(), { digest }));
    for (let at = 0; at < 15; at++)
      void world
        .node('a')
        .propose('x')
        .catch(() => undefined);
    await world.clock.advance(100);
    expect(world.faults).toMatchObject([{ code: 'ERR_STATE_MACHINE' }]);
  });
});

function machineThat(how: string): Checked {
  const machine = new Checked();
  const apply = machine.apply.bind(machine);
  const later = <T>(work: () => T) =>
    new Promise<T>((resolve) => void world.clock.after(3, () => resolve(work())));
  switch (how) {
    case 'by promises':
      return Object.assign(machine, {
        apply: (...given: Parameters<typeof apply>) => later(() => apply(...given)),
        digest: () => later(() => JSON.stringify(machine.applied)),
      });
    case 'in batches':
      return Object.assign(machine, {
        applyBatch: (entries: readonly { command: string; context: never }[]) =>
          later(() => entries.map(({ command, context }) => apply(command, context))),
      });
    default: {
      let kept = { index: 0, term: 0 };
      const restore = machine.restore.bind(machine);
      return Object.assign(machine, {
        apply: (command: string, context: { index: number; term: number }) => {
          kept = { index: context.index, term: context.term };
          return apply(command, context as never);
        },
        restore: async (chunks: never, meta: { index: number; term: number }) => {
          await restore(chunks);
          kept = { index: meta.index, term: meta.term };
        },
        lastApplied: () => kept,
      });
    }
  }
}
