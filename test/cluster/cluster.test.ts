import type { CoxswainError } from 'coxswain';
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

describe('a healthy cluster', () => {
  test('elects one leader, and every member learns who it is', async () => {
    const { cluster, clock, leader } = await start();
    const id = (await leader()).status().id;
    await clock.advance(100);
    expect(cluster.nodes.map((node) => node.status().leader)).toEqual([id, id, id]);
    expect(cluster.nodes.filter((node) => node.status().role === 'leader')).toHaveLength(1);
  });

  test('gives the result of a command proposed on any member', async () => {
    const { cluster, leader, value } = await start();
    await leader();
    for (const [at, node] of cluster.nodes.entries()) {
      const { result, index, term } = await value(node.propose(`from ${at}`));
      expect(result).toBe(at + 1);
      expect(index).toBeGreaterThan(2);
      expect(term).toBe(2);
    }
  });

  test('applies the same commands at the same indexes everywhere', async () => {
    const { cluster, clock, leader, machines, value } = await start({ size: 5 });
    await leader();
    const calls = Array.from({ length: 200 }, (_, at) =>
      (cluster.nodes[at % 5] ?? follower(cluster)).propose(`command ${at}`),
    );
    await value(Promise.all(calls));
    await clock.advance(200);
    const [first, ...others] = [...machines.values()].map((machine) => machine.applied);
    expect(first).toHaveLength(200);
    for (const other of others) expect(other).toEqual(first);
  });

  test('answers a linearizable read with every command acknowledged before it', async () => {
    const { cluster, leader, value } = await start();
    const first = await leader();
    await value(first.propose('x'));
    for (const node of cluster.nodes) expect(await value(node.read(undefined))).toEqual(['x']);
  });

  test('a single member commits alone', async () => {
    const { leader, value } = await start({ size: 1 });
    expect((await value((await leader()).propose('alone'))).result).toBe(1);
  });

  test('is at rest with one timer a node', async () => {
    const { clock, leader } = await start();
    await leader();
    await clock.advance(10_000);
    expect(clock.pendingTimers).toBe(3);
  });
});

describe('a cluster that loses its leader', () => {
  test('elects another, keeps what was acknowledged, and takes the old one back', async () => {
    const { cluster, clock, leader, machines, value } = await start();
    const old = await leader();
    await value(Promise.all([1, 2, 3].map((at) => old.propose(`before ${at}`))));
    const { id } = old.status();
    await value(cluster.stop(id));
    const next = await leader();
    expect(next.status().id).not.toBe(id);
    await value(next.propose('after'));
    await cluster.start(id);
    await clock.until(() => cluster.node(id).status().applied === next.status().applied);
    const expected = ['before 1', 'before 2', 'before 3', 'after'];
    expect(machines.get(id)?.query()).toEqual(expected);
    expect(machines.get(next.status().id)?.query()).toEqual(expected);
  });

  test('says not-applied when another entry was committed in its place', async () => {
    const { cluster, clock, leader, settled, value } = await start();
    const old = await leader();
    cluster.network.isolate(old.status().id);
    const lost = settled(old.propose('never', { timeoutMs: 60_000 }));
    await clock.until(() => cluster.nodes.some((n) => n !== old && n.status().role === 'leader'));
    const next = await leader();
    await value(next.propose('instead'));
    cluster.network.heal();
    const result = await lost;
    expect(result).toMatchObject({
      status: 'rejected',
      reason: { code: 'ERR_LEADERSHIP_LOST', outcome: 'not-applied', retryable: true },
    });
    expect(await value(next.read(undefined))).toEqual(['instead']);
  });

  test('says unknown when the leader that a command was sent to is gone', async () => {
    const { cluster, clock, leader, settled } = await start();
    const old = await leader();
    const other = follower(cluster);
    await clock.advance(50);
    const { id } = old.status();
    cluster.network.cutOneWay(id, other.status().id);
    const sent = settled(other.propose('sent', { timeoutMs: 60_000 }));
    expect(await sent).toMatchObject({
      status: 'rejected',
      reason: { code: 'ERR_LEADERSHIP_LOST', outcome: 'unknown', retryable: true },
    });
  });

  test('waits for a leader, and says so when none comes in time', async () => {
    const { cluster, clock, leader, settled } = await start();
    await leader();
    const [a, b, c] = cluster.ids.map((id) => cluster.node(id));
    for (const id of cluster.ids) cluster.network.isolate(id);
    await clock.until(() => cluster.nodes.every((node) => node.status().leader === undefined));
    const calls = [a, b, c].map((node) =>
      settled(node?.propose('x', { timeoutMs: 500 }) as Promise<unknown>),
    );
    for (const call of calls) {
      expect(await call).toMatchObject({
        reason: { code: 'ERR_NO_LEADER', outcome: 'not-applied', retryable: true },
      });
    }
  });
});

