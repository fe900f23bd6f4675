// What real nodes count and measure, and how well they say they are.
import { MemoryStorage, type MetricsSnapshot } from 'coxswain';
import type { ManualClock } from 'coxswain/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { Recorder } from './harness.ts';
import { type Node, storageWith, transportWith, World } from './nodes.ts';

let world: World;
afterEach(async () => {
  await world.close();
});

async function start(ids: string): Promise<Node> {
  world = new World(ids);
  for (const id of ids) await world.open(id);
  return world.elect(ids.charAt(0));
}

const metrics = (id: string): MetricsSnapshot => world.node(id).metrics();
const exactly = (ms: number, count: number) => ({ count, min: ms, max: ms, sum: ms * count });

/** A transport on which every frame takes so long. */
function slowed(id: string, clock: ManualClock, ms: number) {
  const inner = world.network.transport(id);
  return transportWith(inner, (to, parts, lane) => {
    clock.after(ms, () => void inner.send(to, parts, lane));
    return true;
  });
}

describe('elections', () => {
  test('are counted as won, and timed, by the one that won', async () => {
    await start('abc');
    const { counters, histograms, role } = metrics('a');
    expect(role).toBe('leader');
    expect(counters).toMatchObject({ electionsWon: 1, leaderChanges: 1, leadershipsLost: 0 });
    expect(counters.preVotesBegun).toBeGreaterThanOrEqual(counters.electionsBegun);
    expect(counters.electionsBegun - counters.electionsLost).toBe(1);
    expect(histograms.electionMs.count).toBe(1);
    expect(metrics('b').counters).toMatchObject({ electionsWon: 0, leaderChanges: 1 });
    expect(metrics('b').histograms.leaderlessMs.count).toBe(1);
  });

  test('that nobody can win are pre-votes only', async () => {
    await start('abc');
    const before = metrics('c').counters;
    world.network.isolate('c');
    await world.clock.advance(2000);
    const { counters, health } = metrics('c');
    expect(counters.preVotesBegun - before.preVotesBegun).toBeGreaterThanOrEqual(6);
    expect(counters.electionsBegun).toBe(before.electionsBegun);
    expect(health.reasons).toEqual(['no-leader']);
  });

  test('that are lost after a pre-vote was won are counted as lost', async () => {
    world = new World('abc');
    let isDeaf = false;
    for (const id of 'abc') {
      const inner = world.network.transport(id);
      // Votes are lost, all else arrives: what is asked in a candidate's term has no answer.
      const lossy = transportWith(inner, (to, parts, lane) => {
        const isAsked = isDeaf && world.nodes.get(id)?.status().role === 'candidate';
        return isAsked || inner.send(to, parts, lane);
      });
      await world.open(id, { transport: lossy });
    }
    await world.elect('a');
    isDeaf = true;
    await world.settled(world.node('a').close());
    await world.clock.advance(3000);
    const lost = ['b', 'c'].map((id) => metrics(id).counters);
    const begun = lost.reduce((sum, { electionsBegun }) => sum + electionsBegun, 0);
    const ended = lost.reduce((sum, { electionsLost }) => sum + electionsLost, 0);
    expect(ended).toBeGreaterThan(1);
    expect(begun - ended).toBeLessThanOrEqual(2);
    expect(lost.every(({ electionsWon }) => electionsWon === 0)).toBe(true);
    isDeaf = false;
    await world.clock.until(() => ['b', 'c'].some((id) => metrics(id).counters.electionsWon === 1));
  });

  test('of a single voter are a pre-vote and an election', async () => {
    await start('a');
    expect(metrics('a').counters).toMatchObject({
      ...{ preVotesBegun: 1, electionsBegun: 1, electionsWon: 1, electionsLost: 0 },
    });
  });

  test('count the leadership that ends with them', async () => {
    const leader = await start('abc');
    await world.value(leader.transferLeadership('b'));
    expect(metrics('a').counters).toMatchObject({ leadershipsLost: 1, leaderChanges: 2 });
    // One that is told to stand asks nobody first.
    const { electionsBegun, preVotesBegun } = metrics('b').counters;
    expect({ electionsBegun, preVotesBegun }).toEqual({ electionsBegun: 1, preVotesBegun: 0 });
  });
});

