// Commands that are sent again, over lost answers, lost leaders and lost time: applied once.
import {
  type ApplyContext,
  type CoxswainError,
  MemoryStorage,
  msgpackCodec,
  type Session,
} from 'coxswain';
import { afterEach, describe, expect, test } from 'vitest';
import { Recorder } from './harness.ts';
import { type Node, type Options, slowEntries, transportWith, World } from './nodes.ts';

let world = new World('abc');
let machines = new Map<string, Recorder>();

afterEach(() => world.close());

async function start(more: (id: string) => Partial<Options> = () => ({})): Promise<Node> {
  world = new World('abc');
  machines = new Map();
  for (const id of 'abc') {
    const stateMachine = new Recorder();
    machines.set(id, stateMachine);
    await world.open(id, { stateMachine, ...more(id) });
  }
  return world.elect('a');
}

const open = (id: string): Promise<Session<string, number>> =>
  world.value(world.node(id).openSession());

const applied = (id: string): readonly string[] => machines.get(id)?.query() ?? [];

/** Everyone has applied the same commands: these. */
async function expectApplied(...commands: readonly string[]): Promise<void> {
  await world.clock.advance(1000);
  for (const id of world.nodes.keys()) expect([id, ...applied(id)]).toEqual([id, ...commands]);
}

/** The answers of `a`, which leads, do not reach `to`. */
function loseAnswers(to: string): void {
  world.network.cutOneWay('a', to);
}

describe('a command of a session', () => {
  test('sent again to the next leader is applied once, with the same reply (X1)', async () => {
    await start();
    const session = await open('c');
    loseAnswers('c');
    const call = session.propose('x');
    await world.clock.advance(5);
    expect([applied('a'), applied('b'), applied('c')]).toEqual([['x'], ['x'], []]);
    const [index] = machines.get('b')?.applied.map((each) => each.index) ?? [];
    world.network.isolate('a');
    expect(await world.value(call)).toMatchObject({ result: 1, index });
    world.network.heal();
    await expectApplied('x');
  });

  test('sent again to the same leader is applied once, with the same reply (X1)', async () => {
    await start((id) => ({ transport: deafTransport(id) }));
    const session = await open('c');
    deaf.add('c');
    const call = session.propose('x');
    await world.clock.advance(200);
    expect(applied('a')).toEqual(['x']);
    await world.value(world.node('a').propose('between'));
    deaf.clear();
    expect(await world.value(call)).toMatchObject({ result: 1 });
    expect(world.node('c').status().leader).toBe('a');
    await expectApplied('x', 'between');
  });

  test('is applied once though every frame comes twice, and a third is lost', async () => {
    await start();
    world.network.duplicate = 1;
    world.network.drop = 0.3;
    world.network.delayMs = [0, 3];
    const calls: Promise<unknown>[] = [];
    for (const id of 'abc') {
      const session = await world.value(world.node(id).openSession({ timeoutMs: 60_000 }), 120_000);
      for (let at = 0; at < 20; at++) {
        calls.push(session.propose(`${id}${at}`, { timeoutMs: 100_000 }));
      }
    }
    const results = (await world.value(Promise.all(calls), 200_000)) as { result: number }[];
    expect(new Set(results.map(({ result }) => result)).size).toBe(60);
    world.network.drop = 0;
    await world.clock.advance(2000);
    const all = [...'abc'].flatMap((id) => Array.from({ length: 20 }, (_, at) => `${id}${at}`));
    for (const id of 'abc') expect([...applied(id)].sort()).toEqual(all.sort());
  });

  test('that the machine answers by a promise is answered again by what it came to', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await start((id) => {
      const machine = new Recorder();
      const { applied: list } = machine;
      machines.set(id, machine);
      machine.apply = async (command, { index }) => {
        await gate;
        list.push({ command, index });
        return list.length;
      };
      return { stateMachine: machine };
    });
    const session = await open('c');
    const call = session.propose('x');
    await world.clock.advance(700);
    release();
    expect(await world.value(call)).toMatchObject({ result: 1 });
    await expectApplied('x');
  });

  test('whose frame comes after its session has expired is not applied (X2)', async () => {
    let delayMs = 0;
    await start((id) => ({
      ...{ sessions: { idleMs: 500 } },
      transport: slowEntries(world.network.transport(id), world.clock, (to) =>
        id === 'c' && to === 'a' ? delayMs : 0,
      ),
    }));
    const session = await open('c');
    delayMs = 1000;
    const late = await world.settled(session.propose('late', { timeoutMs: 200 }));
    expect(late).toMatchObject({
      reason: { code: 'ERR_TIMEOUT', outcome: 'unknown', sequence: 1 },
    });
    await world.clock.advance(1500);
    delayMs = 0;
    const outcome = await world.settled(session.outcome(1));
    const expired = { code: 'ERR_SESSION_EXPIRED', outcome: 'unknown', retryable: false };
    expect(outcome).toMatchObject({ reason: { ...expired, sequence: 1 } });
    const again = await world.settled(session.propose('again'));
    expect(again).toMatchObject({ reason: { ...expired, sequence: 2 } });
    await expectApplied();
  });
});

