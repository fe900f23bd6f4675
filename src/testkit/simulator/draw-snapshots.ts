// Snapshots in a seed: taken far too often, of logs of which hardly anything is kept.
import { NO_SNAPSHOTS, type SnapshotOptions } from '../../raft/index.ts';
import { QUIET_SNAPSHOTS, type SnapshotsPlan } from './plan.ts';
import { Random } from './random.ts';

const ABSENT = 0.4;

/** Drawn apart, so that all else of a seed is as it would be without. */
export function drawSnapshots(
  seed: number,
  heartbeatMs: number,
  electionMinMs: number,
): { readonly options: SnapshotOptions; readonly plan: SnapshotsPlan } {
  const draw = new Random(seed, 'plan of snapshots');
  if (draw.chance(ABSENT)) return { options: NO_SNAPSHOTS, plan: QUIET_SNAPSHOTS };
  const perTimeout = 1000 / electionMinMs;
  const maybe = (most: number) => (draw.chance(ABSENT) ? 0 : most * draw.unit() ** 2);
  const never = Number.MAX_SAFE_INTEGER;
  const chunkBytes = draw.pick([1, 10, 1000]);
  // So long the longest takes, when the rate counts.
  const slowestMs = electionMinMs * draw.pick([0.1, 1, 3]);
  const maxChunks = draw.pick([1, 3, 10, 10]);
  return {
    options: {
      everyEntries: draw.pick([1, 2, 5, 20, 200]),
      everyBytes: draw.pick([never, never, 200, 5000]),
      keepEntries: draw.pick([0, 0, 0, 3, 50]),
      maxHeldBytes: draw.pick([0, 500, never, never]),
      chunkBytes,
      maxInflightChunks: draw.integer(1, 4),
      maxBytesPerSec: draw.chance(0.6) ? never : (chunkBytes * maxChunks * 1000) / slowestMs,
    },
    plan: {
      maxChunks,
      saveMeanMs: draw.pick([0, 0.1, heartbeatMs / 2, electionMinMs, electionMinMs * 5]),
      chunkMeanMs: draw.pick([0, 0.1, heartbeatMs / 4, heartbeatMs, electionMinMs]),
      resume: draw.pick([0, 1, 1]),
      damage: maybe(0.2),
      rot: maybe(0.3),
      failure: maybe(0.05),
      crashBeforeReset: maybe(0.5),
      lag: draw.pick([0, 0, 3, 30]),
      takeRate: perTimeout * maybe(0.3),
      repairRate: perTimeout * maybe(0.2),
    },
  };
}