describe('entries', () => {
  test('are counted on their way from the call to the machine', async () => {
    const leader = await start('abc');
    const before = metrics('a').counters;
    for (let at = 0; at < 10; at++) await world.value(leader.propose(`c${at}`));
    await world.clock.advance(100);
    const { counters, gauges, peers } = metrics('a');
    const more = (name: keyof typeof before) => Number(counters[name]) - Number(before[name]);
    for (const name of ['appendedEntries', 'committedEntries', 'appliedEntries'] as const) {
      expect(more(name)).toBe(10);
    }
    expect(more('replicatedEntries')).toBe(20);
    expect(more('replicatedBytes')).toBe(2 * more('appendedBytes'));
    expect(more('appliedBytes')).toBe(more('appendedBytes'));
    expect(counters).toMatchObject({ proposalsBegun: 10, proposalsAnswered: 10 });
    expect(counters).toMatchObject({ proposalsFailed: {}, appendsSentAgain: 0, refusedFrames: 0 });
    expect(gauges).toMatchObject({ uncommittedBytes: 0, unappliedBytes: 0, waitingProposals: 0 });
    expect(peers.map(({ id }) => id)).toEqual(['b', 'c']);
    for (const peer of peers) {
      expect(peer).toMatchObject({ matchIndex: gauges.lastIndex, lagEntries: 0, lagBytes: 0 });
      expect(peer.replicationMs.count).toBeGreaterThanOrEqual(10);
    }
    expect(metrics('b').peers).toEqual([]);
    expect(counters.storeWrittenEntries).toBe(counters.appendedEntries);
    expect(counters.storeWrittenBytes).toBe(counters.appendedBytes);
  });

  test('that another member asks for are forwarded once', async () => {
    await start('abc');
    await world.value(world.node('b').propose('from b'));
    expect(metrics('b').counters).toMatchObject({ forwardsSent: 1, proposalsAnswered: 1 });
    const { forwardsReceived, forwardsTaken, proposalsBegun } = metrics('a').counters;
    expect({ forwardsReceived, forwardsTaken }).toEqual({ forwardsReceived: 1, forwardsTaken: 1 });
    expect(proposalsBegun).toBe(0);
  });

  test('that are refused are counted by their code', async () => {
    world = new World('a');
    await world.open('a', { limits: { maxCommandBytes: 100, maxQueuedProposals: 1 } });
    const leader = await world.elect('a');
    const calls = ['x'.repeat(200), 'one', 'two'].map((command) => leader.propose(command));
    await world.settled(Promise.allSettled(calls));
    expect(metrics('a').counters).toMatchObject({
      ...{ proposalsBegun: 3, proposalsAnswered: 1 },
      proposalsFailed: { ERR_COMMAND_TOO_LARGE: 1, ERR_QUEUE_FULL: 1 },
    });
  });

  test('that one lacks are its lag', async () => {
    const leader = await start('abc');
    await world.clock.advance(50);
    world.network.isolate('c');
    for (let at = 0; at < 5; at++) await world.value(leader.propose(`c${at}`));
    const { gauges, peers } = metrics('a');
    const [b, c] = peers;
    expect(b).toMatchObject({ lagEntries: 0, inFlightAppends: 0, inFlightBytes: 0 });
    expect(c).toMatchObject({ lagEntries: 5, matchIndex: gauges.lastIndex - 5 });
    expect(c?.inFlightBytes).toBe(c?.lagBytes);
    await world.clock.advance(100);
    expect(metrics('a').peers[1]?.silentMs).toBeGreaterThanOrEqual(100);
    world.network.heal();
    await world.clock.advance(500);
    expect(metrics('a').peers[1]?.lagEntries).toBe(0);
    expect(metrics('a').counters.appendsSentAgain).toBeGreaterThan(0);
  });
});

