// What goes wrong on the state machine's side: slow machines, slow queries, stores that fail.
import { MemoryStorage } from 'coxswain';
import { afterEach, describe, expect, test } from 'vitest';
import { Recorder } from './harness.ts';
import { storageWith, World } from './nodes.ts';

let world = new World('a');

afterEach(() => world.close());

describe('a machine that answers by promises', () => {
  test('answers a query under a steady load of commands', async () => {
    world = new World('a');
    const { clock } = world;
    const machine = Object.assign(new Recorder(), {
      apply: () =>
        new Promise<number>((resolve) => {
          clock.after(2, () => resolve(1));
        }),
    });
    const node = await world.open('a', { stateMachine: machine });
    await world.elect('a');
    let answered = false;
    for (let ms = 0; ms < 3000; ms++) {
      void node.propose('x').catch(() => undefined);
      if (ms === 100) {
        void node.read(undefined, { consistency: 'local', timeoutMs: 5000 }).then(
          () => {
            answered = true;
          },
          () => undefined,
        );
      }
      await clock.advance(1);
    }
    expect(answered).toBe(true);
  });

  test('goes on applying while slow queries follow each other', async () => {
    world = new World('a');
    const { clock } = world;
    const machine = Object.assign(new Recorder(), {
      query: () =>
        new Promise<readonly string[]>((resolve) => {
          clock.after(20, () => resolve([]));
        }),
    });
    const node = await world.open('a', { stateMachine: machine });
    await world.elect('a');
    await clock.advance(20);
    let result: string | undefined;
    for (let round = 0; round < 300; round++) {
      void node.read(undefined, { consistency: 'local' }).catch(() => undefined);
      if (round === 5) {
        void node.propose('x', { timeoutMs: 2000 }).then(
          () => {
            result = 'applied';
          },
          (error: { code: string }) => {
            result = error.code;
          },
        );
      }
      await clock.advance(10);
    }
    expect(result).toBe('applied');
  });

  test('and hangs does not let the log that waits for it grow without bound', async () => {
    world = new World('a');
    const { clock } = world;
    const machine = Object.assign(new Recorder(), { apply: () => new Promise<number>(() => {}) });
    const limits = {
      ...{ maxQueuedProposals: 100, maxQueuedBytes: 100_000, maxUncommittedBytes: 100_000 },
      ...{ memoryWindowBytes: 100_000, maxCommandBytes: 10_000, maxApplyLagBytes: 100_000 },
    };
    const node = await world.open('a', { stateMachine: machine, limits, requestTimeoutMs: 100 });
    await world.elect('a');
    const codes = new Set<string>();
    for (let at = 0; at < 1000; at++) {
      void node.propose('x'.repeat(5000)).catch((error: { code: string }) => codes.add(error.code));
      if (at % 10 === 0) await clock.advance(5);
    }
    // 1000 × 5 kB were offered, every limit is 100 kB.
    const { applied, last } = node.status();
    expect((last - applied) * 5000).toBeLessThan(1_000_000);
  });
});

describe('a query', () => {
  test('that the machine asks of its own node in apply waits for a quiescent point', async () => {
    world = new World('a');
    const seen: number[] = [];
    let applying = 0;
    const machine = Object.assign(new Recorder(), {
      apply: () => {
        applying++;
        void world.node('a').read(undefined, { consistency: 'local' });
        applying--;
        return 1;
      },
      query: () => {
        seen.push(applying);
        return [];
      },
    });
    const node = await world.open('a', { stateMachine: machine });
    await world.elect('a');
    await world.value(node.propose('x'));
    expect(seen).toEqual([0]);
  });
});

describe('a store', () => {
  test('whose read fails with a plain error stops the node with ERR_STORE_FAILED', async () => {
    world = new World('a');
    const storage = new MemoryStorage();
    const first = await world.open('a', { storage });
    await world.elect('a');
    await world.value(first.propose('x'));
    await world.settled(first.close());
    let calls = 0;
    const broken = storageWith(storage, {
      read: (from, until, most) =>
        ++calls > 1 ? Promise.reject(new Error('EIO')) : storage.log.read(from, until, most),
    });
    await world.open('a', { storage: broken });
    await world.clock.advance(1000);
    expect(world.faults).toMatchObject([{ code: 'ERR_STORE_FAILED' }]);
  });

  test('that fails a write lets a read end with a code, never with outcome unknown', async () => {
    world = new World('ab');
    const storage = new MemoryStorage();
    let broken = false;
    const failing = storageWith(storage, {
      write: (batch) => (broken ? Promise.reject(new Error('EIO')) : storage.log.write(batch)),
    });
    const node = await world.open('a', { storage: failing });
    await world.open('b');
    await world.elect('a');
    world.network.isolate('b');
    const reading = node.read(undefined);
    broken = true;
    node.propose('x').catch(() => undefined);
    const during = await world.settled(reading);
    expect(during).toMatchObject({ reason: { code: 'ERR_STORE_FAILED', outcome: 'not-applied' } });
  });

  test('that fails its first write makes open reject with ERR_STORE_FAILED', async () => {
    world = new World('a');
    const storage = storageWith(new MemoryStorage(), {
      write: () => Promise.reject(new Error('EIO')),
    });
    await expect(world.open('a', { storage })).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
  });

  test('that is refused as locked stays open for the node that has it', async () => {
    world = new World('a');
    const storage = new MemoryStorage();
    const node = await world.open('a', { storage });
    await world.elect('a');
    const second = world.open('a', { storage });
    await expect(second).rejects.toMatchObject({ code: 'ERR_STORE_LOCKED' });
    const result = await world.settled(node.propose('still here'));
    expect(result).toEqual({ status: 'fulfilled', value: expect.anything() });
  });
});

describe('a follower whose machine hangs', () => {
  test('keeps no more of the log in memory than memoryWindowBytes', async () => {
    world = new World('abc');
    const { clock } = world;
    const limits = { memoryWindowBytes: 20_000 };
    const storage = new MemoryStorage();
    let reads = 0;
    const counted = storageWith(storage, {
      read: (from, until, most) => {
        reads++;
        return storage.log.read(from, until, most);
      },
    });
    let goOn = () => {};
    const gate = new Promise<number>((resolve) => {
      goOn = () => resolve(1);
    });
    const stateMachine = Object.assign(new Recorder(), { apply: () => gate });
    await world.open('a', { limits });
    await world.open('b', { limits });
    const slow = await world.open('c', { limits, stateMachine, storage: counted });
    const leader = await world.elect('a');
    for (let at = 0; at < 200; at++) await world.value(leader.propose('x'.repeat(5000)));
    await clock.advance(100);
    expect(slow.status().durable).toBeGreaterThan(200);
    reads = 0;
    goOn();
    await clock.until(() => slow.status().applied > 200);
    // 1 MB waited, all of it durable; what the window has no room for comes from the store.
    expect(reads).toBeGreaterThan(0);
  });
});
