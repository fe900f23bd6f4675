// What falls due in a machine: the leader logs it, at its time, also when nobody asks for anything.
import type { ApplyContext } from 'coxswain';
import { afterEach, describe, expect, test } from 'vitest';
import { Recorder } from './harness.ts';
import { type Node, type Options, World } from './nodes.ts';

/** A command is a time from now, in ms; when it has come the machine says so. */
class Alarm extends Recorder {
  dueMs: number | undefined;
  readonly ticks: number[] = [];
  readonly asked: (number | undefined)[] = [];

  override apply(command: string, context: ApplyContext): number | Promise<number> {
    this.dueMs = context.timeMs + Number(command);
    return super.apply(command, context);
  }

  nextDeadlineMs(): number | undefined {
    this.asked.push(this.dueMs);
    return this.dueMs;
  }

  tick({ timeMs }: ApplyContext): void | Promise<void> {
    this.ticks.push(timeMs);
    if (this.dueMs !== undefined && timeMs >= this.dueMs) this.dueMs = undefined;
  }
}

let world = new World('abc');
let alarms = new Map<string, Alarm>();

afterEach(() => world.close());

async function start(make = () => new Alarm(), more: Partial<Options> = {}): Promise<Node> {
  world = new World('abc');
  alarms = new Map();
  for (const id of 'abc') {
    const stateMachine = make();
    alarms.set(id, stateMachine);
    await world.open(id, { stateMachine, ...more });
  }
  return world.elect('a');
}

const ticks = () => [...alarms.values()].map((alarm) => alarm.ticks);

describe('a time that falls due', () => {
  test('on an idle cluster comes to every member as one entry, not before it', async () => {
    const leader = await start();
    await world.value(leader.propose('500'));
    const due = alarms.get('a')?.dueMs ?? 0;
    await world.clock.advance(490);
    expect(ticks()).toEqual([[], [], []]);
    await world.clock.advance(60);
    const [first = []] = ticks();
    expect(first).toHaveLength(1);
    expect(first[0]).toBeGreaterThanOrEqual(due);
    expect(first[0]).toBeLessThan(due + 10);
    expect(ticks()).toEqual([first, first, first]);
    const { last } = leader.status();
    await world.clock.advance(5000);
    expect(ticks()).toEqual([first, first, first]);
    expect(leader.status().last).toBe(last);
  });

  test('is seen to by the next leader, and is not asked of followers', async () => {
    const leader = await start();
    await world.value(leader.propose('1500'));
    await world.clock.advance(50);
    world.network.isolate('a');
    await world.clock.until(() => ['b', 'c'].some((id) => isLeader(id)));
    const [next = 'b', other = 'c'] = isLeader('b') ? ['b', 'c'] : ['c', 'b'];
    await world.clock.advance(2000);
    expect(alarms.get(next)?.ticks).toHaveLength(1);
    expect(alarms.get(other)?.ticks).toHaveLength(1);
    expect(alarms.get('a')?.ticks).toHaveLength(0);
    expect(alarms.get(other)?.asked).toEqual([]);
    world.network.heal();
    await world.clock.advance(1000);
    const [first] = ticks();
    expect(first).toHaveLength(1);
    expect(ticks()).toEqual([first, first, first]);
  });

  test('is moved by a later command, and taken back', async () => {
    const leader = await start();
    await world.value(leader.propose('100'));
    await world.value(leader.propose('1000'));
    await world.clock.advance(500);
    expect(ticks()[0]).toEqual([]);
    await world.value(leader.propose('Infinity'));
    await world.clock.advance(3000);
    expect(ticks()).toEqual([[], [], []]);
  });

  test('may be a broken number of ms', async () => {
    const leader = await start();
    await world.value(leader.propose('100.5'));
    await world.clock.advance(300);
    expect(ticks()[0]).toHaveLength(1);
  });

  test('that is always past does not flood the log: a tick a heartbeat at most', async () => {
    const leader = await start(() => {
      const alarm = new Alarm();
      return Object.assign(alarm, { nextDeadlineMs: () => 5 });
    });
    await world.clock.advance(100);
    const before = leader.status().last;
    await world.clock.advance(2000);
    const logged = leader.status().last - before;
    expect(logged).toBeGreaterThan(50);
    expect(logged).toBeLessThanOrEqual(101);
    expect(await world.value(leader.propose('5'))).toMatchObject({ result: 1 });
  });

  test('is handled by a machine that answers by promises, between its commands', async () => {
    const order: string[] = [];
    const make = () => {
      const alarm = new Alarm();
      const [apply, tick] = [alarm.apply.bind(alarm), alarm.tick.bind(alarm)];
      const later = <T>(what: string, work: () => T) =>
        new Promise<T>((resolve) => {
          order.push(`${what} begins`);
          world.clock.after(7, () => {
            order.push(`${what} ends`);
            resolve(work());
          });
        });
      return Object.assign(alarm, {
        apply: (command: string, context: ApplyContext) =>
          later('apply', () => apply(command, context)),
        tick: (context: ApplyContext) => later('tick', () => tick(context)),
      });
    };
    world = new World('a');
    const stateMachine = make();
    const node = await world.open('a', { stateMachine });
    await world.elect('a');
    for (let at = 0; at < 40; at++) void node.propose('20').catch(() => undefined);
    await world.clock.advance(1000);
    expect(stateMachine.ticks.length).toBeGreaterThan(0);
    for (let at = 0; at < order.length; at += 2) {
      expect(order[at + 1]).toBe(order[at]?.replace('begins', 'ends'));
    }
  });

  test.each([
    ['throws', () => expect.fail('odd')],
    ['is no number', () => Number.NaN],
    ['is no time', () => 'soon' as unknown as number],
  ])('stops the node when the machine %s', async (_, nextDeadlineMs) => {
    world = new World('a');
    await world.open('a', { stateMachine: Object.assign(new Alarm(), { nextDeadlineMs }) });
    await world.clock.advance(1000);
    expect(world.faults).toMatchObject([{ code: 'ERR_STATE_MACHINE' }]);
  });
});

function isLeader(id: string): boolean {
  return world.node(id).status().role === 'leader';
}
