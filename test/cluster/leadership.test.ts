// Leadership handed over, and work that only the leader does.
import { MemoryStorage } from 'coxswain';
import { afterEach, describe, expect, test } from 'vitest';
import { decodeIdentity } from '../../src/runtime/identity.ts';
import { type Node, World } from './nodes.ts';

let world: World;
afterEach(async () => {
  await world.close();
  expect(world.faults).toEqual([]);
});

async function start(ids: string): Promise<Node> {
  world = new World(ids);
  for (const id of ids) await world.open(id);
  return world.elect(ids.charAt(0));
}

describe('a transfer', () => {
  test('makes the named member the leader, and no command is lost or refused', async () => {
    const leader = await start('abc');
    const commands = Array.from({ length: 20 }, (_, at) => leader.propose(`before ${at}`));
    const transfer = leader.transferLeadership('b');
    const later = Array.from({ length: 20 }, (_, at) => leader.propose(`after ${at}`));
    const { term } = leader.status();
    expect(await world.value(transfer)).toEqual({ leader: 'b', term: term + 1 });
    await world.value(Promise.all([...commands, ...later]));
    const read = await world.value(world.node('c').read(undefined));
    expect(read).toHaveLength(40);
  });

  test('goes to whoever is most up to date when nobody is named', async () => {
    const leader = await start('abc');
    world.network.cut('a', 'c');
    await world.value(leader.propose('held by a and b'));
    expect(await world.value(leader.transferLeadership())).toMatchObject({ leader: 'b' });
  });

  test('waits for the log of one that lags behind', async () => {
    const leader = await start('abc');
    world.network.cut('a', 'c');
    for (let at = 0; at < 50; at++) await world.value(leader.propose(`c${at}`));
    world.network.heal();
    expect(await world.value(leader.transferLeadership('c'))).toMatchObject({ leader: 'c' });
  });

  test('to a member that is gone ends in time, and the leader leads on', async () => {
    const leader = await start('abc');
    world.network.isolate('c');
    const transfer = world.settled(leader.transferLeadership('c'));
    const waiting = leader.propose('waits');
    const started = world.clock.now();
    expect(await transfer).toMatchObject({ reason: { code: 'ERR_TIMEOUT', retryable: true } });
    expect(world.clock.now() - started).toBeLessThanOrEqual(320);
    await world.value(waiting);
    expect(leader.status().role).toBe('leader');
  });

  test('is refused where it cannot be, and says where it can', async () => {
    const leader = await start('abc');
    const reasonOf = async (call: Promise<unknown>) =>
      ((await world.settled(call)) as PromiseRejectedResult).reason;
    expect((await reasonOf(leader.transferLeadership('x'))).message).toContain('accepted: b, c');
    expect((await reasonOf(leader.transferLeadership('a'))).code).toBe('ERR_INVALID_OPTION');
    const other = await reasonOf(world.node('b').transferLeadership());
    expect(other).toMatchObject({ code: 'ERR_NOT_LEADER', leader: 'a' });
  });

  test('comes before closing when the host asks for it', async () => {
    const leader = await start('abc');
    await world.value(leader.close({ transfer: true }));
    const leads = ['b', 'c'].map((id) => world.node(id).status().role);
    expect(leads).toContain('leader');
  });

  test('does not keep the only member from closing', async () => {
    const leader = await start('a');
    await world.value(leader.close({ transfer: true }));
    await expect(leader.propose('late')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('work of the leader', () => {
  interface Run {
    readonly id: string;
    readonly token: number;
    readonly signal: AbortSignal;
  }

  /** Every member works while it leads: until it is told to stop. */
  function workEverywhere(): Run[] {
    const runs: Run[] = [];
    for (const [id, node] of world.nodes) {
      const work = node.whileLeader(async ({ fencingToken, signal }) => {
        runs.push({ id, token: fencingToken, signal });
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      });
      work.catch(() => undefined);
    }
    return runs;
  }

  const active = (runs: readonly Run[]) => runs.filter(({ signal }) => !signal.aborted);

  test('is done by one member at a time, with a larger token each time', async () => {
    await start('abc');
    const runs = workEverywhere();
    await world.clock.until(() => runs.length === 1);
    const seen = () => expect(active(runs).length).toBeLessThanOrEqual(1);
    for (const to of ['b', 'c', 'a']) {
      const [now] = active(runs);
      const leader = world.node(now?.id ?? '');
      void leader.transferLeadership(to).catch(() => undefined);
      await world.clock.until(() => {
        seen();
        return active(runs)[0]?.id === to;
      });
    }
    expect(runs.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'a']);
    const tokens = runs.map(({ token }) => token);
    expect(tokens).toEqual([...tokens].sort((one, other) => one - other));
    expect(new Set(tokens).size).toBe(4);
  });

  test('is told to stop before anybody else can lead, when its leader is cut off', async () => {
    await start('abc');
    const runs = workEverywhere();
    await world.clock.until(() => runs.length === 1);
    world.network.isolate('a');
    await world.clock.until(() => {
      expect(active(runs).length).toBeLessThanOrEqual(1);
      return runs.length === 2;
    }, 5000);
    expect(runs[0]?.signal.aborted).toBe(true);
    expect(runs[1]?.id).not.toBe('a');
  });

  test('settles the call with its result, or with what it throws', async () => {
    const leader = await start('a');
    expect(await world.value(leader.whileLeader(() => 'done'))).toBe('done');
    const failing = leader.whileLeader(() => Promise.reject(new Error('no disk')));
    expect(await world.settled(failing)).toMatchObject({ reason: { message: 'no disk' } });
  });

  test('ends with the signal of the caller, and with the node', async () => {
    const leader = await start('a');
    const stop = new AbortController();
    const told: string[] = [];
    const work = (name: string) => async (given: { signal: AbortSignal }) => {
      await new Promise((resolve) => given.signal.addEventListener('abort', resolve));
      told.push(name);
    };
    const one = leader.whileLeader(work('one'), { signal: stop.signal });
    const two = Promise.allSettled([leader.whileLeader(work('two'))]);
    await world.clock.advance(50);
    stop.abort();
    expect(await world.settled(one)).toMatchObject({ reason: { code: 'ERR_ABORTED' } });
    await world.value(leader.close());
    expect(await two).toMatchObject([{ reason: { code: 'ERR_CLOSED' } }]);
    expect(told).toEqual(['one', 'two']);
  });
});

describe('the promise not to vote for another', () => {
  test('of a run that was more patient ends with it: the store says so, later', async () => {
    world = new World('abc');
    const storage = new MemoryStorage();
    const patient = { electionTimeoutMs: [1000, 2000] as const };
    for (const id of 'ab') await world.open(id);
    const c = await world.open('c', { storage, ...patient });
    const leader = await world.elect('a');
    await world.value(leader.propose('one'));
    const reopen = async (node: Node) => {
      await world.value(node.close());
      const { meta = new Uint8Array(0) } = await storage.log.load();
      await storage.close();
      return {
        patienceMs: decodeIdentity(meta).patienceMs,
        node: await world.open('c', { storage }),
      };
    };
    const first = await reopen(c);
    expect(first.patienceMs).toBe(1000);
    await world.clock.advance(900);
    await world.value(leader.propose('two'));
    await world.clock.advance(50);
    const second = await reopen(first.node);
    expect(second.patienceMs).toBe(1000);
    await world.clock.advance(1100);
    await world.value(leader.propose('three'));
    await world.clock.advance(50);
    const third = await reopen(second.node);
    expect(third.patienceMs).toBe(150);
  });
});
