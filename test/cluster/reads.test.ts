// Reads on real nodes: what each level shows on whichever member, and what it costs.
import type { StateMachine, Transport } from 'coxswain';
import { MemoryStorage } from 'coxswain';
import { afterEach, describe, expect, test } from 'vitest';
import { Recorder } from './harness.ts';
import { isInstant, type Node, type Options, transportWith, World } from './nodes.ts';

let world: World;
afterEach(async () => {
  await world.close();
  expect(world.faults).toEqual([]);
});

/** Opens all of `ids` and makes the first of them the leader, with a command in its log. */
async function start(ids: string, more: (id: string) => Partial<Options> = () => ({})) {
  world = new World(ids);
  for (const id of ids) await world.open(id, more(id));
  const leader = await world.elect(ids.charAt(0));
  await world.value(leader.propose('first'));
  return leader;
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  const result = await world.settled(promise);
  return result.status === 'rejected' ? result.reason.code : result.value;
}

/** Counts the frames that leave. */
function counting(inner: Transport, count: { frames: number }): Transport {
  return transportWith(inner, (to, parts, lane) => {
    count.frames++;
    return inner.send(to, parts, lane);
  });
}

/** Answers queries when the test says so. */
class SlowMachine implements StateMachine<string, number, void, readonly string[]> {
  readonly #inner = new Recorder();
  readonly waiting: (() => void)[] = [];
  isSlow = false;

  apply(command: string, context: Parameters<Recorder['apply']>[1]) {
    return this.#inner.apply(command, context);
  }

  query(): readonly string[] | Promise<readonly string[]> {
    const answer = this.#inner.query();
    if (!this.isSlow) return answer;
    return new Promise((resolve) => void this.waiting.push(() => resolve(answer)));
  }

  snapshot = () => this.#inner.snapshot();
  restore = (chunks: AsyncIterable<Uint8Array>) => this.#inner.restore(chunks);
}

describe('a read on any member', () => {
  test.each(['a', 'b', 'l'])('%s shows every command that was acknowledged', async (id) => {
    const leader = await start('abc');
    await world.join('l');
    await world.value(leader.addLearner({ id: 'l', address: 'l' }));
    for (let at = 0; at < 5; at++) {
      await world.value(leader.propose(`c${at}`));
      const commands = await world.value(world.node(id).read(undefined));
      expect(commands.at(-1)).toBe(`c${at}`);
      const byLease = await world.value(world.node(id).read(undefined, { consistency: 'lease' }));
      expect(byLease.at(-1)).toBe(`c${at}`);
    }
  });

  test('shows one’s own command by its index, without a word to the leader', async () => {
    const leader = await start('abc');
    const { index } = await world.value(leader.propose('mine'));
    for (const id of 'bc') {
      const read = world.node(id).read(undefined, { consistency: { atLeastIndex: index } });
      expect(await world.value(read)).toContain('mine');
    }
    const never = world.node('b').read(undefined, {
      consistency: { atLeastIndex: index + 1 },
      timeoutMs: 100,
    });
    expect(await codeOf(never)).toBe('ERR_TIMEOUT');
  });

  test('in a cluster of one needs nobody', async () => {
    const leader = await start('a');
    expect(await world.value(leader.read(undefined))).toEqual(['first']);
    expect(await isInstant(leader.read(undefined, { consistency: 'lease' }))).toBe(true);
  });
});

describe('a leader that is cut off', () => {
  /** a is cut off; b leads, and has taken a command that a has not. */
  async function replace(): Promise<Node> {
    const old = await start('abc');
    world.network.isolate('a');
    const next = world.node('b');
    await world.clock.until(() => {
      next.campaign();
      return next.status().role === 'leader';
    });
    await world.value(next.propose('later'));
    return old;
  }

  test('answers nothing that must be linearizable', async () => {
    const old = await start('abc');
    world.network.isolate('a');
    const short = old.read(undefined, { timeoutMs: 50 });
    const long = old.read(undefined, { timeoutMs: 1000 });
    expect(await codeOf(short)).toBe('ERR_TIMEOUT');
    expect(await codeOf(long)).toBe('ERR_NO_LEADER');
  });

  test('answers by its lease until nobody else can lead, and then no more (D5)', async () => {
    const old = await start('abc');
    await world.value(old.read(undefined));
    world.network.isolate('a');
    const next = world.node('b');
    let answers = 0;
    for (let ms = 0; ms < 2000 && next.status().commit < 4; ms++) {
      const isAnswered = await isInstant(
        old.read(undefined, { consistency: 'lease', timeoutMs: 10 }).then(
          () => answers++,
          () => new Promise(() => undefined),
        ),
      );
      if (isAnswered) expect(next.status().role).not.toBe('leader');
      // Whoever was asked to stand itself has not forgotten what it promised.
      if (ms === 0) world.node('c').campaign();
      next.campaign();
      await world.clock.advance(1);
      if (next.status().role === 'leader') next.propose('later').catch(() => undefined);
    }
    expect(answers).toBeGreaterThan(20);
    expect(next.status()).toMatchObject({ role: 'leader', commit: 4 });
  });

  test('shows what it has to whoever does not mind, and no older than was asked for', async () => {
    const old = await start('abc');
    await world.value(old.read(undefined));
    world.network.isolate('a');
    await world.clock.advance(40);
    const within = (ms: number) =>
      codeOf(old.read(undefined, { consistency: { maxStalenessMs: ms }, timeoutMs: 20 }));
    expect(await within(60)).toEqual(['first']);
    expect(await within(30)).not.toEqual(['first']);
    expect(await world.value(old.read(undefined, { consistency: 'local' }))).toEqual(['first']);
  });

  test('does not show the successor’s commands, and waits until it follows', async () => {
    const old = await replace();
    const local = await world.value(old.read(undefined, { consistency: 'local' }));
    expect(local).toEqual(['first']);
    const read = world.settled(old.read(undefined, { timeoutMs: 5000 }));
    await world.clock.advance(100);
    world.network.heal();
    expect(await read).toMatchObject({ value: ['first', 'later'] });
  });
});