describe('a state machine', () => {
  test('that throws stops its own node, which names the index; the others go on', async () => {
    const { cluster, leader, value } = await start({
      stateMachine: (id) =>
        id === 'b'
          ? Object.assign(new Recorder(), {
              apply: (command: string) => {
                if (command === 'bad') throw new RangeError('no such thing');
                return 0;
              },
            })
          : new Recorder(),
    });
    const b = cluster.node('b');
    const faults: CoxswainError[] = [];
    b.on('fault', (error) => void faults.push(error));
    await leader();
    await value(cluster.node('a').propose('good'));
    const other = cluster.nodes.filter((node) => node !== b);
    const bad = await harness?.settled(other[0]?.propose('bad') as Promise<unknown>);
    await harness?.clock.advance(3000);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ code: 'ERR_STATE_MACHINE', index: expect.any(Number) });
    expect(faults[0]?.message).toContain('no such thing');
    await expect(b.propose('more')).rejects.toMatchObject({ code: 'ERR_STATE_MACHINE' });
    expect(bad).toBeDefined();
    const survivor = other.find((node) => node.status().role === 'leader');
    expect((await value(survivor?.propose('after') as Promise<{ result: number }>)).result).toBe(3);
  });

  test('that is asynchronous is given one command at a time, and queries in between', async () => {
    const seen: number[] = [];
    class Slow extends Recorder {
      #running = 0;

      override async apply(command: string, context: Parameters<Recorder['apply']>[1]) {
        seen.push(++this.#running);
        await Promise.resolve();
        this.#running--;
        return super.apply(command, context) as number;
      }
      override query() {
        expect(this.#running).toBe(0);
        return super.query();
      }
    }
    const { cluster, leader, value } = await start({ stateMachine: () => new Slow() });
    const first = await leader();
    const calls = Array.from({ length: 20 }, (_, at) => first.propose(`${at}`));
    const reads = Array.from({ length: 5 }, () => first.read(undefined, { consistency: 'local' }));
    await value(Promise.all(calls));
    await value(Promise.all(reads));
    expect(new Set(seen)).toEqual(new Set([1]));
    expect(await value(follower(cluster).read(undefined))).toHaveLength(20);
  });

  test('gets the same time and the same random numbers on every member', async () => {
    const drawn = new Map<string, unknown[]>();
    const { clock, leader, value } = await start({
      stateMachine: (id) => {
        const mine: unknown[] = [];
        drawn.set(id, mine);
        return Object.assign(new Recorder(), {
          apply: (_: string, context: Parameters<Recorder['apply']>[1]) => {
            mine.push([context.timeMs, context.random(), context.random()]);
            return 0;
          },
        });
      },
    });
    const first = await leader();
    for (const command of ['x', 'y', 'z']) await value(first.propose(command));
    await clock.advance(100);
    expect(drawn.get('a')).toHaveLength(3);
    expect(drawn.get('b')).toEqual(drawn.get('a'));
    expect(drawn.get('c')).toEqual(drawn.get('a'));
  });
});
