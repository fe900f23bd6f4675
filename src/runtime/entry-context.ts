// What a machine is told of the entry it applies, and its only source of chance.
import type { ApplyContext } from '../contracts/index.ts';
import { createPrng, nextFloat, type Prng } from '../lib/prng.ts';

export class EntryContext implements ApplyContext {
  readonly index: number;
  readonly term: number;
  readonly timeMs: number;
  readonly machineVersion: number;
  readonly session: number | undefined;
  #prng: Prng | undefined;

  constructor(
    entry: Pick<ApplyContext, 'index' | 'term' | 'timeMs'>,
    machineVersion: number,
    session?: number,
  ) {
    this.index = entry.index;
    this.term = entry.term;
    this.timeMs = entry.timeMs;
    this.machineVersion = machineVersion;
    this.session = session;
  }

  random(): number {
    this.#prng ??= createPrng(this.index);
    return nextFloat(this.#prng);
  }
}
