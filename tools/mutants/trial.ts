// One mutant and the layers that try to catch it, one after the other until one fails.
import type { Copy } from './copy.ts';
import { type Layer, layersFor, runLayer, runSeed, type Verdict } from './layers.ts';
import type { Mutant } from './mutant.ts';
import type { Wanted } from './options.ts';

/** What the simulator is given to show that it finds nothing where nothing is planted. */
const BASELINE_HUNT_SECONDS = 3;

export interface Trial {
  readonly mutant: Mutant;
  /** Of the layers that ran, in order. */
  readonly verdicts: readonly Verdict[];
  /** Why it could not be planted. */
  readonly misfit: string | undefined;
}

/** Throws when a layer fails with nothing planted: then to fail means nothing. */
export async function checkBaseline(
  copy: Copy,
  layers: readonly Layer[],
  huntSeconds: number,
): Promise<void> {
  for (const layer of layers) {
    const seconds = Math.min(huntSeconds, BASELINE_HUNT_SECONDS);
    const { caught, rule } = await runLayer(layer, copy.root, seconds);
    if (caught) throw new Error(`${layer} fails with nothing planted: ${rule}`);
  }
}

export async function tryMutant(
  copy: Copy,
  mutant: Mutant,
  want: Omit<Wanted, 'mutants' | 'list'>,
): Promise<Trial> {
  const verdicts: Verdict[] = [];
  try {
    copy.plant(mutant);
  } catch (error) {
    return { mutant, verdicts, misfit: error instanceof Error ? error.message : String(error) };
  }
  try {
    for (const layer of layersFor(mutant)) {
      if (!want.layers.includes(layer)) continue;
      const verdict = await runLayer(layer, copy.root, want.huntSeconds);
      verdicts.push(verdict);
      if (verdict.caught && !want.everyLayer) break;
    }
  } finally {
    copy.restore();
  }
  await checkSeeds(copy, verdicts);
  return { mutant, verdicts, misfit: undefined };
}

/** What a seed finds is there because of the mutant only if it is not there without it. */
async function checkSeeds(copy: Copy, verdicts: readonly Verdict[]): Promise<void> {
  for (const { caught, seed } of verdicts) {
    if (!caught || seed === undefined) continue;
    const { caught: anyway, rule } = await runSeed(copy.root, seed);
    if (anyway) throw new Error(`seed ${seed} fails with nothing planted: ${rule}`);
  }
}

/** The layers up to the first that failed, in seconds, and what that one said. */
export function firstHit({ verdicts }: Trial): { seconds: number; hit: Verdict | undefined } {
  let seconds = 0;
  for (const verdict of verdicts) {
    seconds += verdict.seconds;
    if (verdict.caught) return { seconds, hit: verdict };
  }
  return { seconds, hit: undefined };
}

/** Caught before the layers had used up the budget, all of them together. */
export function isCaught(trial: Trial, budgetSeconds: number): boolean {
  const { hit, seconds } = firstHit(trial);
  return hit !== undefined && seconds <= budgetSeconds;
}
