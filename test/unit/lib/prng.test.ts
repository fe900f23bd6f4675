import { describe, expect, it } from 'vitest';
import { createPrng, nextFloat, nextInteger, nextUint32 } from '../../../src/lib/prng.ts';

function draws(seed: number, count = 20): number[] {
  const prng = createPrng(seed);
  return Array.from({ length: count }, () => nextUint32(prng));
}

describe('a generator', () => {
  it('gives the same numbers for the same seed, on every machine and version', () => {
    expect(draws(42)).toEqual(draws(42));
    // A change here changes what entries' random() gives: replicas of two versions would differ.
    expect(draws(1, 4)).toEqual([1453828386, 998435389, 2966270982, 4118053694]);
  });

  it('gives other numbers for every other seed', () => {
    const seeds = [0, 1, 2, 3, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 40, 2 ** 53 - 1];
    const firsts = new Set(seeds.map((seed) => draws(seed).join()));
    expect(firsts.size).toBe(seeds.length);
  });

  it('goes on from a copy of its state as the original does', () => {
    const prng = createPrng(7);
    nextUint32(prng);
    const copy = { ...prng };
    const one = Array.from({ length: 50 }, () => nextUint32(prng));
    const other = Array.from({ length: 50 }, () => nextUint32(copy));
    expect(one).toEqual(other);
    expect(structuredClone(prng)).toEqual(copy);
  });

  it('draws whole numbers of 32 bits, over their whole range', () => {
    const numbers = draws(3, 10_000);
    expect(numbers.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32)).toBe(true);
    expect(Math.min(...numbers)).toBeLessThan(2 ** 32 * 0.01);
    expect(Math.max(...numbers)).toBeGreaterThan(2 ** 32 * 0.99);
    for (let bit = 0; bit < 32; bit++) {
      const ones = numbers.filter((n) => ((n >>> bit) & 1) === 1).length;
      expect(Math.abs(ones - 5000)).toBeLessThan(300);
    }
  });

  it('draws fractions from 0 to below 1, evenly', () => {
    const prng = createPrng(9);
    const tenths = new Array<number>(10).fill(0);
    for (let count = 0; count < 10_000; count++) {
      const fraction = nextFloat(prng);
      expect(fraction).toBeGreaterThanOrEqual(0);
      expect(fraction).toBeLessThan(1);
      const tenth = Math.floor(fraction * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    expect(tenths.filter((count) => count < 850 || count > 1150)).toEqual([]);
  });

  it('draws whole numbers from the low bound to below the high one', () => {
    const prng = createPrng(11);
    const seen = new Set(Array.from({ length: 1000 }, () => nextInteger(prng, -2, 3)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
    expect(nextInteger(prng, 5, 6)).toBe(5);
  });
});
