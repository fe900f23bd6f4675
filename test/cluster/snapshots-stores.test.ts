// Snapshots of whole nodes on stores and machines that crash, hang or fail in the midst of them.
import type { CoxswainError, SnapshotSource } from 'coxswain';
import { afterEach, describe, expect, it } from 'vitest';
import { Fleet, type FleetOptions, type Hook } from './fleet.ts';
import { Replica } from './replica.ts';

const few = { everyEntries: 5, keepEntries: 0, chunkBytes: 150 };
const never = new Promise<never>(() => undefined);
let fleet: Fleet;

afterEach(() => fleet.world.close());

async function start(more: Partial<FleetOptions> = {}): Promise<Fleet> {
  fleet = new Fleet({ ids: 'abc', options: { snapshot: few, requestTimeoutMs: 500 }, ...more });
  await fleet.startAll();
  await fleet.world.elect('a');
  return fleet;
}

/** Crashes the store of `id` at its `at`th step from when it is armed; says at which. */
class Trap {
  steps = 0;
  sprung = '';
  isArmed = false;
  readonly #at: number;

  constructor(at: number) {
    this.#at = at;
  }

  hook(id: string): NonNullable<FleetOptions['hook']> {
    return (each, { harbours }) =>
      (call, when) => {
        if (each !== id || !this.isArmed || ++this.steps !== this.#at) return undefined;
        this.isArmed = false;
        this.sprung = `${when} of ${call}`;
        const harbour = harbours.get(id);
        if (harbour !== undefined) harbour.isDead = true;
        return undefined;
      };
  }
}

/** One run for each step; until one gets by without reaching it. Gives what was hit. */
async function atEveryStep(run: (trap: Trap) => Promise<void>): Promise<ReadonlySet<string>> {
  const hit = new Set<string>();
  for (let at = 1; ; at++) {
    const trap = new Trap(at);
    await run(trap);
    expect(fleet.world.faults, `crash at ${trap.sprung}`).toEqual([]);
    await fleet.world.close();
    if (trap.sprung === '') return hit;
    hit.add(trap.sprung);
  }
}

describe('a crash at any step of a store', () => {
  it('while a member takes snapshots loses nothing acknowledged (S1, B1, B2)', async () => {
    const hit = await atEveryStep(async (trap) => {
      const { world } = await start({ ids: 'a', hook: trap.hook('a') });
      const known: string[] = [];
      trap.isArmed = true;
      for (let at = 0; at < 12 && (at < 7 || trap.isArmed); at++) {
        const told = await world.settled(world.node('a').propose(`c${at}`, { timeoutMs: 400 }));
        if (told.status === 'fulfilled') known.push(`c${at}`);
      }
      trap.isArmed = false;
      await fleet.crash('a');
      await fleet.start('a');
      await fleet.propose(1, 'last');
      expect(fleet.replica('a').query(), `crash at ${trap.sprung}`).toEqual(
        expect.arrayContaining([...known, 'last0']),
      );
    });
    for (const call of ['write', 'save', 'prune']) {
      expect(hit).toContain(`begin of ${call}`);
      expect(hit).toContain(`end of ${call}`);
    }
  });

  it('while one comes in leaves a log and a snapshot that fit (S1, S8, B1, B2)', async () => {
    const hit = await atEveryStep(async (trap) => {
      const { world } = await start({ hook: trap.hook('c') });
      world.network.isolate('c');
      await fleet.propose(20);
      trap.isArmed = true;
      world.network.heal();
      const { commit } = world.node('a').status();
      const isDone = () => trap.sprung !== '' || world.node('c').status().applied >= commit;
      await world.clock.until(isDone);
      await world.clock.advance(50);
      trap.isArmed = false;
      await fleet.crash('c');
      await fleet.start('c');
      await fleet.propose(1, 'last');
      await fleet.inStep();
      expect(fleet.replica('c').applied, `crash at ${trap.sprung}`).toEqual(
        fleet.replica('a').applied,
      );
    });
    for (const call of ['write', 'receive', 'chunk', 'commit', 'prune']) {
      expect(hit).toContain(`begin of ${call}`);
      expect(hit).toContain(`end of ${call}`);
    }
  });
});

/** The store of `id` answers that call never, or with an error. */
const only = (
  id: string,
  call: string,
  answer: () => Promise<void>,
): NonNullable<FleetOptions['hook']> => {
  const hook: Hook = (each, when) => (each === call && when === 'begin' ? answer() : undefined);
  return (each) => (each === id ? hook : undefined);
};

describe('a store that keeps no snapshot', () => {
  it('and hangs harms nothing but snapshots (O4)', async () => {
    const { world } = await start({ hook: only('a', 'save', () => never) });
    await fleet.propose(40);
    const a = world.node('a');
    expect((await world.settled(a.takeSnapshot())).status).toBe('rejected');
    expect(a.status()).toMatchObject({ role: 'leader', base: 0, snapshot: undefined });
    expect(world.node('b').status().base).toBeGreaterThan(30);
    expect(world.faults).toEqual([]);
  });

  it.each(['save', 'prune'])('but fails stops its node, and no other: %s', async (call) => {
    const fail = () => Promise.reject(new Error('the disk is gone'));
    const { world } = await start({ hook: only('a', call, fail) });
    await world.settled(
      Promise.all(Array.from({ length: 12 }, () => world.node('a').propose('x'))),
    );
    await world.clock.advance(300);
    expect(world.faults).toMatchObject([{ code: 'ERR_STORE_FAILED' }]);
    world.nodes.delete('a');
    await fleet.propose(10, 'others');
  });

  it.each(['receive', 'chunk', 'commit'])(
    'that comes in stops its node: %s fails',
    async (call) => {
      const fail = () => Promise.reject(new Error('the disk is gone'));
      const { world } = await start({ hook: only('c', call, fail) });
      world.network.isolate('c');
      await fleet.propose(20);
      world.network.heal();
      await world.clock.advance(1000);
      expect(world.faults).toMatchObject([{ code: 'ERR_STORE_FAILED' }]);
      world.nodes.delete('c');
      await fleet.propose(10, 'others');
    },
  );
});

describe('a machine that cannot be restored', () => {
  it('stops its node, which goes on from the same snapshot once it can', async () => {
    let isBroken = true;
    class Broken extends Replica {
      override async restore(...given: Parameters<Replica['restore']>): Promise<void> {
        if (isBroken) throw new Error('no restore');
        await super.restore(...given);
      }
    }
    const { world } = await start({
      machine: (id, { world: { clock } }) =>
        id === 'c' ? new Broken({ clock }) : new Replica({ clock }),
    });
    world.network.isolate('c');
    await fleet.propose(20);
    world.network.heal();
    await world.clock.until(() => world.faults.length > 0);
    expect(world.faults).toMatchObject([{ code: 'ERR_STATE_MACHINE' }]);
    await fleet.stop('c');
    isBroken = false;
    await fleet.start('c');
    await fleet.inStep();
    expect(fleet.replica('c').applied).toEqual(fleet.replica('a').applied);
  });
});

describe('a node is closed in the midst of', () => {
  class Stuck extends Replica {
    how = '';

    override snapshot(): SnapshotSource | Promise<SnapshotSource> {
      if (this.how === 'snapshot()') return never;
      if (this.how !== 'its source') return super.snapshot();
      return (async function* () {
        yield new Uint8Array(10);
        await never;
      })();
    }

    override restore(...given: Parameters<Replica['restore']>): Promise<void> {
      return this.how === 'restore()' ? never : super.restore(...given);
    }
  }

  const calls = ['save', 'prune', 'receive', 'chunk', 'commit', 'write'];
  it.each([...calls, 'snapshot()', 'its source', 'restore()'])('%s', async (how) => {
    let isStuck = false;
    const hang = () => (isStuck ? never : Promise.resolve());
    const { world } = await start({
      hook: only('c', how, hang),
      machine: (_, { world: { clock } }) => new Stuck({ clock }),
    });
    world.network.isolate('c');
    await fleet.propose(20);
    isStuck = true;
    (fleet.machines.get('c') as Stuck).how = how;
    const taken = world.node('c').takeSnapshot({ timeoutMs: 100_000 });
    const outcome = Promise.allSettled([taken]);
    await world.clock.advance(10);
    world.network.heal();
    await world.clock.advance(400);
    const closed = await world.settled(world.node('c').close(), 2000);
    expect(closed.status).toBe('fulfilled');
    const [settled] = await world.value(outcome);
    const code = settled.status === 'rejected' && (settled.reason as CoxswainError).code;
    expect(['ERR_CLOSED', false]).toContain(code);
    isStuck = false;
    world.nodes.delete('c');
    expect(world.faults).toEqual([]);
    await fleet.propose(3, 'others');
  });
});

describe('takeSnapshot', () => {
  const rare = { snapshot: { ...few, everyEntries: 1000 }, requestTimeoutMs: 500 };

  it('works on every kind of member, and gives what there is when nothing came since', async () => {
    const { world } = await start({ options: rare });
    await fleet.propose(7);
    await world.value(fleet.join('d'));
    const learner = { id: 'd', address: 'd' };
    await world.value(world.node('a').changeMembers({ learners: [learner] }));
    await fleet.inStep();
    await world.clock.advance(100);
    for (const id of 'abcd') {
      const node = world.node(id);
      const [one, two] = await world.value(Promise.all([node.takeSnapshot(), node.takeSnapshot()]));
      const three = await world.value(node.takeSnapshot());
      expect([two, three]).toEqual([one, one]);
      expect(one.index).toBe(node.status().applied);
      expect(node.status().base).toBe(one.index);
    }
  });

  it('has nothing to take on a member that waits to join', async () => {
    const { world } = await start({ options: rare });
    const node = await world.value(fleet.join('d'));
    const settled = await world.settled(node.takeSnapshot({ timeoutMs: 300 }));
    expect(settled).toMatchObject({ reason: { code: 'ERR_TIMEOUT' } });
    await fleet.propose(3);
  });

  it('can be given up, and the snapshot is there all the same', async () => {
    const { world } = await start({
      options: rare,
      machine: (_, { world: { clock } }) => new Replica({ clock, isLazy: true, delayMs: () => 50 }),
    });
    void world
      .node('a')
      .propose('some')
      .catch(() => undefined);
    await world.clock.advance(300);
    const giveUp = new AbortController();
    const a = world.node('a');
    const taken = a.takeSnapshot({ signal: giveUp.signal, timeoutMs: 5000 });
    const ended = Promise.allSettled([taken]);
    await world.clock.advance(10);
    giveUp.abort();
    expect(await world.value(ended)).toMatchObject([{ reason: { code: 'ERR_ABORTED' } }]);
    await world.clock.until(() => a.status().snapshot !== undefined);
  });
});
