// The leader's side of a comparison: what each member has told, and what that comes to.
import type { MemberId } from '../contracts/index.ts';
import { type Configuration, membersOf, voteResult } from '../raft/index.ts';
import { type DigestAt, MAX_DIGESTS } from './wire/index.ts';

/** `equal`: those of a majority are, and nobody else's differs; `isWhole`: all voters have told. */
export type Finding =
  | { readonly type: 'pending' }
  | { readonly type: 'equal'; readonly digest: string; readonly isWhole: boolean }
  | {
      readonly type: 'unequal';
      /** Undefined when no majority has the same. */
      readonly digest: string | undefined;
      readonly odd: readonly MemberId[];
    };

/** The latest of each member, as many as it keeps itself. */
export class DigestReports {
  readonly #told = new Map<MemberId, ReadonlyMap<number, string>>();

  add(from: MemberId, digests: readonly DigestAt[]): void {
    const latest = digests.slice(-MAX_DIGESTS);
    this.#told.set(from, new Map(latest.map(({ digest, index }) => [index, digest])));
  }

  clear(): void {
    this.#told.clear();
  }

  /** Indexes above `index` of which somebody has told, ascending. */
  above(index: number): readonly number[] {
    const all = new Set([...this.#told.values()].flatMap((each) => [...each.keys()]));
    return [...all].filter((each) => each > index).sort((a, b) => a - b);
  }

  find(config: Configuration, index: number): Finding {
    const digests = new Map<MemberId, string>();
    for (const id of membersOf(config)) {
      const digest = this.#told.get(id)?.get(index);
      if (digest !== undefined) digests.set(id, digest);
    }
    return compareDigests(config, digests);
  }
}

/** Learners differ from a majority of voters like any other member, but are part of none. */
export function compareDigests(
  config: Configuration,
  digests: ReadonlyMap<MemberId, string>,
): Finding {
  const hasTold = (id: MemberId) => digests.has(id);
  const isWhole = config.voters.every(hasTold) && config.outgoing.every(hasTold);
  for (const digest of new Set(digests.values())) {
    const isSame = (id: MemberId) => (hasTold(id) ? digests.get(id) === digest : undefined);
    if (voteResult(config, isSame) !== 'won') continue;
    const odd = [...digests].flatMap(([id, each]) => (each === digest ? [] : [id]));
    return odd.length > 0 ? { type: 'unequal', digest, odd } : { type: 'equal', digest, isWhole };
  }
  return isWhole ? { type: 'unequal', digest: undefined, odd: [] } : { type: 'pending' };
}
