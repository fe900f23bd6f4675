// Swarm testing: each family of faults is absent in a good part of the runs (Groce et al., ISSTA
// 2012), limits are small and times extreme, so that what is rare in production is common here.

import { drawSnapshots } from './draw-snapshots.ts';
import { drawStalls, drawTuneRate } from './draw-stalls.ts';
import {
  type AimedPlan,
  type ChangesPlan,
  type ClockPlan,
  MAX_MEMBERS,
  NO_CHANGES,
  type Plan,
  type WorkloadPlan,
} from './plan.ts';
import { Random } from './random.ts';

const ABSENT = 0.4;

/** What `seed` stands for. */
export function drawPlan(seed: number): Plan {
  const draw = new Random(seed, 'plan');
  /** Absent in many runs; else somewhere between hardly ever and often. */
  const maybe = (most: number) => (draw.chance(ABSENT) ? 0 : most * draw.unit() ** 2);
  const heartbeatMs = draw.pick([10, 20, 50, 100]);
  const electionMinMs = heartbeatMs * draw.integer(2, 10);
  const members = draw.pick([1, 2, 3, 3, 3, 4, 5, 5, 7]);
  const tuneRate = drawTuneRate(seed, electionMinMs);
  const changes = { ...drawChanges(seed, members, electionMinMs), tuneRate };
  const apart = drawClocks(seed, members, electionMinMs);
  const taken = drawSnapshots(seed, heartbeatMs, electionMinMs);
  return {
    ...{ seed, members, changes, snapshots: taken.plan, stalls: drawStalls(seed) },
    durationMs: draw.pick([10, 20, 40, 80]) * electionMinMs,
    options: {
      ...{ heartbeatMs, electionMinMs },
      electionMaxMs: Math.ceil(electionMinMs * (1.1 + 2 * draw.unit())),
      maxAppendBytes: draw.pick([1, 40, 100, 1000, 1 << 20]),
      maxInflightAppends: draw.pick([1, 2, 3, 8, 64]),
      maxInflightBytes: draw.pick([1, 100, 1000, 1 << 24]),
      maxUncommittedBytes: draw.pick([1, 200, 2000, 1 << 26, 1 << 26]),
      maxApplyLagBytes: draw.pick([1, 2000, 1 << 26, 1 << 26]),
      ...apart.options,
      snapshot: taken.options,
    },
    network: {
      delayMinMs: draw.pick([0, 0.1, 1]),
      delayMeanMs: draw.pick([0.1, 1, 1, heartbeatMs / 4, heartbeatMs / 2, electionMinMs / 2]),
      loss: maybe(0.4),
      repeat: maybe(0.4),
      replay: maybe(0.05),
      clogRate: maybe(3),
      clogMeanMs: electionMinMs,
      partitionRate: maybe(2),
      partitionMeanMs: electionMinMs * draw.pick([1, 3, 10]),
      oneWayRate: maybe(2),
      flapRate: maybe(1),
    },
    disk: {
      writeMeanMs: draw.pick([0, 0.1, 1, 1, heartbeatMs / 4, heartbeatMs, electionMinMs]),
      slow: maybe(0.05),
      slowMeanMs: electionMinMs * draw.pick([0.5, 2]),
      failure: maybe(0.005),
      amnesia: 0,
    },
    clock: {
      rateSpread: draw.chance(ABSENT) ? 0 : draw.pick([0.0002, 0.1, 0.5]),
      maxSkewMs: Math.min(draw.pick([0, 10, 10_000]), apart.options.maxClockOffsetMs * 0.3),
      stallRate: maybe(2),
      stallMeanMs: electionMinMs * draw.pick([0.3, 1, 3]),
      ...apart.clock,
    },
    process: {
      crashRate: maybe(4),
      downMeanMs: electionMinMs * draw.pick([0.1, 1, 5]),
      powerCutRate: maybe(0.5),
      neverBack: draw.chance(0.5) ? Math.floor((members - 1) / 2) : 0,
    },
    aimed: { ...drawAimed(maybe), ...apart.aimed },
    workload: {
      clients: draw.pick([1, 3, 10]),
      thinkMeanMs: draw.pick([heartbeatMs / 4, heartbeatMs, electionMinMs / 2]),
      maxPaddingBytes: draw.pick([0, 10, 100, 2000]),
      blind: maybe(0.3),
      patienceMs: electionMinMs * draw.pick([0.5, 2]),
      applyMeanMs: draw.pick([0, 0, 0.1, heartbeatMs]),
      ...drawReads(seed, heartbeatMs),
    },
  };
}

