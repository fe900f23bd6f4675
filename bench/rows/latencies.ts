// Latencies in a block made beforehand: to record one allocates nothing.
import { percentile } from '../report/statistics.ts';

/** Further ones replace the oldest. */
const CAPACITY = 1 << 20;

export class Latencies {
  readonly #values: Float64Array = new Float64Array(CAPACITY);
  #count = 0;

  record(ms: number): void {
    this.#values[this.#count++ % CAPACITY] = ms;
  }

  clear(): void {
    this.#count = 0;
  }

  at(share: number): number {
    return percentile(this.#values.subarray(0, Math.min(this.#count, CAPACITY)), share);
  }
}
