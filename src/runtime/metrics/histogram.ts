// A distribution of numbers in buckets whose bounds never change: eight to each doubling. A sample
// costs a few operations and no memory, however many there are.

/** A share of samples is at most so much. Bounds are those of buckets: up to an eighth too high. */
export interface HistogramSnapshot {
  /** How many samples there were. */
  readonly count: number;
  readonly sum: number;
  /** The least and the greatest sample, exactly; 0 when there is none. */
  readonly min: number;
  readonly max: number;
  /** Half of all samples are at most so much, and nine and ninety-nine in a hundred. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  /** Those that hold a sample, in ascending order. */
  readonly buckets: readonly HistogramBucket[];
}

export interface HistogramBucket {
  /** The samples of this bucket are at most this, and above the bound of the one before it. */
  readonly upTo: number;
  readonly count: number;
}

const PART_BITS = 3;
/** Buckets of one doubling: a count. */
const PARTS = 2 ** PART_BITS;
const BUCKETS = (32 - PART_BITS + 1) * PARTS;
const LARGEST = 2 ** 32 - 1;

export class Histogram {
  /** Width of the smallest buckets. */
  readonly #unit: number;
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** Samples are told apart down to `unit`, and up to four thousand million times that. */
  constructor(unit: number) {
    this.#unit = unit;
  }

  record(sample: number): void {
    const value = Math.max(sample, 0);
    const at = bucketOf(value / this.#unit);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#count++;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  snapshot(): HistogramSnapshot {
    const buckets: HistogramBucket[] = [];
    for (const [at, count] of this.#counts.entries()) {
      if (count > 0) buckets.push({ upTo: boundOf(at) * this.#unit, count });
    }
    return {
      count: this.#count,
      sum: this.#sum,
      min: this.#count === 0 ? 0 : this.#min,
      max: this.#max,
      p50: this.#quantile(buckets, 0.5),
      p90: this.#quantile(buckets, 0.9),
      p99: this.#quantile(buckets, 0.99),
      buckets,
    };
  }

  #quantile(buckets: readonly HistogramBucket[], share: number): number {
    const wanted = Math.ceil(this.#count * share);
    let seen = 0;
    for (const { count, upTo } of buckets) {
      seen += count;
      if (seen >= wanted) return Math.min(Math.max(upTo, this.#min), this.#max);
    }
    return 0;
  }
}

/** In milliseconds, told apart down to a microsecond. */
export function latencyHistogram(): Histogram {
  return new Histogram(0.001);
}

/** Bucket 0 ends at 1, 1 at 2, … 7 at 8; from there on each doubling has eight. */
function bucketOf(units: number): number {
  const whole = Math.min(Math.max(Math.ceil(units - 1e-6) - 1, 0), LARGEST) >>> 0;
  if (whole < PARTS) return whole;
  const top = 31 - Math.clz32(whole);
  return (top - PART_BITS + 1) * PARTS + ((whole >>> (top - PART_BITS)) & (PARTS - 1));
}

function boundOf(at: number): number {
  if (at < PARTS) return at + 1;
  const top = Math.floor(at / PARTS) + PART_BITS - 1;
  return (PARTS + (at % PARTS) + 1) * 2 ** (top - PART_BITS);
}