describe('expiry', () => {
  test('follows the time stamps of the log, whatever the members’ clocks say (X3)', async () => {
    // Many idle times; beyond sixty seconds from a majority nobody leads.
    const skew: Record<string, number> = { a: 0, b: 30_000, c: -30_000 };
    const storage = new MemoryStorage();
    const more = (id: string): Partial<Options> => ({
      ...(id === 'c' ? { storage } : {}),
      sessions: { idleMs: 1000 },
      clock: {
        now: () => world.clock.now(),
        wallMs: () => world.clock.wallMs() + (skew[id] ?? 0),
        after: (delayMs, callback) => world.clock.after(delayMs, callback),
        soon: (callback) => world.clock.soon(callback),
      },
    });
    await start(more);
    const session = await open('a');
    const other = await open('a');
    for (const name of ['1', '2', '3']) {
      await world.value(session.propose(name));
      await world.clock.advance(600);
    }
    expect(await world.settled(other.propose('x'))).toMatchObject({
      reason: { code: 'ERR_SESSION_EXPIRED', outcome: 'unknown' },
    });
    await world.value(session.propose('4'));
    await expectApplied('1', '2', '3', '4');
    const count = () => [...world.nodes.values()].map((node) => node.status().sessions);
    expect(count()).toEqual([1, 1, 1]);
    await world.settled(world.node('c').close());
    await world.clock.advance(100);
    const stateMachine = new Recorder();
    machines.set('c', stateMachine);
    await world.open('c', { ...more('c'), stateMachine });
    await expectApplied('1', '2', '3', '4');
    expect(count()).toEqual([1, 1, 1]);
  });

  test('of one that was used last before a restart of everyone is not forgotten (X3)', async () => {
    const storages = new Map([...'abc'].map((id) => [id, new MemoryStorage()]));
    const more = (id: string): Partial<Options> => ({
      storage: storages.get(id) ?? new MemoryStorage(),
      sessions: { idleMs: 1000 },
    });
    await start(more);
    const session = await open('a');
    await world.value(session.propose('x'));
    await world.clock.advance(2000);
    for (const id of 'bc') {
      await world.settled(world.node(id).close());
      const stateMachine = new Recorder();
      machines.set(id, stateMachine);
      await world.open(id, { ...more(id), stateMachine });
    }
    expect(await world.settled(session.propose('y'))).toMatchObject({
      reason: { code: 'ERR_SESSION_EXPIRED', outcome: 'unknown' },
    });
    await expectApplied('x');
  });
});

