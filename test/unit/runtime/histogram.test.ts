// Buckets with fixed bounds, and the times that marks give them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram, latencyHistogram } from '../../../src/runtime/metrics/histogram.ts';
import { Marks } from '../../../src/runtime/metrics/marks.ts';

function histogramOf(samples: readonly number[], unit = 0.001): Histogram {
  const histogram = new Histogram(unit);
  for (const sample of samples) histogram.record(sample);
  return histogram;
}

describe('a histogram', () => {
  it('without a sample is all zeros', () => {
    const zeros = { count: 0, sum: 0, min: 0, max: 0, p50: 0, p90: 0, p99: 0, buckets: [] };
    expect(latencyHistogram().snapshot()).toEqual(zeros);
  });

  it('knows sum, least and greatest exactly', () => {
    const { count, max, min, sum } = histogramOf([5, 1.5, 250]).snapshot();
    expect({ count, max, min, sum }).toEqual({ count: 3, max: 250, min: 1.5, sum: 256.5 });
  });

  it('counts small whole numbers each in a bucket of its own', () => {
    const { buckets } = histogramOf([1, 2, 2, 7, 8], 1).snapshot();
    expect(buckets).toEqual([
      { upTo: 1, count: 1 },
      { upTo: 2, count: 2 },
      { upTo: 7, count: 1 },
      { upTo: 8, count: 1 },
    ]);
  });

  it('puts a bound into the bucket that it ends, and what is above it into the next', () => {
    for (const { upTo } of histogramOf([0.3, 4, 77, 1234, 1e5]).snapshot().buckets) {
      expect(histogramOf([upTo]).snapshot().buckets[0]?.upTo).toBeCloseTo(upTo, 9);
      expect(histogramOf([upTo * 1.0001]).snapshot().buckets[0]?.upTo).toBeGreaterThan(upTo);
    }
  });

  it('has bounds that are at most an eighth above their samples, and ascend', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true })), (samples) => {
        const sorted = [...samples].sort((a, b) => a - b);
        const snapshot = histogramOf(samples).snapshot();
        const counted = snapshot.buckets.flatMap(({ count, upTo }) =>
          Array.from({ length: count }, () => upTo),
        );
        expect(counted).toHaveLength(samples.length);
        for (const [at, sample] of sorted.entries()) {
          expect(counted[at]).toBeGreaterThanOrEqual(sample - 1e-6);
          expect(counted[at]).toBeLessThanOrEqual(Math.max(sample * 1.13, sample + 0.001));
        }
        if (samples.length === 0) return;
        const { max, min, p50, p90, p99 } = snapshot;
        expect([min, p50, p90, p99, max]).toEqual([min, p50, p90, p99, max].sort((a, b) => a - b));
        const median = sorted[Math.ceil(samples.length / 2) - 1] ?? 0;
        expect(p50).toBeGreaterThanOrEqual(median - 1e-6);
        expect(p50).toBeLessThanOrEqual(Math.max(median * 1.13, median + 0.001));
      }),
    );
  });

  it('takes what is below and beyond its range for its ends', () => {
    const { buckets, max } = histogramOf([-1, 0, 1e300]).snapshot();
    expect(buckets.map(({ count }) => count)).toEqual([2, 1]);
    expect(max).toBe(1e300);
  });
});

describe('marks', () => {
  it('are samples once their index is reached, each with its own time', () => {
    const marks = new Marks(4);
    const histogram = latencyHistogram();
    marks.add(3, 10);
    marks.add(5, 12);
    marks.reach(4, 20, histogram);
    expect(histogram.snapshot()).toMatchObject({ count: 1, sum: 10 });
    marks.reach(5, 21, histogram);
    expect(histogram.snapshot()).toMatchObject({ count: 2, sum: 19 });
  });

  it('that find no room are not measured, and the others are', () => {
    const marks = new Marks(2);
    const histogram = latencyHistogram();
    for (const index of [1, 2, 3]) marks.add(index, index);
    marks.reach(3, 10, histogram);
    expect(histogram.snapshot()).toMatchObject({ count: 2, sum: 17 });
    marks.add(4, 10);
    marks.clear();
    marks.reach(4, 11, histogram);
    expect(histogram.snapshot().count).toBe(2);
  });
});
