// Members that know when they stand still, and options that change while they run.
import type { StallsPlan } from './plan.ts';
import { Random } from './random.ts';

const ABSENT = 0.4;

/** Drawn apart, so that all else of a seed is as it would be without. */
export function drawStalls(seed: number): StallsPlan {
  const draw = new Random(seed, 'plan of stalls');
  // Where the bound is low, everybody stalls all the time.
  return { bound: draw.chance(ABSENT) ? 0 : draw.pick([0.2, 0.5, 1, 1, 3]) };
}

/** How often options change, per simulated second. */
export function drawTuneRate(seed: number, electionMinMs: number): number {
  const draw = new Random(seed, 'plan of tuning');
  return draw.chance(ABSENT) ? 0 : (1000 / electionMinMs) * 0.5 * draw.unit() ** 2;
}