describe('latencies', () => {
  test('are those of the network, of the store and of the machine', async () => {
    world = new World('abc');
    const { clock } = world;
    const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
    let isSlow = false;
    for (const id of 'abc') {
      const storage = new MemoryStorage();
      const machine = new Recorder();
      const apply = machine.apply.bind(machine);
      machine.apply = async (...args) => {
        if (isSlow && id === 'a') await wait(7);
        return apply(...args);
      };
      await world.open(id, {
        stateMachine: machine,
        transport: slowed(id, clock, 5),
        storage: storageWith(storage, {
          write: async (batch) => {
            if (isSlow) await wait(id === 'a' ? 40 : 3);
            await storage.log.write(batch);
          },
        }),
      });
    }
    const leader = await world.elect('a');
    await clock.advance(500);
    const before = leader.metrics().histograms;
    isSlow = true;
    await world.value(leader.propose('slowly'));
    await clock.advance(15);
    const { applyMs, commitMs, proposeMs, replicationMs, storeWriteMs } =
      leader.metrics().histograms;
    // To a follower and back, and its write. The leader's own disk takes longer than a majority.
    expect(replicationMs.count - before.replicationMs.count).toBe(2);
    expect(replicationMs.sum - before.replicationMs.sum).toBe(2 * 13);
    expect(commitMs.sum - before.commitMs.sum).toBe(13);
    expect(storeWriteMs.sum - before.storeWriteMs.sum).toBe(40);
    expect(applyMs.sum - before.applyMs.sum).toBe(7);
    expect(proposeMs).toMatchObject(exactly(47, 1));
    expect(leader.metrics().gauges).toMatchObject({ writingMs: 0, applyingMs: 0 });
  });

  test('of an election are those of its messages', async () => {
    world = new World('abc');
    for (const id of 'abc') await world.open(id, { transport: slowed(id, world.clock, 4) });
    await world.elect('a');
    await world.clock.advance(100);
    // The first election waits for more: members must recognise each other.
    const { histograms } = metrics('a');
    expect(histograms.electionMs.count).toBe(1);
    await world.value(world.node('a').transferLeadership('b'));
    await world.clock.advance(20);
    // A vote there and back: who is told to stand needs no pre-vote.
    expect(metrics('b').histograms.electionMs).toMatchObject(exactly(8, 1));
  });

  test('of reads are counted by what they asked for, and by what answered', async () => {
    const leader = await start('abc');
    await world.clock.advance(100);
    const kinds = ['linearizable', 'lease', 'local', { maxStalenessMs: 1000 }] as const;
    for (const consistency of [...kinds, { atLeastIndex: 1 }]) {
      await world.value(leader.read(undefined, { consistency }));
      // The next one is in another turn: of each turn only the first is timed.
      await world.clock.advance(20);
    }
    const late = { consistency: { atLeastIndex: 1e6 }, timeoutMs: 10 };
    await world.settled(leader.read(undefined, late));
    const { counters, histograms } = leader.metrics();
    expect(counters.readsBegun).toEqual({
      ...{ linearizable: 1, lease: 1, local: 1, maxStalenessMs: 1, atLeastIndex: 2 },
    });
    expect(counters.readsAnswered).toEqual({ index: 1, lease: 1, fresh: 1, awaited: 1, local: 1 });
    expect(counters.readsFailed).toEqual({ ERR_TIMEOUT: 1 });
    expect(histograms.readMs.count).toBe(5);
  });

  test('of turns tell how late the event loop is', async () => {
    world = new World('a');
    let isBlocked = false;
    const clock = world.clock;
    await world.open('a', {
      clock: {
        now: () => clock.now(),
        wallMs: () => clock.wallMs(),
        after: (ms, callback) => clock.after(ms, callback),
        soon: (callback) => {
          if (isBlocked) clock.after(30, callback);
          else clock.soon(callback);
        },
      },
    });
    await world.elect('a');
    expect(metrics('a').histograms.turnLatenessMs.max).toBe(0);
    isBlocked = true;
    await world.clock.advance(200);
    expect(metrics('a').histograms.turnLatenessMs.max).toBe(30);
    isBlocked = false;
    await world.clock.advance(100);
  });
});