describe('a read across a change of leaders', () => {
  test('at a follower is asked of the next one, and shows what that has taken (D7)', async () => {
    await start('abc');
    world.network.cut('a', 'c');
    const read = world.settled(world.node('c').read(undefined, { timeoutMs: 10_000 }));
    await world.clock.advance(10);
    world.network.isolate('a');
    const next = world.node('b');
    await world.clock.until(() => {
      next.campaign();
      return next.status().role === 'leader';
    });
    await world.value(next.propose('later'));
    const result = await read;
    expect(result.status).toBe('fulfilled');
    expect(await world.value(world.node('c').read(undefined))).toEqual(['first', 'later']);
  });

  test('goes on while leadership is handed over, at every member', async () => {
    const leader = await start('abc');
    const transfer = leader.transferLeadership('b');
    const reads = [...'abcabc'].map((id) => world.node(id).read(undefined));
    await world.value(transfer);
    for (const commands of await world.value(Promise.all(reads))) {
      expect(commands).toEqual(['first']);
    }
  });

  test('of a member that is removed meanwhile comes to an end', async () => {
    const leader = await start('abc');
    await world.join('l');
    await world.value(leader.addLearner({ id: 'l', address: 'l' }));
    const read = world.settled(world.node('l').read(undefined, { timeoutMs: 300 }));
    await world.value(leader.removeMember('l'));
    expect(['fulfilled', 'rejected']).toContain((await read).status);
    expect(await codeOf(world.node('l').read(undefined, { timeoutMs: 300 }))).toMatch(
      /ERR_(TIMEOUT|NO_LEADER)/,
    );
  });

  test('after a restart is not answered by what was meant for the run before', async () => {
    const storage = new MemoryStorage();
    await start('abc', (id) => (id === 'c' ? { storage } : {}));
    world.network.delayMs = [30, 60];
    const lost = world.settled(world.node('c').read(undefined));
    await world.clock.advance(5);
    await world.settled(world.node('c').close());
    expect(await lost).toMatchObject({ reason: { code: 'ERR_CLOSED' } });
    await world.value(world.node('a').propose('later'));
    await world.open('c', { storage });
    expect(await world.value(world.node('c').read(undefined))).toEqual(['first', 'later']);
  });
});

