// A process that stands still, sleeps, or has its wall clock set, among others that do not.
import { afterEach, describe, expect, test } from 'vitest';
import { isInstant, World } from './nodes.ts';
import { OwnClock } from './own-clock.ts';

const ELECTION_MAX_MS = 300;

let world: World;
afterEach(async () => {
  await world.close();
  expect(world.faults).toEqual([]);
});

describe('a process that stands still for seconds (O5)', () => {
  async function startWithClocks() {
    const clocks = new Map<string, OwnClock>();
    world = new World('abc');
    for (const id of 'abc') {
      const clock = new OwnClock(world.clock);
      clocks.set(id, clock);
      await world.open(id, { clock });
    }
    const leader = await world.elect('a');
    await world.value(leader.propose('first'));
    const clockOf = (id: string) => clocks.get(id) as OwnClock;
    return { clockOf, leader };
  }

  test.each([100, 1000, 10_000])('as the leader: %i ms, and answers nothing stale', async (ms) => {
    const { clockOf, leader } = await startWithClocks();
    const { term } = leader.status();
    clockOf('a').stall();
    const fired = clockOf('a').timersFired;
    await world.clock.advance(ms);
    const next = ['b', 'c'].map((id) => world.node(id)).find((n) => n.status().role === 'leader');
    if (next !== undefined) await world.value(next.propose('later'));
    const expected = next === undefined ? ['first'] : ['first', 'later'];
    const reads = (['lease', 'linearizable'] as const).map((consistency) =>
      world.settled(leader.read(undefined, { consistency })),
    );
    clockOf('a').goOn();
    for (const read of reads) expect(await read).toMatchObject({ value: expected });
    expect(clockOf('a').timersFired - fired).toBeLessThan(20);
    await world.clock.advance(1000);
    expect(leader.status().term).toBeLessThanOrEqual(term + 1);
  });

  test('as a follower: nobody is deposed when it goes on', async () => {
    const { clockOf, leader } = await startWithClocks();
    const { term } = leader.status();
    clockOf('b').stall();
    await world.clock.advance(10_000);
    await world.value(leader.propose('later'));
    clockOf('b').goOn();
    expect(await world.value(world.node('b').read(undefined))).toEqual(['first', 'later']);
    await world.clock.advance(2 * ELECTION_MAX_MS);
    expect(leader.status()).toMatchObject({ role: 'leader', term });
  });

  test('asleep, by the wall clock only: the leader asks before it answers (K3)', async () => {
    const { clockOf, leader } = await startWithClocks();
    await world.value(leader.read(undefined));
    expect(await isInstant(leader.read(undefined, { consistency: 'lease' }))).toBe(true);
    clockOf('a').wallAheadMs = 10_000;
    const read = leader.read(undefined, { consistency: 'lease' });
    const fresh = leader.read(undefined, { consistency: { maxStalenessMs: 10_000 } });
    expect(await isInstant(read)).toBe(false);
    expect(await isInstant(fresh)).toBe(false);
    expect(await world.value(Promise.all([read, fresh]))).toEqual([['first'], ['first']]);
  });

  test('and finds its wall clock years away does not lead (RA25)', async () => {
    const { clockOf, leader } = await startWithClocks();
    clockOf('a').wallAheadMs = 365 * 86_400_000;
    await world.clock.until(() => world.node('b').status().leader !== 'a');
    await world.clock.until(() =>
      ['b', 'c'].some((id) => world.node(id).status().role === 'leader'),
    );
    await world.value(leader.propose('forwarded'));
    leader.campaign();
    await world.clock.advance(3000);
    expect(leader.status().role).toBe('follower');
    expect(await world.value(leader.read(undefined))).toEqual(['first', 'forwarded']);
  });
});

describe('a clock that is not like the others', () => {
  const everyone = ['a', 'b', 'c'];

  async function startWith(change: (clock: OwnClock) => void, odd: string) {
    world = new World('abc');
    for (const id of everyone) {
      const clock = new OwnClock(world.clock);
      if (id === odd) change(clock);
      await world.open(id, { clock });
    }
  }

  /** Whoever leads, a command is taken, and then shown by every member. */
  async function checkReads(): Promise<void> {
    for (let at = 0; at < 8; at++) {
      const proposer = world.node(everyone[at % 3] ?? 'a');
      await world.value(proposer.propose(`c${at}`));
      for (const id of everyone) {
        for (const consistency of ['lease', 'linearizable'] as const) {
          const commands = await world.value(world.node(id).read(undefined, { consistency }));
          expect(commands.at(-1)).toBe(`c${at}`);
        }
      }
      await world.clock.advance(250);
    }
  }

  test.each([
    ['a', 0.5],
    ['a', 1.5],
    ['b', 0.5],
    ['b', 1.5],
  ])('runs at another rate, on %s: %d, and reads go on (K2)', async (odd, rate) => {
    await startWith((clock) => {
      clock.rate = rate;
    }, odd);
    await checkReads();
  });

  test.each([-1, -0.4, 40])(
    'has timers that are off by %d ms, and reads go on (K4)',
    async (ms) => {
      await startWith((clock) => {
        clock.offMs = ms;
      }, 'a');
      await checkReads();
    },
  );

  test('jumps by years again and again: who follows does not care (K1)', async () => {
    let odd: OwnClock | undefined;
    await startWith((clock) => {
      odd = clock;
    }, 'c');
    const leader = await world.elect('a');
    const { term } = leader.status();
    for (let at = 0; at < 40; at++) {
      if (odd !== undefined) odd.wallAheadMs = (at % 2 === 0 ? 1 : -1) * 10 * 365 * 86_400_000;
      await world.clock.advance(50);
      expect(leader.status()).toMatchObject({ role: 'leader', term });
    }
    await world.value(world.node('c').propose('taken'));
    const byLease = await world.value(leader.read(undefined, { consistency: 'lease' }));
    expect(byLease).toEqual(['taken']);
    expect(await world.value(world.node('c').read(undefined))).toEqual(['taken']);
  });
});
