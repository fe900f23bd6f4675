// Makes histories of a true object: every operation happens at one moment between its call and its
// return, so that the history is linearizable until somebody spoils it.
import { nextFloat, nextInteger, type Prng } from '../../../../src/lib/prng.ts';
import type { Operation } from '../../../../src/testkit/checkers/index.ts';
import type { TrueObject } from './objects.ts';

export interface RunOptions {
  readonly operations: number;
  readonly clients: number;
  /** Chances in [0, 1]. An unknown operation happens every other time, a failed one never. */
  readonly unknown: number;
  readonly failed: number;
  /** With this an output is drawn, whatever happened. */
  readonly spoiled: number;
}

interface Moment<I> {
  readonly client: number;
  readonly input: I;
  readonly callAt: number;
  readonly happensAt: number;
  readonly returnAt: number;
}

/** Times are whole numbers, so that some of them are the same. */
export function makeRun<S, I, O>(
  object: TrueObject<S, I, O>,
  prng: Prng,
  options: RunOptions,
): Operation<I, O>[] {
  let state = object.initial;
  return drawMoments(object, prng, options).map(({ happensAt: _, ...moment }) => {
    const { input } = moment;
    const [next, output] = object.apply(state, input);
    const chance = nextFloat(prng);
    if (chance < options.failed) return { ...moment, outcome: 'failed' };
    if (chance < options.failed + options.unknown) {
      if (nextFloat(prng) < 0.5) state = next;
      return { ...moment, outcome: 'unknown' };
    }
    state = next;
    const spoiled = nextFloat(prng) < options.spoiled;
    const told = spoiled ? object.drawOutput(prng, input) : output;
    return { ...moment, output: told, outcome: 'ok' };
  });
}

/** In the order in which they happen. */
function drawMoments<S, I, O>(
  object: TrueObject<S, I, O>,
  prng: Prng,
  { operations, clients }: RunOptions,
): readonly Moment<I>[] {
  const freeAt: number[] = new Array(clients).fill(0);
  const moments = Array.from({ length: operations }, () => {
    const client = nextInteger(prng, 0, clients);
    const callAt = (freeAt[client] ?? 0) + nextInteger(prng, 1, 4);
    const happensAt = callAt + nextFloat(prng) * 4;
    const returnAt = Math.ceil(happensAt + nextFloat(prng) * 4);
    freeAt[client] = returnAt;
    return { client, input: object.drawInput(prng), callAt, happensAt, returnAt };
  });
  return moments.sort((one, other) => one.happensAt - other.happensAt);
}
