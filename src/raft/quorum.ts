// Majorities and joint majorities, as arithmetic on small data. A joint configuration needs a
// majority of each of its halves (§6); an empty half decides nothing.
import type { MemberId } from './member-id.ts';

/** The two halves; `outgoing` is empty outside a joint change. */
export interface Voters {
  readonly voters: readonly MemberId[];
  readonly outgoing: readonly MemberId[];
}

export type VoteResult = 'won' | 'lost' | 'pending';

/** Highest index that a quorum has reached; Infinity when nobody votes. */
export function committedIndex(config: Voters, matchOf: (id: MemberId) => number): number {
  const incoming = reachedByMajority(config.voters, matchOf);
  if (config.outgoing.length === 0) return incoming;
  return Math.min(incoming, reachedByMajority(config.outgoing, matchOf));
}

/** What the votes cast so far amount to; `voteOf` is undefined while a voter has not answered. */
export function voteResult(
  config: Voters,
  voteOf: (id: MemberId) => boolean | undefined,
): VoteResult {
  const incoming = majorityVote(config.voters, voteOf);
  if (config.outgoing.length === 0) return incoming;
  const outgoing = majorityVote(config.outgoing, voteOf);
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending';
}

/** Largest value that a majority of `ids` has reached or passed. */
function reachedByMajority(ids: readonly MemberId[], reached: (id: MemberId) => number): number {
  if (ids.length === 0) return Number.POSITIVE_INFINITY;
  const values: number[] = [];
  for (const id of ids) {
    const value = reached(id);
    let at = values.length;
    while (at > 0 && (values[at - 1] ?? 0) < value) at--;
    values.splice(at, 0, value);
  }
  return values[Math.floor(ids.length / 2)] ?? 0;
}

function majorityVote(
  ids: readonly MemberId[],
  voteOf: (id: MemberId) => boolean | undefined,
): VoteResult {
  let granted = 0;
  let missing = 0;
  for (const id of ids) {
    const vote = voteOf(id);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  if (ids.length === 0) return 'won';
  const needed = Math.floor(ids.length / 2) + 1;
  if (granted >= needed) return 'won';
  return granted + missing >= needed ? 'pending' : 'lost';
}
