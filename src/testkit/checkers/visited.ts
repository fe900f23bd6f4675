// Remembers where a search has been: which operations were taken, and the state they led to. A
// place is the same whatever the order was (Lowe, 2017), and no better than one with the same
// state, the same known operations and fewer unknown ones used: what is unused is free to be.
import type { StateKey } from './model.ts';

const WORD_BITS = 32;

/** A set of small numbers that can be changed and copied. */
export class BitSet {
  readonly words: Uint32Array;

  constructor(size: number) {
    this.words = new Uint32Array(Math.ceil(size / WORD_BITS));
  }

  has(index: number): boolean {
    return ((this.words[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0;
  }

  flip(index: number): void {
    this.words[index >>> 5] = (this.words[index >>> 5] ?? 0) ^ (1 << (index & 31));
  }
}

export class Visited {
  readonly #states = new Map<StateKey, number>();
  readonly #places = new Map<string, Uint32Array[]>();

  /**
   * Whether this place is new, and better than none before; it is remembered if so. All known
   * operations before `first` are taken, and none after `last`.
   */
  add(state: StateKey, known: BitSet, first: number, last: number, unknown: BitSet): boolean {
    const name = this.#nameOf(state, known, first, last);
    const sets = this.#places.get(name);
    if (sets === undefined) {
      this.#places.set(name, [unknown.words.slice()]);
      return true;
    }
    if (sets.some((set) => isSubset(set, unknown.words))) return false;
    const kept = sets.filter((set) => !isSubset(unknown.words, set));
    kept.push(unknown.words.slice());
    this.#places.set(name, kept);
    return true;
  }

  // Only the words between the first operation left and the last one taken tell places apart:
  // as many as operations overlapped, however long the history is.
  #nameOf(state: StateKey, known: BitSet, first: number, last: number): string {
    let number = this.#states.get(state);
    if (number === undefined) {
      number = this.#states.size;
      this.#states.set(state, number);
    }
    let name = `${number},${first}`;
    for (let word = first >>> 5; word <= last >> 5; word++) name += `,${known.words[word] ?? 0}`;
    return name;
  }
}

function isSubset(inner: Uint32Array, outer: Uint32Array): boolean {
  return inner.every((word, index) => (word & ~(outer[index] ?? 0)) === 0);
}