describe('an unknown outcome', () => {
  test('is settled as applied when the next leader has the command (X5)', async () => {
    await start();
    const session = await open('a');
    await world.value(session.propose('before'));
    for (const id of 'bc') world.network.cutOneWay(id, 'a');
    const failed = await world.settled(session.propose('x', { timeoutMs: 100 }));
    expect(failed).toMatchObject({ reason: { outcome: 'unknown', sequence: 2 } });
    world.network.isolate('a');
    await world.clock.advance(1000);
    world.network.heal();
    const [, index] = machines.get('b')?.applied.map((each) => each.index) ?? [];
    expect(await world.value(session.outcome(2))).toEqual({ applied: true, index, result: 2 });
    await expectApplied('before', 'x');
  });

  test('is settled as never to be applied when no other leader has the command (X5)', async () => {
    await start();
    const session = await open('a');
    world.network.isolate('a');
    const failed = await world.settled(session.propose('x', { timeoutMs: 100 }));
    expect(failed).toMatchObject({
      reason: { code: 'ERR_TIMEOUT', outcome: 'unknown', sequence: 1, retryable: true },
    });
    await world.clock.advance(1000);
    world.network.heal();
    expect(await world.value(session.outcome(1))).toEqual({ applied: false });
    await world.value(session.propose('y'));
    await expectApplied('y');
  });

  test('settled as not applied stays so when the command comes after all (X5)', async () => {
    let delayMs = 0;
    await start((id) => ({
      transport: slowEntries(world.network.transport(id), world.clock, (to) =>
        id === 'c' && to === 'a' ? delayMs : 0,
      ),
    }));
    const session = await open('c');
    delayMs = 1000;
    const failed = await world.settled(session.propose('late', { timeoutMs: 100 }));
    expect(failed).toMatchObject({ reason: { outcome: 'unknown', sequence: 1 } });
    delayMs = 0;
    expect(await world.value(session.outcome(1))).toEqual({ applied: false });
    await world.clock.advance(2000);
    await world.value(session.propose('next'));
    await expectApplied('next');
  });

  test('is never said of a command that was sent to nobody', async () => {
    await start();
    const session = await open('c');
    world.network.isolate('c');
    await world.clock.advance(1000);
    const failed = await world.settled(session.propose('x', { timeoutMs: 1000 }));
    expect(failed).toMatchObject({
      reason: { code: 'ERR_NO_LEADER', outcome: 'not-applied', sequence: 1 },
    });
    const signal = AbortSignal.abort();
    const aborted = await world.settled(session.propose('y', { signal }));
    expect(aborted).toMatchObject({ reason: { code: 'ERR_ABORTED', outcome: 'not-applied' } });
    world.network.heal();
    expect(await world.settled(session.outcome(1))).toMatchObject({
      reason: { code: 'ERR_INVALID_OPTION', message: expect.stringContaining('settled') },
    });
    await expectApplied();
  });

  test('stays unknown when the question is refused, whatever for (X5)', async () => {
    await start();
    const session = await open('c');
    loseAnswers('c');
    await world.settled(session.propose('x', { timeoutMs: 100 }));
    const refusals: (() => Promise<unknown>)[] = [
      () => session.outcome(1, { signal: AbortSignal.abort() }),
      () => session.outcome(1, { timeoutMs: 0 }),
    ];
    const answers = refusals.map((ask) => ask());
    const closed = world.node('c').close();
    for (const answer of await Promise.allSettled([...answers, session.outcome(1)])) {
      expect(answer).toMatchObject({ reason: { outcome: 'unknown', sequence: 1 } });
    }
    await world.value(closed);
  });

  test('is asked only of what was given out, is over, and was not settled', async () => {
    await start();
    const session = await open('b');
    const refusal = async (sequence: number) => {
      const result = await world.settled(session.outcome(sequence));
      return result.status === 'rejected' ? (result.reason as CoxswainError).message : 'fulfilled';
    };
    expect(await refusal(1)).toContain('none was given out');
    const call = session.propose('x');
    expect(await refusal(1)).toContain('not under way');
    expect(await refusal(2)).toContain('given out, 1 to 1');
    expect(await refusal(0.5)).toContain('given out, 1 to 1');
    await world.value(call);
    expect(await refusal(1)).toContain('one above 1');
  });
});

describe('a result that cannot be encoded, or not be read', () => {
  test('fails its call, was applied all the same, and is so for every repeat', async () => {
    await start((id) => {
      const machine = new Recorder();
      machines.set(id, machine);
      const add = machine.apply.bind(machine);
      machine.apply = (command, context) => {
        const count = add(command, context);
        return command === 'odd' ? (Symbol('odd') as unknown as number) : count;
      };
      return { stateMachine: machine };
    });
    for (const [at, id] of [...'ac'].entries()) {
      const session = await open(id);
      const failed = await world.settled(session.propose('odd'));
      expect(failed).toMatchObject({
        reason: { code: 'ERR_COMMAND_ENCODING', outcome: 'unknown', sequence: 1 },
      });
      const index = machines.get('a')?.applied[at]?.index;
      expect(await world.value(session.outcome(1))).toEqual({ applied: true, index });
    }
    await expectApplied('odd', 'odd');
    expect(world.faults).toEqual([]);
  });

  test('is missing where it does not decode: the outcome is known all the same', async () => {
    const { command, result } = msgpackCodec<string, number>();
    const decode = () => expect.fail('it does not decode');
    await start(() => ({ codec: { command, result: { encode: result.encode, decode } } }));
    for (const id of 'ac') {
      const session = await open(id);
      const failed = await world.settled(session.propose('x'));
      expect(failed).toMatchObject({
        reason: { code: 'ERR_COMMAND_ENCODING', outcome: 'unknown', sequence: 1 },
      });
      const index = machines.get(id)?.applied.at(-1)?.index;
      expect(await world.value(session.outcome(1))).toEqual({ applied: true, index });
    }
    await expectApplied('x', 'x');
  });
});

