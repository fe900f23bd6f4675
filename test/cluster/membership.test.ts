// Members come and go while commands are made: through real nodes, stores and frames.
import { MemoryStorage } from 'coxswain';
import { afterEach, describe, expect, test } from 'vitest';
import { Recorder } from './harness.ts';
import { type Node, World } from './nodes.ts';

let world: World;
afterEach(async () => {
  await world.close();
  expect(world.faults).toEqual([]);
});

const at = (id: string) => ({ id, address: id });
const idsOf = (members: readonly { readonly id: string }[]) => members.map(({ id }) => id).sort();

async function start(ids: string): Promise<Node> {
  world = new World(ids);
  for (const id of ids) await world.open(id);
  return world.elect(ids.charAt(0));
}

function leaderOf(): Node | undefined {
  return [...world.nodes.values()].find((node) => node.status().role === 'leader');
}

async function nextLeader(): Promise<Node> {
  await world.clock.until(() => leaderOf() !== undefined);
  return leaderOf() as Node;
}

/** Stops a member and forgets it. */
async function stop(id: string): Promise<void> {
  const node = world.node(id);
  world.nodes.delete(id);
  await world.settled(node.close());
}

describe('a learner', () => {
  test('follows, answers local and linearizable reads, and proposes', async () => {
    const leader = await start('abc');
    await world.value(leader.propose('first'));
    const learner = await world.join('d');
    await world.value(leader.addLearner(at('d')));
    await world.value(learner.propose('second'));
    expect(await world.value(learner.read(undefined))).toEqual(['first', 'second']);
    await world.value(leader.propose('third'));
    await world.clock.until(() => learner.status().applied === leader.status().applied);
    const local = await world.value(learner.read(undefined, { consistency: 'local' }));
    expect(local).toEqual(['first', 'second', 'third']);
    expect(learner.members().committed).toMatchObject({ learners: [at('d')], outgoing: [] });
  });

  test('has no vote: one of two voters commits nothing with it', async () => {
    const leader = await start('ab');
    await world.join('d');
    await world.value(leader.addLearner(at('d')));
    await stop('b');
    const result = await world.settled(leader.propose('alone', { timeoutMs: 2000 }));
    expect(result).toMatchObject({ reason: { code: 'ERR_TIMEOUT', outcome: 'unknown' } });
    await world.clock.advance(5000);
    expect(leaderOf()).toBeUndefined();
    expect(world.node('d').status()).toMatchObject({ role: 'follower', leader: undefined });
  });
});