describe('a read that is over', () => {
  test('is settled by closing, by its signal and by its deadline', async () => {
    await start('abc');
    world.network.isolate('b');
    const node = world.node('b');
    const controller = new AbortController();
    const aborted = world.settled(node.read(undefined, { signal: controller.signal }));
    const late = world.settled(node.read(undefined, { timeoutMs: 30 }));
    const closed = world.settled(node.read(undefined));
    const waits = world.settled(node.read(undefined, { consistency: { atLeastIndex: 99 } }));
    controller.abort();
    expect(await aborted).toMatchObject({ reason: { code: 'ERR_ABORTED' } });
    expect(await late).toMatchObject({ reason: { code: 'ERR_TIMEOUT' } });
    await world.settled(node.close());
    expect(await closed).toMatchObject({ reason: { code: 'ERR_CLOSED' } });
    expect(await waits).toMatchObject({ reason: { code: 'ERR_CLOSED' } });
    await expect(node.read(undefined)).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  test('is settled by the fault that ends its node, though the machine is at work', async () => {
    let release = (_: number) => {};
    const stuck = new Promise<number>((_, reject) => {
      release = () => reject(new Error('out of order'));
    });
    const machine: Options['stateMachine'] = {
      apply: (command) => (command === 'stuck' ? stuck : 1),
      query: () => [],
      snapshot: () => new Uint8Array(0),
      restore: () => undefined,
    };
    const leader = await start('abc', (id) => (id === 'a' ? { stateMachine: machine } : {}));
    const command = world.settled(leader.propose('stuck'));
    await world.clock.advance(50);
    const reads = (['linearizable', 'local', { atLeastIndex: 99 }] as const).map((consistency) =>
      world.settled(leader.read(undefined, { consistency })),
    );
    await world.clock.advance(50);
    release(0);
    for (const read of reads) {
      const reason = { code: 'ERR_STATE_MACHINE', outcome: 'not-applied' };
      expect(await read).toMatchObject({ reason });
    }
    const later = [leader.read(undefined), leader.propose('later')];
    for (const call of await Promise.allSettled(later)) {
      const reason = { code: 'ERR_STATE_MACHINE', outcome: 'not-applied' };
      expect(call).toMatchObject({ reason });
    }
    expect((await command).status).toBe('rejected');
    expect(world.faults).toHaveLength(1);
    world.faults.length = 0;
  });

  test('that its own machine waits for ends in time, and the machine goes on', async () => {
    const nodes: Node[] = [];
    const codes: unknown[] = [];
    const machine: Options['stateMachine'] = {
      apply: async () => {
        const read = nodes[0]?.read(undefined, { timeoutMs: 100 });
        await read?.catch((error) => codes.push(error.code));
        return 1;
      },
      query: () => [],
      snapshot: () => new Uint8Array(0),
      restore: () => undefined,
    };
    world = new World('a');
    nodes.push(await world.open('a', { stateMachine: machine }));
    const leader = await world.elect('a');
    await world.value(leader.propose('x'));
    expect(codes).toEqual(['ERR_TIMEOUT']);
    expect(await world.value(leader.read(undefined))).toEqual([]);
  });
});

describe('a machine that takes its time', () => {
  test('answers by a lease only if that holds at the end (D2)', async () => {
    const machine = new SlowMachine();
    const leader = await start('abc', (id) => (id === 'a' ? { stateMachine: machine } : {}));
    await world.value(leader.read(undefined));
    machine.isSlow = true;
    const read = world.settled(leader.read(undefined, { consistency: 'lease', timeoutMs: 5000 }));
    world.network.isolate('a');
    await world.clock.advance(50);
    const next = world.node('b');
    await world.clock.until(() => {
      next.campaign();
      return next.status().role === 'leader';
    });
    await world.value(next.propose('later'));
    machine.isSlow = false;
    for (const answer of machine.waiting) answer();
    await world.clock.advance(50);
    world.network.heal();
    expect(await read).toMatchObject({ value: ['first', 'later'] });
  });
});

describe('what reads cost', () => {
  async function startCounted() {
    const counts = new Map([...'abc'].map((id) => [id, { frames: 0 }]));
    world = new World('abc');
    for (const [id, count] of counts) {
      await world.open(id, { transport: counting(world.network.transport(id), count) });
    }
    const leader = await world.elect('a');
    await world.value(leader.propose('first'));
    await world.value(Promise.all([...'bc'].map((id) => world.node(id).read(undefined))));
    const reset = () => {
      for (const count of counts.values()) count.frames = 0;
    };
    reset();
    return { counts, leader, reset };
  }

  test('1,000 at a time: one round at the leader, one question of a follower', async () => {
    const { counts, leader, reset } = await startCounted();
    const many = (node: Node) =>
      Promise.all(Array.from({ length: 1000 }, () => node.read(undefined)));
    const before = world.clock.now();
    const atLeader = many(leader);
    await world.clock.settle();
    await atLeader;
    expect([...counts.values()].map(({ frames }) => frames)).toEqual([2, 1, 1]);
    reset();
    const atFollower = many(world.node('b'));
    await world.clock.settle();
    await atFollower;
    // A question and its answer, a round and its acknowledgements.
    expect([...counts.values()].map(({ frames }) => frames)).toEqual([3, 2, 1]);
    expect(world.clock.now()).toBe(before);
  });

  test('nothing at all, by a lease or locally: no frame, no turn, no timer', async () => {
    const { counts, leader } = await startCounted();
    const timers = world.clock.pendingTimers;
    for (let at = 0; at < 100; at++) {
      for (const consistency of ['lease', 'local', { atLeastIndex: 2 }] as const) {
        expect(await leader.read(undefined, { consistency })).toEqual(['first']);
      }
    }
    await world.clock.settle();
    expect([...counts.values()].map(({ frames }) => frames)).toEqual([0, 0, 0]);
    expect(world.clock.pendingTimers).toBe(timers);
  });
});