describe('sessions', () => {
  test('are as many as the leader allows, and one that is closed makes room (X6)', async () => {
    // The follower would allow more, and is not asked.
    await start((id) => ({ sessions: { max: id === 'a' ? 2 : 100 } }));
    const first = await open('c');
    await open('a');
    for (const id of 'ac') {
      expect(await world.settled(world.node(id).openSession())).toMatchObject({
        reason: { code: 'ERR_QUEUE_FULL', outcome: 'not-applied', retryable: true },
      });
    }
    await world.value(first.close());
    const third = await open('c');
    expect(third.id).toBeGreaterThan(first.id);
    expect(world.node('a').status().sessions).toBe(2);
  });

  test('tell the machine which of them a command is from', async () => {
    const contexts: ApplyContext[] = [];
    await start((id) => {
      const machine = new Recorder();
      machines.set(id, machine);
      if (id === 'b') machine.apply = (_, context) => contexts.push(context);
      return { stateMachine: machine };
    });
    const session = await open('c');
    await world.value(session.propose('x'));
    await world.value(world.node('c').propose('y'));
    await world.clock.advance(100);
    expect(contexts.map((context) => context.session)).toEqual([session.id, undefined]);
  });

  test('have a window: what is beyond it is refused until there is room (X6)', async () => {
    await start();
    const session = await open('c');
    world.network.isolate('c');
    await world.clock.advance(1000);
    const all = Array.from({ length: 1024 }, () => session.propose('x', { timeoutMs: 500 }));
    const settled = Promise.allSettled(all);
    expect(await world.settled(session.propose('x'))).toMatchObject({
      reason: { code: 'ERR_QUEUE_FULL', outcome: 'not-applied', retryable: true },
    });
    const results = await world.value(settled);
    expect(results.every((each) => each.status === 'rejected')).toBe(true);
    world.network.heal();
    expect(await world.value(session.propose('y'))).toMatchObject({ result: 1 });
    await expectApplied('y');
  });

  test('reject what comes after they are closed, and end their calls before', async () => {
    await start();
    const session = await open('c');
    const before = session.propose('x');
    const closing = session.close();
    const after = await world.settled(session.propose('y'));
    expect(after).toMatchObject({ reason: { code: 'ERR_CLOSED', outcome: 'not-applied' } });
    expect(await world.settled(session.outcome(1))).toMatchObject({
      reason: { code: 'ERR_CLOSED' },
    });
    expect(await world.value(before)).toMatchObject({ result: 1 });
    await world.value(closing);
    await world.value(session.close());
    await expectApplied('x');
    expect(world.node('b').status().sessions).toBe(0);
  });

  test('do not wait for ever to be closed by a node that is closed at the same time', async () => {
    await start();
    for (const id of 'ac') {
      const session = await open(id);
      const both = Promise.allSettled([session.close(), world.node(id).close()]);
      const [closing] = await world.value(both);
      expect(closing).toMatchObject({ reason: { code: 'ERR_CLOSED' } });
    }
  });

  test('may be closed again when that could not be logged', async () => {
    await start();
    const session = await open('c');
    world.network.isolate('c');
    await world.clock.advance(1000);
    const failed = await world.settled(session.close({ timeoutMs: 100 }));
    expect(failed).toMatchObject({ reason: { code: 'ERR_NO_LEADER' } });
    world.network.heal();
    await world.value(session.close());
    expect(world.node('a').status().sessions).toBe(0);
  });

  test('end with the node that they were opened on, in every state of a call', async () => {
    await start();
    const session = await open('c');
    loseAnswers('c');
    const forwarded = session.propose('x');
    await world.clock.advance(5);
    world.network.isolate('c');
    const waiting = world.node('c').openSession();
    const calls = Promise.allSettled([forwarded, waiting]);
    const closed = world.node('c').close();
    const [sent, unsent] = await world.value(calls);
    expect(sent).toMatchObject({
      reason: { code: 'ERR_CLOSED', outcome: 'unknown', retryable: false, sequence: 1 },
    });
    expect(unsent).toMatchObject({ reason: { code: 'ERR_CLOSED', outcome: 'not-applied' } });
    expect(await world.settled(session.propose('y'))).toMatchObject({
      reason: { code: 'ERR_CLOSED', outcome: 'not-applied' },
    });
    expect(await world.settled(session.outcome(1))).toMatchObject({
      reason: { code: 'ERR_CLOSED' },
    });
    expect(await world.settled(session.close())).toMatchObject({
      reason: { code: 'ERR_CLOSED' },
    });
    await world.value(closed);
  });
});

/** Members that hear nothing on the lane of entries: no answers to what they forwarded. */
const deaf = new Set<string>();

function deafTransport(id: string): NonNullable<Options['transport']> {
  const inner = world.network.transport(id);
  return transportWith(inner, (to, parts, lane) =>
    lane === 'entries' && deaf.has(to) ? true : inner.send(to, parts, lane),
  );
}