describe('a cluster', () => {
  test('grows from one to three to five, and shrinks again, without losing a command', async () => {
    const leader = await start('a');
    const made: string[] = [];
    let isDone = false;
    const load = (async () => {
      for (let count = 0; !isDone; count++) {
        await (leaderOf() ?? leader).propose(`c${count}`);
        made.push(`c${count}`);
        await new Promise<void>((resolve) => void world.clock.after(1, resolve));
      }
    })();
    for (const id of 'bcde') await world.join(id);
    await world.value(leader.changeMembers({ add: [at('b'), at('c')] }));
    expect(idsOf(leader.members().committed.voters)).toEqual(['a', 'b', 'c']);
    await world.value(leader.changeMembers({ add: [at('d'), at('e')] }));
    expect(leader.status().voters).toHaveLength(5);
    await world.value(leader.changeMembers({ remove: ['d', 'e'] }));
    await world.value(leader.removeMember('c'));
    const { committed, effective } = await world.value(leader.removeMember('b'));
    expect(committed).toEqual(effective);
    expect(idsOf(committed.voters)).toEqual(['a']);
    isDone = true;
    await world.value(load);
    expect(made.length).toBeGreaterThan(10);
    expect(await world.value(leader.read(undefined))).toEqual(made);
  });

  test('keeps its members over a restart of all of them', async () => {
    world = new World('a');
    const storage = { a: new MemoryStorage(), b: new MemoryStorage() };
    await world.open('a', { storage: storage.a });
    const leader = await world.elect('a');
    await world.join('b', { storage: storage.b });
    await world.value(leader.changeMembers({ add: [at('b')] }));
    await world.value(leader.propose('kept'));
    for (const id of 'ab') await stop(id);
    await world.open('a', { storage: storage.a });
    await world.join('b', { storage: storage.b });
    const next = await nextLeader();
    expect(await world.value(next.read(undefined))).toEqual(['kept']);
    expect(idsOf(next.members().committed.voters)).toEqual(['a', 'b']);
  });

  test('replaces a dead member by a new one in one call', async () => {
    const leader = await start('abc');
    await stop('c');
    await world.join('d');
    const { committed } = await world.value(leader.replaceMember('c', at('d')));
    expect(idsOf(committed.voters)).toEqual(['a', 'b', 'd']);
    await stop('b');
    await world.value(leader.propose('by a and d'));
  });

  test('goes on when its leader is removed, and the removed one disturbs nobody', async () => {
    const leader = await start('abc');
    await world.value(leader.propose('before'));
    const { committed } = await world.value(leader.removeMember('a'));
    expect(idsOf(committed.voters)).toEqual(['b', 'c']);
    const next = await nextLeader();
    expect(next.id).not.toBe('a');
    const { term } = next.status();
    world.network.isolate('a');
    await world.clock.advance(3000);
    world.network.heal();
    leader.campaign();
    await world.clock.advance(3000);
    expect(leaderOf()?.status()).toMatchObject({ id: next.id, term });
    expect(await world.value(next.read(undefined))).toEqual(['before']);
  });

  test('finishes what a leader began that is gone', async () => {
    const leader = await start('abc');
    await world.join('d');
    world.network.cut('a', 'd');
    const call = leader.changeMembers({ add: [at('d')] });
    const outcome = world.settled(call);
    await world.clock.until(() => leader.members().committed.joining.length === 1);
    await stop('a');
    expect(await outcome).toMatchObject({ reason: { code: 'ERR_CLOSED', outcome: 'unknown' } });
    const next = await nextLeader();
    await world.clock.until(() => next.members().committed.voters.length === 4);
    expect(next.members().committed.joining).toEqual([]);
  });
});

describe('a change is refused', () => {
  test('while another is not committed: nothing hangs, and it says when to ask', async () => {
    const leader = await start('abc');
    const one = leader.addLearner(at('d'));
    const two = await world.settled(leader.addLearner(at('e')));
    expect(two).toMatchObject({
      reason: { code: 'ERR_MEMBERS_BUSY', retryable: true, outcome: 'not-applied' },
    });
    await world.value(one);
    await world.value(leader.addLearner(at('e')));
  });

  test('of another version than the caller has seen', async () => {
    const leader = await start('abc');
    const { version } = leader.members();
    await world.value(leader.demote('c', { ifVersion: version }));
    const late = await world.settled(leader.removeMember('b', { ifVersion: version }));
    expect(late).toMatchObject({ reason: { code: 'ERR_MEMBERS_CHANGED' } });
    expect((late as PromiseRejectedResult).reason.message).toContain(`not at ${version}`);
  });

  test('on another member, which names the leader', async () => {
    await start('abc');
    const refused = await world.settled(world.node('b').removeMember('c'));
    expect(refused).toMatchObject({ reason: { code: 'ERR_NOT_LEADER', leader: 'a' } });
  });

  test('when it makes no sense, and names what would', async () => {
    const leader = await start('abc');
    const messageOf = async (call: Promise<unknown>) =>
      ((await world.settled(call)) as PromiseRejectedResult).reason.message;
    expect(await messageOf(leader.promote('x'))).toBe('promote is "x"; accepted: a learner');
    expect(await messageOf(leader.removeMember('x'))).toContain('a member, of a, b, c');
    expect(await messageOf(leader.changeMembers({ remove: ['a', 'b', 'c'] }))).toContain(
      'keeps one',
    );
    expect(await messageOf(leader.changeMembers({}))).toContain('one with a member in add');
  });
});

