import {
  type CoxswainError,
  type LogStore,
  type LogWrite,
  MemoryNetwork,
  MemoryStorage,
  RaftNode,
  type RaftNodeOptions,
  type Storage,
} from 'coxswain';
import { ManualClock } from 'coxswain/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { follower, type Harness, Recorder, startCluster } from './harness.ts';

let harness: Harness | undefined;

afterEach(async () => {
  const closing = harness?.cluster.close();
  if (closing !== undefined) await harness?.settled(closing);
  harness = undefined;
});

async function start(...args: Parameters<typeof startCluster>): Promise<Harness> {
  harness = await startCluster(...args);
  return harness;
}

type Options = RaftNodeOptions<string, number, void, readonly string[]>;

function single(clock: ManualClock, more: Partial<Options> = {}): Options {
  return {
    cluster: 'alone',
    id: 'a',
    address: 'a',
    bootstrap: [{ id: 'a', address: 'a' }],
    stateMachine: new Recorder(),
    storage: new MemoryStorage(),
    transport: new MemoryNetwork({ clock }).transport('a'),
    clock,
    seed: 1,
    checkInvariants: true,
    ...more,
  };
}

describe('a store', () => {
  test('that fails a write stops the node; nothing of that write is acknowledged', async () => {
    const clock = new ManualClock();
    const storage = new MemoryStorage();
    let broken = false;
    const log: LogStore = {
      supports: storage.log.supports,
      load: () => storage.log.load(),
      read: (from, until, maxBytes) => storage.log.read(from, until, maxBytes),
      write: (write: LogWrite) =>
        broken ? Promise.reject(new Error('EIO')) : storage.log.write(write),
      close: () => storage.log.close(),
    };
    const { snapshots } = storage;
    const failing: Storage = { log, snapshots, close: () => storage.close() };
    const node = await RaftNode.open(single(clock, { storage: failing }));
    const faults: CoxswainError[] = [];
    node.on('fault', (error) => void faults.push(error));
    await clock.until(() => node.status().role === 'leader');
    broken = true;
    const call = Promise.allSettled([node.propose('x')]);
    await clock.advance(10);
    const [result] = await call;
    expect(result).toMatchObject({ reason: { code: 'ERR_STORE_FAILED', outcome: 'unknown' } });
    expect(faults).toHaveLength(1);
    expect(faults[0]?.cause).toMatchObject({ message: 'EIO' });
  });

  test('that another node has open is refused', async () => {
    const clock = new ManualClock();
    const storage = new MemoryStorage();
    const node = await RaftNode.open(single(clock, { storage }));
    const transport = new MemoryNetwork({ clock }).transport('a');
    const again = RaftNode.open(single(clock, { storage, transport }));
    await expect(again).rejects.toMatchObject({ code: 'ERR_STORE_LOCKED' });
    await node.close();
  });

  test.each([[{ cluster: 'another' }], [{ id: 'b', bootstrap: [{ id: 'b', address: 'b' }] }]])(
    'that belongs to another member or cluster is refused: %o',
    async (more) => {
      const clock = new ManualClock();
      const storage = new MemoryStorage();
      await (await RaftNode.open(single(clock, { storage }))).close();
      const transport = new MemoryNetwork({ clock }).transport('x');
      const other = RaftNode.open(single(clock, { storage, transport, ...more }));
      await expect(other).rejects.toMatchObject({ code: 'ERR_WRONG_CLUSTER' });
    },
  );

  test('that lost committed entries is refused', async () => {
    const clock = new ManualClock();
    const storage = new MemoryStorage();
    const node = await RaftNode.open(single(clock, { storage }));
    await clock.until(() => node.status().commit > 1);
    void node.propose('x');
    await clock.advance(10);
    void node.propose('y');
    await clock.advance(10);
    await node.close();
    await storage.log.load();
    await storage.log.write({ truncateFrom: 3 });
    await storage.log.close();
    const transport = new MemoryNetwork({ clock }).transport('a');
    const again = RaftNode.open(single(clock, { storage, transport }));
    await expect(again).rejects.toMatchObject({ code: 'ERR_STORE_CORRUPT' });
  });

  test('is replayed into a new machine after a restart, without a new write', async () => {
    const clock = new ManualClock();
    const storage = new MemoryStorage();
    const node = await RaftNode.open(single(clock, { storage }));
    await clock.until(() => node.status().role === 'leader');
    const calls = Array.from({ length: 100 }, (_, at) => node.propose(`${at}`));
    await clock.advance(10);
    await Promise.all(calls);
    await node.close();
    const stateMachine = new Recorder();
    const transport = new MemoryNetwork({ clock }).transport('a');
    const limits = { maxAppendBytes: 64, maxApplyBatch: 7, memoryWindowBytes: 1 };
    const again = await RaftNode.open(single(clock, { storage, stateMachine, transport, limits }));
    await clock.until(() => stateMachine.applied.length === 100);
    expect(stateMachine.query()).toEqual(Array.from({ length: 100 }, (_, at) => `${at}`));
    await again.close();
  });
});

