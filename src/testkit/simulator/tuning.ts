// Options that an operator changes while a member runs: any of those that may, to any of the values
// that a plan could have drawn. The election timeout is none of them.
import { NO_SNAPSHOTS, type RaftOptions, type SnapshotOptions } from '../../raft/index.ts';
import type { Plan } from './plan.ts';
import type { Random } from './random.ts';

/** With that a lease holds however the plan's clocks run. */
export function widestDrift({ clock }: Plan): number {
  return (2 * clock.rateSpread) / (1 + clock.rateSpread) + 0.001;
}

/** What changes; the rest stays as it is. */
export type Tuning = Partial<Omit<RaftOptions, 'electionMinMs' | 'electionMaxMs'>>;

export function drawTuning(draw: Random, plan: Plan): Tuning {
  const { heartbeatMs, snapshot } = plan.options;
  switch (draw.integer(0, 5)) {
    case 0:
      // Slower ones might not be often enough for the others' patience.
      return { heartbeatMs: heartbeatMs * draw.pick([0.2, 0.5, 1]) };
    case 1:
      return {
        maxAppendBytes: draw.pick([1, 40, 1000, 1 << 20]),
        maxInflightAppends: draw.pick([1, 2, 3, 8, 64]),
        maxInflightBytes: draw.pick([1, 100, 1000, 1 << 24]),
      };
    case 2:
      return {
        maxUncommittedBytes: draw.pick([1, 200, 2000, 1 << 26]),
        maxApplyLagBytes: draw.pick([1, 2000, 1 << 26]),
      };
    case 3:
      return { maxClockDrift: draw.pick([0, 0.05, 0.2, widestDrift(plan)]) };
    case 4:
      return { maxClockOffsetMs: draw.pick([500, 5000, 30_000, 60_000]) };
    default:
      // Where nobody takes snapshots it stays so: that is a family of faults of its own.
      if (snapshot.everyEntries === NO_SNAPSHOTS.everyEntries) return {};
      return { snapshot: drawSnapshotTuning(draw, snapshot) };
  }
}

function drawSnapshotTuning(draw: Random, planned: SnapshotOptions): SnapshotOptions {
  const never = Number.MAX_SAFE_INTEGER;
  return {
    everyEntries: draw.pick([1, 2, 5, 20, 200]),
    everyBytes: draw.pick([never, 200, 5000]),
    keepEntries: draw.pick([0, 0, 3, 50]),
    maxHeldBytes: draw.pick([0, 500, never]),
    chunkBytes: planned.chunkBytes * draw.pick([1, 1, 3]),
    maxInflightChunks: draw.integer(1, 4),
    maxBytesPerSec: draw.pick([planned.maxBytesPerSec, never]),
  };
}