describe('health', () => {
  test('of a whole cluster is ok, and counts the voters that may yet fail', async () => {
    await start('abcde');
    await world.clock.advance(200);
    const { health, resources } = metrics('a');
    expect(health).toEqual({
      ...{ node: 'ok', reasons: [] },
      cluster: {
        ...{ hasLeader: true, voters: 5, votersHeard: 5, votersInSync: 5 },
        ...{ canCommit: true, faultTolerance: 2 },
      },
    });
    expect(metrics('b').health).toMatchObject({
      ...{ node: 'ok', reasons: [] },
      cluster: { hasLeader: true, canCommit: true, votersHeard: undefined },
    });
    expect(resources.residentBytes).toBeGreaterThan(resources.heapUsedBytes);
  });

  test('tells a leader that is cut off before it steps down, and after', async () => {
    await start('abc');
    await world.clock.advance(200);
    world.network.isolate('a');
    await world.clock.advance(110);
    const { health, role } = metrics('a');
    expect(role).toBe('leader');
    expect(health).toMatchObject({
      ...{ node: 'degraded', reasons: ['quorum-silent'] },
      cluster: { hasLeader: true, canCommit: false, votersHeard: 1, faultTolerance: 0 },
    });
    await world.clock.advance(1000);
    expect(metrics('a')).toMatchObject({
      health: { reasons: ['no-leader'], cluster: { hasLeader: false, canCommit: false } },
    });
    const next = ['b', 'c'].map(metrics).find(({ role: each }) => each === 'leader');
    expect(next?.health).toMatchObject({
      ...{ node: 'ok', cluster: { votersHeard: 2, faultTolerance: 0, canCommit: true } },
    });
  });

  test('tells a quorum that is lost: of the leader, and of who is left', async () => {
    await start('abc');
    await world.clock.advance(200);
    for (const id of 'bc') await world.settled(world.node(id).close());
    expect(metrics('b').health).toMatchObject({ node: 'stopped', reasons: ['closed'] });
    await world.clock.advance(110);
    expect(metrics('a').health.cluster).toMatchObject({ votersHeard: 1, canCommit: false });
    await world.clock.advance(500);
    expect(metrics('a').health).toMatchObject({ node: 'degraded', reasons: ['no-leader'] });
  });

  test('tells a follower whose leader was silent for too long', async () => {
    world = new World('abc');
    for (const id of 'abc') await world.open(id, { electionTimeoutMs: [150, 3000] });
    await world.elect('a');
    await world.clock.advance(100);
    world.network.isolate('b');
    await world.clock.until(() => metrics('b').health.node !== 'ok');
    expect(metrics('b')).toMatchObject({
      leader: 'a',
      health: { reasons: ['leader-silent'], cluster: { hasLeader: false, canCommit: false } },
    });
    await world.clock.advance(3000);
    expect(metrics('b').health.reasons).toEqual(['no-leader']);
  });

  test('tells a store and a machine that take too long, and what stopped the node', async () => {
    world = new World('a');
    const storage = new MemoryStorage();
    const release: (() => void)[] = [];
    let isStuck = false;
    const machine = new Recorder();
    const finish: (() => void)[] = [];
    machine.apply = () => new Promise((resolve) => void finish.push(() => resolve(1)));
    await world.open('a', {
      stateMachine: machine,
      storage: storageWith(storage, {
        write: async (batch) => {
          if (isStuck) await new Promise<void>((resolve) => void release.push(resolve));
          await storage.log.write(batch);
        },
      }),
    });
    const leader = await world.elect('a');
    isStuck = true;
    const call = leader.propose('stuck').catch((error: unknown) => error);
    await world.clock.advance(151);
    expect(metrics('a').health).toMatchObject({ node: 'degraded', reasons: ['store-slow'] });
    expect(metrics('a').gauges.writingMs).toBe(151);
    isStuck = false;
    for (const each of release) each();
    await world.clock.advance(151);
    expect(metrics('a').health).toMatchObject({ node: 'degraded', reasons: ['machine-slow'] });
    for (const each of finish) each();
    await world.value(call);
    expect(metrics('a').health.node).toBe('ok');
    machine.apply = () => {
      throw new Error('broken');
    };
    await world.settled(leader.propose('breaks'));
    const { counters, health } = metrics('a');
    expect(health).toMatchObject({ node: 'stopped', reasons: ['ERR_STATE_MACHINE'] });
    expect(counters).toMatchObject({ applyFailures: 1, storeFailures: 0 });
    expect(counters.proposalsFailed).toEqual({ ERR_STATE_MACHINE: 1 });
  });
});