describe('the network', () => {
  test('may repeat every frame: each command is applied once', async () => {
    const { cluster, clock, leader, machines, value } = await start();
    cluster.network.duplicate = 1;
    cluster.network.delayMs = [0, 3];
    await leader();
    const calls = Array.from({ length: 60 }, (_, at) =>
      cluster.node('abc'[at % 3] ?? 'a').propose(`${at}`),
    );
    await value(Promise.all(calls));
    await clock.advance(200);
    for (const machine of machines.values()) {
      expect([...machine.query()].sort()).toEqual(
        Array.from({ length: 60 }, (_, at) => `${at}`).sort(),
      );
    }
  });

  test('may lose a third of all frames: everything still commits', async () => {
    const { cluster, leader, value } = await start();
    await leader();
    cluster.network.drop = 0.3;
    for (let at = 0; at < 20; at++) {
      const { id } = (await leader()).status();
      await value(cluster.node(id).propose(`${at}`, { timeoutMs: 60_000 }));
    }
    cluster.network.drop = 0;
    expect(await value((await leader()).read(undefined))).toHaveLength(20);
  });

  test('that carries garbage harms nothing: counted, dropped, logged once a peer', async () => {
    const warned: string[] = [];
    const quiet = () => undefined;
    const logger = {
      ...{ debug: quiet, info: quiet, error: quiet },
      warn: (_fields: object, message: string) => void warned.push(message),
    };
    const { cluster, clock, leader, value } = await start({ logger });
    await leader();
    const stranger = cluster.network.transport('stranger');
    const self = {
      clusterId: '',
      id: 'stranger',
      address: '',
      incarnation: '',
      protocolVersion: 9,
    };
    await stranger.open(self, () => undefined);
    stranger.setPeers([{ id: 'a', address: 'a' }]);
    for (let length = 0; length < 50; length++) {
      stranger.send('a', [new Uint8Array(length).fill(length)], 'control');
    }
    await clock.advance(10);
    expect(cluster.node('a').status().badFrames).toBe(50);
    expect(warned.filter((message) => message.includes('did not decode'))).toHaveLength(1);
    await value((await leader()).propose('still here'));
  });

  test('may cut a follower off for long: it catches up from the store', async () => {
    const limits = { memoryWindowBytes: 100, maxAppendBytes: 200, maxInflightAppends: 4 };
    const { cluster, clock, leader, machines, value } = await start({ limits });
    const first = await leader();
    const { id } = follower(cluster).status();
    cluster.network.isolate(id);
    for (let round = 0; round < 30; round++) {
      await value(
        Promise.all(Array.from({ length: 10 }, (_, at) => first.propose(`${round} ${at}`))),
      );
    }
    cluster.network.heal();
    await clock.until(() => machines.get(id)?.applied.length === 300);
    expect(machines.get(id)?.applied).toEqual(machines.get(first.status().id)?.applied);
  });
});

describe('a listener', () => {
  test('that throws harms nobody', async () => {
    const { cluster, leader, value } = await start();
    for (const node of cluster.nodes) {
      node.on('role', () => {
        throw new Error('from a listener');
      });
      node.on('committed', () => {
        throw new Error('from a listener');
      });
    }
    expect((await value((await leader()).propose('x'))).result).toBe(1);
  });

  test('hears of roles, leaders and commits, each change once', async () => {
    const { cluster, leader, value } = await start();
    const heard: string[] = [];
    const node = cluster.node('b');
    node.on('leader', (event) => void heard.push(`leader ${event.leader} ${event.term}`));
    node.on('committed', ({ index }) => void heard.push(`committed ${index}`));
    const first = await leader();
    await value(first.propose('x'));
    await harness?.clock.advance(100);
    expect(heard.filter((line) => line.startsWith('leader'))).toEqual([
      `leader ${first.status().id} 2`,
    ]);
    expect(heard.at(-1)).toBe('committed 3');
  });
});
