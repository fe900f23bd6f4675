import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { committedIndex, type Voters, voteResult } from '../../../src/raft/quorum.ts';

type Votes = Readonly<Record<string, boolean>>;

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const half = fc.subarray(IDS);
const config: fc.Arbitrary<Voters> = fc.record({ voters: half, outgoing: half });
const matches = fc.record(Object.fromEntries(IDS.map((id) => [id, fc.nat(5)])));
const vote = fc.constantFrom(true, false, undefined);
const ballots = fc.record(Object.fromEntries(IDS.map((id) => [id, vote])));

function majority(voters: readonly string[]): Voters {
  return { voters, outgoing: [] };
}

/** More than half of the ids satisfy it; an empty half decides nothing. */
function most(ids: readonly string[], holds: (id: string) => boolean): boolean {
  return ids.length === 0 || ids.filter(holds).length * 2 > ids.length;
}

function naiveCommitted({ voters, outgoing }: Voters, matchOf: (id: string) => number): number {
  if (voters.length + outgoing.length === 0) return Number.POSITIVE_INFINITY;
  let index = 0;
  const reached = (id: string) => matchOf(id) > index;
  while (most(voters, reached) && most(outgoing, reached)) index++;
  return index;
}

function naiveVote(config: Voters, voteOf: (id: string) => boolean | undefined): string {
  const halves = [config.voters, config.outgoing];
  if (halves.every((ids) => most(ids, (id) => voteOf(id) === true))) return 'won';
  const possible = halves.every((ids) => most(ids, (id) => voteOf(id) !== false));
  return possible ? 'pending' : 'lost';
}

describe('the committed index', () => {
  it.each([
    [[], Number.POSITIVE_INFINITY],
    [[7], 7],
    [[7, 9], 7],
    [[7, 9, 3], 7],
    [[7, 9, 3, 3], 3],
    [[1, 2, 3, 4, 5], 3],
    [[0, 0, 5, 5, 5], 5],
    [[9, 0, 0], 0],
  ])('of voters at %j is %d', (values, expected) => {
    const config = majority(values.map((_, at) => IDS[at] ?? ''));
    expect(committedIndex(config, (id) => values[IDS.indexOf(id)] ?? 0)).toBe(expected);
  });

  it('of a joint configuration needs a majority of each half', () => {
    const at: Record<string, number> = { a: 10, b: 8, c: 1, d: 5, e: 3 };
    const config = { voters: ['a', 'b', 'c'], outgoing: ['c', 'd', 'e'] };
    expect(committedIndex(config, (id) => at[id] ?? 0)).toBe(3);
  });

  it('does not depend on the order in which the voters are named', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(IDS), matches, (voters, at) => {
        const sorted = committedIndex(majority([...voters].sort()), (id) => at[id] ?? 0);
        expect(committedIndex(majority(voters), (id) => at[id] ?? 0)).toBe(sorted);
      }),
    );
  });

  it('is the highest index that a majority of each half has passed', () => {
    fc.assert(
      fc.property(config, matches, (config, at) => {
        const matchOf = (id: string) => at[id] ?? 0;
        expect(committedIndex(config, matchOf)).toBe(naiveCommitted(config, matchOf));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the result of a vote', () => {
  const table: readonly [readonly string[], Votes, string][] = [
    [[], {}, 'won'],
    [['a'], {}, 'pending'],
    [['a'], { a: true }, 'won'],
    [['a'], { a: false }, 'lost'],
    [['a', 'b'], { a: true }, 'pending'],
    [['a', 'b'], { a: false }, 'lost'],
    [['a', 'b', 'c'], { a: true, b: false }, 'pending'],
    [['a', 'b', 'c'], { a: true, c: true }, 'won'],
    [['a', 'b', 'c'], { b: false, c: false }, 'lost'],
    [['a', 'b', 'c', 'd'], { a: true, b: true }, 'pending'],
    [['a', 'b', 'c', 'd'], { a: true, b: true, c: false, d: false }, 'lost'],
  ];

  it.each(table)('of %j with votes %j is %s', (voters, votes, expected) => {
    expect(voteResult(majority(voters), (id) => votes[id])).toBe(expected);
  });

  it('is lost as soon as one half of a joint configuration is lost', () => {
    const votes: Votes = { a: true, b: true, c: false };
    const config = { voters: ['a', 'b'], outgoing: ['c'] };
    expect(voteResult(config, (id) => votes[id])).toBe('lost');
    expect(voteResult(config, (id) => (id === 'c' ? undefined : votes[id]))).toBe('pending');
    expect(voteResult(config, () => true)).toBe('won');
  });

  it('ignores the votes of those who are in neither half', () => {
    const config = { voters: ['a', 'b', 'c'], outgoing: [] };
    expect(voteResult(config, (id) => (['d', 'e', 'f'].includes(id) ? true : undefined))).toBe(
      'pending',
    );
  });

  it('is that of a naive count of each half', () => {
    fc.assert(
      fc.property(config, ballots, (config, votes) => {
        const voteOf = (id: string) => votes[id];
        expect(voteResult(config, voteOf)).toBe(naiveVote(config, voteOf));
      }),
      { numRuns: 2000 },
    );
  });
});
