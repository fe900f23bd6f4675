// The trace that nodes give of themselves, in one order over a whole cluster.
import type { TraceLine, TraceName } from 'coxswain';
import { describe, expect, test } from 'vitest';
import { World } from './nodes.ts';

async function traced(ids: string, use: (world: World) => Promise<unknown>): Promise<TraceLine[]> {
  const world = new World(ids);
  const lines: TraceLine[] = [];
  for (const id of ids) await world.open(id, { trace: (line) => void lines.push(line) });
  await use(world);
  await world.close();
  expect(world.faults).toEqual([]);
  return lines;
}

/** Elections, commands, a cut, a change of members. */
const lively = () =>
  traced('abc', async (world) => {
    const first = await world.elect('a');
    await world.value(Promise.all(['one', 'two'].map((command) => first.propose(command))));
    world.network.isolate('a');
    await world.clock.advance(1000);
    const next = ['b', 'c'].map((id) => world.node(id)).find((n) => n.status().role === 'leader');
    await world.value(next?.propose('three') ?? Promise.reject(new Error('no leader')));
    world.network.heal();
    await world.clock.advance(500);
    await world.value(next?.removeMember('a') ?? Promise.reject(new Error('no leader')));
    await world.clock.advance(200);
  });

const named = (lines: readonly TraceLine[], name: TraceName) =>
  lines.filter((line) => line.name === name);

describe('the trace of a cluster', () => {
  test('begins with the state of each member, and has all that happened', async () => {
    const lines = await lively();
    expect(named(lines, 'InitState').map(({ nid }) => nid)).toEqual(['a', 'b', 'c']);
    expect(lines[0]).toEqual({
      ...{ name: 'InitState', nid: 'a', role: 'StateFollower', log: 1 },
      state: { term: 1, vote: '0', commit: 1 },
      conf: [['a', 'b', 'c'], []],
    });
    const seen = new Set(lines.map(({ name }) => name));
    const expected: TraceName[] = [
      ...(['BecomeFollower', 'BecomePreCandidate', 'BecomeCandidate', 'BecomeLeader'] as const),
      ...(['Replicate', 'Commit', 'ChangeConf', 'ApplyConfChange'] as const),
      ...(['SendAppendEntriesRequest', 'ReceiveAppendEntriesRequest'] as const),
      ...(['SendAppendEntriesResponse', 'ReceiveAppendEntriesResponse'] as const),
      ...(['SendRequestVoteRequest', 'ReceiveRequestVoteRequest'] as const),
      ...(['SendRequestVoteResponse', 'ReceiveRequestVoteResponse'] as const),
      ...(['SendPreVoteRequest', 'ReceivePreVoteResponse'] as const),
      ...(['PersistStart', 'PersistDone'] as const),
    ];
    expect(expected.filter((name) => !seen.has(name))).toEqual([]);
  });

  test('has a candidacy of the same member and term before every leader', async () => {
    const lines = await lively();
    const leaders = named(lines, 'BecomeLeader');
    expect(leaders.length).toBeGreaterThanOrEqual(2);
    for (const leader of leaders) {
      const mine = lines.slice(0, lines.indexOf(leader)).filter(({ nid }) => nid === leader.nid);
      const became = mine.filter(({ name }) => name.startsWith('Become')).at(-1);
      expect(became).toMatchObject({
        name: 'BecomeCandidate',
        state: { term: leader.state.term, vote: leader.nid },
      });
      const votes = lines
        .slice(lines.indexOf(leader) - 1, lines.indexOf(leader))
        .map(({ msg, name }) => ({ name, reject: msg?.reject }));
      expect(votes).toEqual([{ name: 'ReceiveRequestVoteResponse', reject: false }]);
    }
  });

  test('never goes back, votes once a term, and commits only what is there', async () => {
    const lines = await lively();
    const latest = new Map<string, TraceLine>();
    for (const line of lines) {
      const before = latest.get(line.nid);
      latest.set(line.nid, line);
      expect(line.state.commit).toBeLessThanOrEqual(line.log);
      if (before === undefined) continue;
      expect(line.state.term).toBeGreaterThanOrEqual(before.state.term);
      expect(line.state.commit).toBeGreaterThanOrEqual(before.state.commit);
      if (line.state.term === before.state.term && before.state.vote !== '0') {
        expect(line.state.vote).toBe(before.state.vote);
      }
    }
  });

  test('has every received message sent before, just as it came', async () => {
    const lines = await lively();
    const sent = new Set<string>();
    let received = 0;
    for (const { msg, name } of lines) {
      if (name.startsWith('Send')) sent.add(`${name.slice(4)} ${JSON.stringify(msg)}`);
      if (!name.startsWith('Receive')) continue;
      expect(sent).toContain(`${name.slice(7)} ${JSON.stringify(msg)}`);
      received++;
    }
    expect(received).toBeGreaterThan(50);
  });

  test('shows a receiver as it was before the message, and all else as it is after', async () => {
    const lines = await lively();
    const higher = lines.find(
      ({ msg, name, state }) =>
        name === 'ReceiveRequestVoteRequest' && (msg?.term ?? 0) > state.term,
    );
    const after = lines.slice(lines.indexOf(higher as TraceLine));
    const [first, second] = after.filter(({ nid }) => nid === higher?.nid);
    expect(first?.state.term).toBeLessThan(first?.msg?.term ?? 0);
    expect(second).toMatchObject({ name: 'BecomeFollower', state: { term: first?.msg?.term } });
  });

  test('has a line for each entry of a leader, at its index', async () => {
    const lines = await traced('a', async (world) => {
      const leader = await world.elect('a');
      await world.value(Promise.all(['one', 'two', 'three'].map((each) => leader.propose(each))));
    });
    expect(named(lines, 'Replicate').map(({ log }) => log)).toEqual([2, 3, 4, 5]);
    expect(named(lines, 'BecomeLeader').map(({ log }) => log)).toEqual([1]);
  });

  test('names what a change of members changes', async () => {
    const lines = await lively();
    expect(named(lines, 'ChangeConf').map(({ prop }) => prop?.cc)).toEqual([
      { changes: [{ nid: 'a', action: 'RemoveServer' }], newconf: ['b', 'c'] },
    ]);
    const inForce = named(lines, 'ApplyConfChange').map(({ conf, nid }) => [nid, conf]);
    expect(inForce).toContainEqual(['b', [['b', 'c'], []]]);
    expect(inForce).toContainEqual(['c', [['b', 'c'], []]]);
  });
});

test('a trace function that throws is logged once, and harms nothing', async () => {
  const world = new World('abc');
  const logged: object[] = [];
  const silent = () => undefined;
  const logger = {
    ...{ debug: silent, info: silent, warn: silent },
    error: (fields: object) => void logged.push(fields),
  };
  const broken = new Error('full');
  const trace = () => {
    throw broken;
  };
  for (const id of 'abc') await world.open(id, { trace, logger });
  await world.value((await world.elect('a')).propose('one'));
  await world.close();
  expect(logged).toEqual([{ err: broken }, { err: broken }, { err: broken }]);
  expect(world.faults).toEqual([]);
});