describe('a member that never comes up', () => {
  test('holds up nothing: the call ends, and removing it calls it off', async () => {
    const leader = await start('a');
    const late = await world.settled(
      leader.changeMembers({ add: [at('ghost')] }, { timeoutMs: 1000 }),
    );
    expect(late).toMatchObject({ reason: { code: 'ERR_TIMEOUT', outcome: 'unknown' } });
    expect((late as PromiseRejectedResult).reason.message).toContain('ghost will vote as soon as');
    await world.value(leader.propose('still here'));
    const waiting = world.settled(leader.promote('ghost'));
    await world.clock.until(() => leader.members().version === leader.members().committed.version);
    await world.value(leader.removeMember('ghost'));
    expect(await waiting).toMatchObject({ reason: { code: 'ERR_MEMBERS_CHANGED' } });
    expect(leader.members().committed).toMatchObject({ learners: [], joining: [] });
    await world.clock.advance(10_000);
    expect(leader.status().followers).toEqual([]);
  });
});

describe('an identity', () => {
  test('of a member whose store was emptied is taken: it stops and says so', async () => {
    const leader = await start('abc');
    await world.value(leader.propose('kept by a and b'));
    await stop('c');
    const wiped = await world.open('c', { storage: new MemoryStorage() });
    const faults: unknown[] = [];
    wiped.on('fault', (fault) => faults.push(fault));
    await world.clock.until(() => faults.length > 0);
    expect(faults).toEqual([expect.objectContaining({ code: 'ERR_IDENTITY_TAKEN' })]);
    expect(world.faults.splice(0)).toEqual(faults);
    world.nodes.delete('c');
    // What it is told to do works.
    await world.value(leader.removeMember('c'));
    await world.join('c');
    await world.value(leader.changeMembers({ add: [at('c')] }));
    await stop('b');
    await world.value(leader.propose('by a and the new c'));
  });

  test('is met before it counts: three members need all of them to begin with', async () => {
    world = new World('abc');
    await world.open('a');
    await world.open('b');
    await world.clock.advance(5000);
    expect(leaderOf()).toBeUndefined();
    expect(world.node('a').status().admitted).toBe(false);
    await world.open('c');
    await nextLeader();
    expect(world.node('a').status().admitted).toBe(true);
    // From now on two are enough, also when they come back from their stores.
    await stop('c');
    await world.value((await nextLeader()).propose('by two'));
  });

  test('waits to be added when it joins, and takes part in nothing until then', async () => {
    const leader = await start('a');
    const joiner = await world.join('d');
    await world.clock.advance(5000);
    expect(joiner.status()).toMatchObject({ term: 0, last: 0, leader: undefined, voters: [] });
    const early = await world.settled(joiner.propose('too early', { timeoutMs: 500 }));
    expect(early).toMatchObject({ reason: { code: 'ERR_NO_LEADER', outcome: 'not-applied' } });
    await world.value(leader.changeMembers({ add: [at('d')] }));
    await world.value(joiner.propose('now'));
  });

  test('is refused on an empty store when the host does not say what that means', async () => {
    world = new World('a');
    const open = world.join('a', { join: false });
    await expect(open).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
    await expect(open).rejects.toThrow('bootstrap and join');
  });

  test('of an emptied store shows on the leader while it waits under its old id', async () => {
    const leader = await start('abc');
    await stop('c');
    const machine = new Recorder();
    await world.join('c', { stateMachine: machine });
    const ofC = () => leader.status().followers.find(({ id }) => id === 'c');
    await world.clock.until(() => ofC()?.stranger === true);
    expect(ofC()).toMatchObject({ stranger: true });
    await stop('b');
    const alone = await world.settled(leader.propose('alone', { timeoutMs: 3000 }));
    expect(alone).toMatchObject({ status: 'rejected' });
    expect(machine.applied).toEqual([]);
  });
});
