// One mutant and the layers that try to catch it, one after the other until one fails.
import type { Copy } from './copy.ts';
import { type Layer, layersFor, runLayer, type Verdict } from './layers.ts';
import type { Mutant } from './mutant.ts';
import type { Wanted } from './options.ts';

/** A mutant is caught within this, all its layers together. */
export const BUDGET_SECONDS = 60;

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
export async function checkBaseline(copy: Copy, layers: readonly Layer[]): Promise<void> {
  for (const layer of layers) {
    const { caught, rule } = await runLayer(layer, copy.root, BASELINE_HUNT_SECONDS);
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
  return { mutant, verdicts, misfit: undefined };
}

/** Caught by a layer, before the budget was used up by those before it. */
export function isCaught({ verdicts }: Trial): boolean {
  const seconds = verdicts.reduce((sum, verdict) => sum + verdict.seconds, 0);
  const everyLayer = verdicts.slice(0, -1).some(({ caught }) => caught);
  const caught = verdicts.some((verdict) => verdict.caught);
  return caught && (everyLayer || seconds <= BUDGET_SECONDS);
}
