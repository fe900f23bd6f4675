// Which consistency a client wants of a read.
import type { Plan } from './plan.ts';
import { Random } from './random.ts';

/** What a client wants to see: by an index, an age in ms, or neither. */
export interface Want {
  readonly level: 'linearizable' | 'lease' | 'fresh' | 'at-least' | 'local';
  /** `fresh`: ms. `at-least`: from what the member has applied. */
  readonly amount: number;
}

/** Drawn apart, so that all else of a call is as it would be without. */
export function drawWant(id: string, { options, seed, workload }: Plan): Want | undefined {
  const draw = new Random(seed, `read ${id}`);
  if (!draw.chance(workload.reads)) return undefined;
  const level = draw.pick([
    ...(['linearizable', 'linearizable', 'linearizable', 'lease', 'lease', 'lease'] as const),
    ...(['fresh', 'fresh', 'at-least', 'local'] as const),
  ]);
  switch (level) {
    case 'fresh':
      return { level, amount: options.electionMinMs * draw.pick([0.2, 1, 3]) };
    case 'at-least':
      return { level, amount: draw.integer(-3, 3) };
    default:
      return { level, amount: 0 };
  }
}
