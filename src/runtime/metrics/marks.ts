// When something was begun that is over once an index is reached. A ring of numbers: where there
// are more than fit, the ones that come late are not measured.
import type { Histogram } from './histogram.ts';

export class Marks {
  readonly #indexes: Float64Array;
  readonly #times: Float64Array;
  #head = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#indexes = new Float64Array(capacity);
    this.#times = new Float64Array(capacity);
  }

  /** Indexes ascend. */
  add(index: number, nowMs: number): void {
    const capacity = this.#indexes.length;
    if (this.#length === capacity) return;
    const at = (this.#head + this.#length) % capacity;
    this.#indexes[at] = index;
    this.#times[at] = nowMs;
    this.#length++;
  }

  /** Everything up to `index` is over: one sample each, in both histograms. */
  reach(index: number, nowMs: number, histogram: Histogram, all?: Histogram): void {
    while (this.#length > 0 && (this.#indexes[this.#head] ?? 0) <= index) {
      const tookMs = nowMs - (this.#times[this.#head] ?? nowMs);
      histogram.record(tookMs);
      all?.record(tookMs);
      this.#head = (this.#head + 1) % this.#indexes.length;
      this.#length--;
    }
  }

  clear(): void {
    this.#length = 0;
  }
}
