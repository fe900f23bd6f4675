import { describe, expect, it } from 'vitest';
import { createPrng, nextInteger } from '../../../../src/lib/prng.ts';
import { RepeatWindow } from '../../../../src/runtime/requests/repeat-window.ts';

const WINDOW = 131_072;

describe('a window of requests', () => {
  it('accepts each number once, in any order', () => {
    const window = new RepeatWindow();
    expect([3, 1, 2, 3, 1, 0, 0].map((number) => window.accept(number))).toEqual([
      true,
      true,
      true,
      false,
      false,
      true,
      false,
    ]);
  });

  it('takes what is too old to tell for a repeat', () => {
    const window = new RepeatWindow();
    expect(window.accept(WINDOW + 10)).toBe(true);
    expect(window.accept(10)).toBe(false);
    expect(window.accept(11)).toBe(true);
  });

  it('does not take a new number for the one that had its place before', () => {
    const window = new RepeatWindow();
    for (const number of [5, 5 + WINDOW, 5 + 2 * WINDOW, 5 + 9 * WINDOW]) {
      expect(window.accept(number)).toBe(true);
      expect(window.accept(number)).toBe(false);
    }
  });

  it('clears all it skips when it advances', () => {
    const window = new RepeatWindow();
    for (let number = 0; number < 100; number++) window.accept(number);
    expect(window.accept(WINDOW + 50)).toBe(true);
    for (let number = WINDOW; number < WINDOW + 50; number++) {
      expect(window.accept(number)).toBe(true);
    }
    expect(window.accept(99)).toBe(false);
  });

  it('works up to the largest numbers', () => {
    const window = new RepeatWindow();
    const { MAX_SAFE_INTEGER } = Number;
    expect(window.accept(MAX_SAFE_INTEGER - 40)).toBe(true);
    expect(window.accept(MAX_SAFE_INTEGER)).toBe(true);
    expect(window.accept(MAX_SAFE_INTEGER - 1)).toBe(true);
    expect(window.accept(MAX_SAFE_INTEGER - 40)).toBe(false);
    expect(window.accept(MAX_SAFE_INTEGER)).toBe(false);
  });

  it('agrees with a set of all that was seen, wherever it can tell', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const prng = createPrng(seed);
      const window = new RepeatWindow();
      const seen = new Set<number>();
      const counts = { fresh: 0, repeated: 0, old: 0 };
      let high = -1;
      for (let round = 0; round < 20_000; round++) {
        const jump = nextInteger(prng, 0, 2000) === 0 ? nextInteger(prng, 0, 3 * WINDOW) : 60;
        const back = nextInteger(prng, 0, 500) === 0 ? 2 * WINDOW : 80;
        const number = Math.max(0, high + nextInteger(prng, -back, jump));
        const old = number <= high - WINDOW;
        const fresh = !old && !seen.has(number);
        if (window.accept(number) !== fresh) {
          expect({ seed, round, number, high, fresh: !fresh }).toMatchObject({ fresh });
        }
        counts[old ? 'old' : fresh ? 'fresh' : 'repeated']++;
        seen.add(number);
        high = Math.max(high, number);
      }
      expect(Math.min(counts.fresh, counts.repeated)).toBeGreaterThan(500);
      expect(counts.old).toBeGreaterThan(5);
    }
  });
});
