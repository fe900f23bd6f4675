// The simulator's own parts: order of events, seeded choices, the clock that a machine sees.
import { Random } from 'coxswain/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventHeap } from '../../../../src/testkit/simulator/event-heap.ts';
import { Sandbox } from '../../../../src/testkit/simulator/sandbox.ts';

describe('the heap', () => {
  test('gives events by time, and those of one time in the order of planning', () => {
    const times = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 });
    fc.assert(
      fc.property(times, (planned) => {
        const heap = new EventHeap<number>();
        for (const [place, atUs] of planned.entries()) heap.push(atUs, place);
        const order = planned.map((_, place) => place);
        order.sort((a, b) => (planned[a] ?? 0) - (planned[b] ?? 0) || a - b);
        expect(heap.size).toBe(planned.length);
        expect(planned.map(() => heap.pop()?.what)).toEqual(order);
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });
});

describe('random choices', () => {
  test('are the same for the same seed and name, and others for others', () => {
    const draws = (seed: number, name: string) => {
      const random = new Random(seed, name);
      return Array.from({ length: 8 }, () => random.unit());
    };
    expect(draws(1, 'a')).toEqual(draws(1, 'a'));
    expect(draws(1, 'a')).not.toEqual(draws(1, 'b'));
    expect(draws(1, 'a')).not.toEqual(draws(2, 'a'));
    expect(draws(1, 'a')).not.toEqual(draws(2 ** 32 + 1, 'a'));
  });

  test('keep their bounds, and reach all of what they may give', () => {
    const random = new Random(5, 'bounds');
    const drawn = Array.from({ length: 200 }, () => random.integer(2, 4));
    expect([...new Set(drawn)].sort()).toEqual([2, 3, 4]);
    const letters = ['a', 'b', 'c'];
    expect(new Set(drawn.map(() => random.pick(letters)))).toEqual(new Set(letters));
    expect(random.shuffle(letters).sort()).toEqual(letters);
    expect(drawn.every(() => random.exponential(3) >= 0)).toBe(true);
    expect(drawn.some(() => random.chance(0))).toBe(false);
    expect(drawn.every(() => random.chance(1))).toBe(true);
  });
});

describe('a sandbox', () => {
  const { now } = Date;
  const { random } = Math;
  const RealDate = Date;

  test('shows a time and a chance of its own, and gives the real ones back', () => {
    const see = () => [Date.now(), new Date().toISOString(), Math.random(), Number(new Date(7))];
    const first = new Sandbox(1, 'a').run(42, see);
    expect(first).toEqual([42, '1970-01-01T00:00:00.042Z', expect.any(Number), 7]);
    expect(new Sandbox(1, 'a').run(42, see)).toEqual(first);
    expect(new Sandbox(1, 'b').run(42, see)).not.toEqual(first);
    expect(new Sandbox(1, 'a').run(0, () => Date())).toBe(new RealDate(0).toString());
    expect(new Sandbox(1, 'a').run(5, () => new Date() instanceof RealDate)).toBe(true);
    expect(new Sandbox(1, 'a').run(5, () => Date.UTC(2026, 0))).toBe(Date.UTC(2026, 0));
    expect([Date, Date.now, Math.random]).toEqual([RealDate, now, random]);
  });

  test('gives them back when what it runs throws', () => {
    const fail = () => {
      throw new Error('in there');
    };
    expect(() => new Sandbox(1, 'a').run(42, fail)).toThrow('in there');
    expect([Date, Date.now, Math.random]).toEqual([RealDate, now, random]);
  });
});
