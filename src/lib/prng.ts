// A small, fast, seedable generator (sfc32) whose whole state is four numbers: it can live inside
// plain data, be cloned and be replayed. Not for secrets.

export interface Prng {
  a: number;
  b: number;
  c: number;
  d: number;
}

/** A generator for `seed` (any number; 32 bits of it and of its high part count). */
export function createPrng(seed: number): Prng {
  const low = seed >>> 0;
  const high = Math.floor(seed / 0x1_0000_0000) >>> 0;
  const prng = { a: scramble(low), b: scramble(high ^ 0x9e3779b9), c: scramble(low ^ high), d: 1 };
  for (let round = 0; round < 12; round++) nextUint32(prng);
  return prng;
}

/** Next whole number in [0, 2^32). */
export function nextUint32(prng: Prng): number {
  const sum = (((prng.a + prng.b) >>> 0) + prng.d) >>> 0;
  prng.d = (prng.d + 1) >>> 0;
  prng.a = (prng.b ^ (prng.b >>> 9)) >>> 0;
  prng.b = (prng.c + (prng.c << 3)) >>> 0;
  prng.c = (((prng.c << 21) | (prng.c >>> 11)) + sum) >>> 0;
  return sum;
}

/** Next number in [0, 1). */
export function nextFloat(prng: Prng): number {
  return nextUint32(prng) / 0x1_0000_0000;
}

/** Next whole number in [low, high). */
export function nextInteger(prng: Prng, low: number, high: number): number {
  return low + Math.floor(nextFloat(prng) * (high - low));
}

function scramble(word: number): number {
  let mixed = (word + 0x6d2b79f5) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}
