// What a majority is, once more, and not as the core has it: whoever judges must not share the
// mistakes of those who are judged.
import type { Configuration, MemberId } from '../../raft/index.ts';

type Halves = Pick<Configuration, 'voters' | 'outgoing'>;

/** One outside a joint configuration, where each of the two decides. */
function halvesOf({ outgoing, voters }: Halves): readonly (readonly MemberId[])[] {
  return outgoing.length === 0 ? [voters] : [voters, outgoing];
}

/** Do those that count make up a majority, of each half? */
export function isQuorum(config: Halves, counts: (id: MemberId) => boolean): boolean {
  return halvesOf(config).every((half) => half.filter(counts).length > half.length / 2);
}

/** The latest time such that a quorum has been heard then or later. */
export function heardByQuorum(config: Halves, heardMs: (id: MemberId) => number): number {
  const times = [...config.voters, ...config.outgoing].map(heardMs);
  const isEnough = (ms: number) => isQuorum(config, (id) => heardMs(id) >= ms);
  return Math.max(Number.NEGATIVE_INFINITY, ...times.filter(isEnough));
}

/** Does every quorum of the one share a member with every quorum of the other? */
export function doOverlap(one: Halves, other: Halves): boolean {
  const ids = [...new Set([one, other].flatMap((config) => halvesOf(config).flat()))];
  for (let mask = 0; mask < 2 ** ids.length; mask++) {
    const isIn = (id: MemberId) => ((mask >> ids.indexOf(id)) & 1) === 1;
    // If it has one among them, then the other must have none among the rest.
    if (isQuorum(one, isIn) && isQuorum(other, (id) => !isIn(id))) return false;
  }
  return true;
}