function drawAimed(maybe: (most: number) => number): Omit<AimedPlan, 'cutLeader'> {
  return {
    crashAfterAppend: maybe(0.2),
    crashBeforeSend: maybe(0.1),
    crashAfterVote: maybe(0.3),
    cutNewLeader: maybe(0.5),
    stallLeader: maybe(0.02),
  };
}

/** What clocks do beyond running fast or slow, and what members make of that. */
function drawClocks(
  seed: number,
  members: number,
  electionMinMs: number,
): {
  readonly clock: Omit<ClockPlan, 'rateSpread' | 'maxSkewMs' | 'stallRate' | 'stallMeanMs'>;
  readonly options: Pick<Plan['options'], 'maxClockDrift' | 'maxClockOffsetMs'>;
  readonly aimed: Pick<AimedPlan, 'cutLeader'>;
} {
  const draw = new Random(seed, 'plan of clocks');
  const perTimeout = 1000 / electionMinMs;
  const maybe = (most: number) => (draw.chance(ABSENT) ? 0 : most * draw.unit() ** 2);
  return {
    clock: {
      suspendRate: perTimeout * maybe(0.5),
      suspendMeanMs: electionMinMs * draw.pick([0.1, 0.5, 2]),
      suspendReader: maybe(0.2),
      jumpRate: perTimeout * maybe(0.3),
      wrong: draw.chance(0.7) ? 0 : draw.integer(0, Math.floor((members - 1) / 2)),
      optionSpread: draw.pick([0, 0.2, 1]),
      restless: draw.pick([0, 1]),
    },
    options: {
      maxClockDrift: draw.pick([0, 0.05, 0.2, 0.2]),
      // Where all times of day are far apart nobody leads for long.
      maxClockOffsetMs: draw.pick([500, 5000, 30_000, 60_000]),
    },
    aimed: { cutLeader: maybe(0.05) },
  };
}

function drawReads(seed: number, heartbeatMs: number): Pick<WorkloadPlan, 'reads' | 'queryMeanMs'> {
  const draw = new Random(seed, 'plan of reads');
  return {
    reads: draw.chance(0.2) ? 0 : draw.pick([0.5, 0.9]),
    queryMeanMs: draw.pick([0, 0, heartbeatMs / 4, heartbeatMs * 2]),
  };
}

/** Drawn apart, so that all else of a seed is as it would be without. */
function drawChanges(
  seed: number,
  members: number,
  electionMinMs: number,
): Omit<ChangesPlan, 'tuneRate'> {
  const draw = new Random(seed, 'plan of changes');
  if (draw.chance(ABSENT)) return NO_CHANGES;
  const perTimeout = 1000 / electionMinMs;
  const maybe = (most: number) => (draw.chance(ABSENT) ? 0 : most * draw.unit() ** 2);
  return {
    spares: draw.integer(0, Math.min(4, MAX_MEMBERS - members)),
    unformed: draw.chance(0.3) ? 1 : 0,
    changeRate: perTimeout * (0.02 + draw.unit() ** 2),
    several: draw.pick([0, 0.3, 0.8]),
    transferRate: perTimeout * maybe(0.5),
    astray: maybe(0.3),
    wipeRate: perTimeout * maybe(0.3),
    asFirst: draw.pick([0, 0.5, 1]),
  };
}
