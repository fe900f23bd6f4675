// The recent entries, in memory: what is written, sent and applied is almost always here. Older
// ones are read from the store.
import { assert } from '../lib/assert.ts';
import { Deque } from '../lib/deque.ts';
import type { Limits } from './options.ts';
import type { SizedEntry } from './wire/index.ts';

export class LogWindow {
  readonly #entries = new Deque<SizedEntry>();
  readonly #limits: Pick<Limits, 'memoryWindowBytes'>;
  #first: number;
  #bytes = 0;

  /** `next` is the index of the first entry to come; bodies beyond the limit may be evicted. */
  constructor(next: number, limits: Pick<Limits, 'memoryWindowBytes'>) {
    this.#first = next;
    this.#limits = limits;
  }

  /** Index of the first entry held; the next one to come when there is none. */
  get first(): number {
    return this.#first;
  }

  append(entry: SizedEntry): void {
    assert(entry.index === this.#first + this.#entries.length, `entry ${entry.index} follows`);
    this.#entries.push(entry);
    this.#bytes += entry.size;
  }

  /** Removes every entry from `from` on. */
  truncate(from: number): void {
    for (const entry of this.#entries.cut(from - this.#first)) this.#bytes -= entry.size;
    if (this.#entries.length === 0) this.#first = Math.min(this.#first, from);
  }

  /** Forgets everything: the next entry to come is that one. */
  reset(next: number): void {
    this.#entries.drop(this.#entries.length);
    this.#first = next;
    this.#bytes = 0;
  }

  get(index: number): SizedEntry | undefined {
    return index < this.#first ? undefined : this.#entries.at(index - this.#first);
  }

  /** Entries [from, until); undefined when some of them are in the store only. */
  slice(from: number, until: number): readonly SizedEntry[] | undefined {
    if (until <= from) return [];
    if (from < this.#first || until > this.#first + this.#entries.length) return undefined;
    return this.#entries.slice(from - this.#first, until - this.#first);
  }

  /** Lets go of the oldest entries that the bound has no room for; never from `keepFrom` on. */
  evict(keepFrom: number): void {
    let count = 0;
    while (this.#bytes > this.#limits.memoryWindowBytes && this.#first + count < keepFrom) {
      this.#bytes -= this.#entries.at(count)?.size ?? 0;
      count++;
    }
    this.#entries.drop(count);
    this.#first += count;
  }
}
