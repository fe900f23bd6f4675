// Seeded choices. A run has many independent ones, each with a name: one draw more in one of them
// never shifts the others.
import { createPrng, nextFloat, nextInteger, type Prng } from '../../lib/prng.ts';

/** Equal seeds and names give equal draws, on every machine. */
export class Random {
  readonly #prng: Prng;

  constructor(seed: number, name: string) {
    let hash = 0x811c9dc5 ^ (seed >>> 0);
    for (let at = 0; at < name.length; at++) {
      hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
    }
    this.#prng = createPrng(hash + Math.floor(seed / 0x1_0000_0000) * 0x1_0000_0000);
  }

  /** A number in [0, 1). */
  unit(): number {
    return nextFloat(this.#prng);
  }

  chance(probability: number): boolean {
    return probability > 0 && nextFloat(this.#prng) < probability;
  }

  /** A whole number in [low, high]. */
  integer(low: number, high: number): number {
    return nextInteger(this.#prng, low, high + 1);
  }

  /** One of `items`, of which there is at least one. */
  pick<T>(items: readonly T[]): T {
    return items[nextInteger(this.#prng, 0, items.length)] as T;
  }

  /** Of exponential distribution, so that short is common and long is possible. */
  exponential(mean: number): number {
    return -Math.log(1 - nextFloat(this.#prng)) * mean;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let at = shuffled.length - 1; at > 0; at--) {
      const other = nextInteger(this.#prng, 0, at + 1);
      [shuffled[at], shuffled[other]] = [shuffled[other] as T, shuffled[at] as T];
    }
    return shuffled;
  }
}
