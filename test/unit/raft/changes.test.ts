import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changed, follows, joined, left, type MembersChange } from '../../../src/raft/changes.ts';
import {
  type Configuration,
  createConfiguration,
  isVoter,
  type MemberId,
  membersOf,
} from '../../../src/raft/index.ts';
import { isJoint } from '../../../src/raft/membership.ts';
import { configOf, incarnationOf } from './member.ts';

const three = configOf({});
const learning = configOf({ learners: ['d', 'e'], joining: [{ id: 'e', replaces: 'c' }] });

type Parts = Partial<Omit<Configuration, 'incarnations'>>;

function partsOf({ joining, learners, outgoing, voters }: Configuration): Parts {
  return { voters, outgoing, learners, joining };
}

const plain = (id: MemberId) => ({ id, replaces: undefined });

describe('a change', () => {
  it.each<[MembersChange, Configuration, Parts]>([
    [{}, three, {}],
    [{ add: ['d'] }, three, { learners: ['d'], joining: [plain('d')] }],
    [{ add: ['d', 'e'] }, three, { learners: ['d', 'e'], joining: [plain('d'), plain('e')] }],
    [{ learners: ['d'] }, three, { learners: ['d'] }],
    [{ remove: ['c'] }, three, { voters: ['a', 'b'] }],
    [{ remove: ['b', 'c'] }, three, { voters: ['a'], outgoing: ['a', 'b', 'c'] }],
    [{ demote: ['c'] }, three, { voters: ['a', 'b'], learners: ['c'] }],
    [
      { demote: ['b'], remove: ['c'] },
      three,
      { voters: ['a'], outgoing: ['a', 'b', 'c'], learners: ['b'] },
    ],
    [
      { replace: [{ id: 'a', by: 'd' }] },
      three,
      { learners: ['d'], joining: [{ id: 'd', replaces: 'a' }] },
    ],
    [
      { promote: ['d'] },
      learning,
      { learners: ['d', 'e'], joining: [{ id: 'e', replaces: 'c' }, plain('d')] },
    ],
    // Who is on its way already keeps its place.
    [{ promote: ['e'] }, learning, { learners: ['d', 'e'], joining: [{ id: 'e', replaces: 'c' }] }],
    [
      { replace: [{ id: 'b', by: 'd' }] },
      learning,
      {
        learners: ['d', 'e'],
        joining: [
          { id: 'e', replaces: 'c' },
          { id: 'd', replaces: 'b' },
        ],
      },
    ],
    // The one that was to be replaced leaves before: the other joins all the same.
    [
      { remove: ['c'] },
      learning,
      { voters: ['a', 'b'], learners: ['d', 'e'], joining: [plain('e')] },
    ],
    [
      { demote: ['c'] },
      learning,
      { voters: ['a', 'b'], learners: ['d', 'e', 'c'], joining: [plain('e')] },
    ],
    [{ remove: ['e'] }, learning, { learners: ['d'] }],
    [{ remove: ['d'] }, learning, { learners: ['e'], joining: [{ id: 'e', replaces: 'c' }] }],
    [
      { add: ['f'], remove: ['c'] },
      three,
      { voters: ['a', 'b'], learners: ['f'], joining: [plain('f')] },
    ],
  ])('%j', (change, config, expected) => {
    const next = changed(config, change);
    expect(partsOf(next)).toEqual({ ...partsOf(three), ...expected });
    expect(follows(next, config)).toBe(true);
  });

  it('keeps the incarnations of who stays, and of nobody else', () => {
    const known = (config: Configuration) => [...config.incarnations.keys()].sort();
    expect(known(changed(three, { remove: ['c'] }))).toEqual(['a', 'b']);
    const joint = changed(three, { remove: ['b', 'c'] });
    expect(known(joint)).toEqual(['a', 'b', 'c']);
    expect(known(left(joint))).toEqual(['a']);
    expect(known(changed(three, { demote: ['c'] }))).toEqual(['a', 'b', 'c']);
    expect(known(changed(three, { add: ['d'] }))).toEqual(['a', 'b', 'c']);
  });

  it('that brings an id back after a joint one knows nothing of its store any more', () => {
    const gone = left(joined(configOf({ learners: ['d'], joining: [{ id: 'd', replaces: 'c' }] })));
    expect(gone.voters).toEqual(['a', 'b', 'd']);
    expect(changed(gone, { add: ['c'] }).incarnations.has('c')).toBe(false);
  });
});

describe('a change is refused, with what would be accepted:', () => {
  const newId = '; accepted: an id that is none of a, b, c, d, e; a learner is promoted';
  const free = '; accepted: a voter that nobody is about to replace, of a, b, c';
  const by = '; accepted: a learner or an id that is no member, of d, e';
  const once = '; accepted: every member at most once';
  const noVoter = 'changeMembers: no voter would be left; accepted: a change that keeps one';

  it.each<[MembersChange, string]>([
    [{ add: ['a'] }, `add is "a"${newId}`],
    [{ add: ['d'] }, `add is "d"${newId}`],
    [{ learners: ['b'] }, `learners is "b"${newId}`],
    [{ promote: ['a'] }, 'promote is "a"; accepted: a learner, of d, e'],
    [{ promote: ['x'] }, 'promote is "x"; accepted: a learner, of d, e'],
    [{ demote: ['d'] }, 'demote is "d"; accepted: a voter, of a, b, c'],
    [{ remove: ['x'] }, 'remove is "x"; accepted: a member, of a, b, c, d, e'],
    [{ replace: [{ id: 'd', by: 'x' }] }, `replace is "d"${free}`],
    [{ replace: [{ id: 'c', by: 'x' }] }, `replace is "c"${free}`],
    [{ replace: [{ id: 'a', by: 'b' }] }, `replace by is "b"${by}`],
    [{ add: ['x'], learners: ['x'] }, `changeMembers is "x"${once}`],
    [{ remove: ['a'], replace: [{ id: 'a', by: 'x' }] }, `changeMembers is "a"${once}`],
    [{ remove: ['a', 'b', 'c'] }, noVoter],
    [{ remove: ['a', 'b'], demote: ['c'] }, noVoter],
  ])('%j', (change, message) => {
    const expected = { code: 'ERR_INVALID_OPTION', outcome: 'not-applied', message };
    expect(() => changed(learning, change)).toThrow(expect.objectContaining(expected));
  });
});

describe('when all that join have caught up', () => {
  it.each<[Parts, Parts]>([
    [{ learners: ['d'], joining: [plain('d')] }, { voters: ['a', 'b', 'c', 'd'] }],
    [
      { learners: ['d', 'e'], joining: [plain('d')] },
      { voters: ['a', 'b', 'c', 'd'], learners: ['e'] },
    ],
    [
      { learners: ['d', 'e'], joining: [plain('d'), plain('e')] },
      { voters: ['a', 'b', 'c', 'd', 'e'], outgoing: ['a', 'b', 'c'] },
    ],
    [
      { learners: ['d'], joining: [{ id: 'd', replaces: 'a' }] },
      { voters: ['b', 'c', 'd'], outgoing: ['a', 'b', 'c'] },
    ],
  ])('%j becomes %j', (parts, expected) => {
    const config = configOf(parts);
    const next = joined(config);
    expect(partsOf(next)).toEqual({ ...partsOf(three), ...expected });
    expect(follows(next, config)).toBe(true);
    expect(follows(left(next), next)).toBe(true);
    expect(partsOf(left(next))).toEqual({ ...partsOf(next), outgoing: [] });
  });
});

describe('a configuration does not follow another', () => {
  const of = (voters: string, outgoing = '') =>
    createConfiguration({ voters: [...voters], outgoing: [...outgoing] });

  it.each([
    ['two votes more', of('abcd'), of('ab'), false],
    ['one vote for another', of('abd'), of('abc'), false],
    ['one vote more', of('abcd'), of('abc'), true],
    ['one vote less', of('ab'), of('abc'), true],
    ['the same votes in another order', of('cab'), of('abc'), true],
    ['a joint one of the same', of('de', 'abc'), of('abc'), true],
    ['a joint one of others', of('de', 'abx'), of('abc'), false],
    ['a joint one of too few', of('de', 'ab'), of('abc'), false],
    ['the end of a joint one', of('de'), of('de', 'abc'), true],
    ['the beginning of a joint one', of('abc'), of('de', 'abc'), false],
    ['one vote less than a joint one', of('d'), of('de', 'abc'), false],
    ['a joint one after a joint one', of('de', 'abc'), of('de', 'abc'), false],
  ])('%s', (_, next, config, expected) => {
    expect(follows(next, config)).toBe(expected);
  });
});

const names: readonly MemberId[] = ['a', 'b', 'c', 'd', 'e', 'f'];

const someIds = fc.subarray([...names], { maxLength: 2 });
const anyChange: fc.Arbitrary<MembersChange> = fc.record(
  {
    add: someIds,
    learners: someIds,
    promote: someIds,
    demote: someIds,
    remove: someIds,
    replace: fc.array(fc.record({ id: fc.constantFrom(...names), by: fc.constantFrom(...names) }), {
      maxLength: 2,
    }),
  },
  { requiredKeys: [] },
);

/** A change that a leader of it would be asked for, or what it does of itself. */
const anyMove = fc.oneof(anyChange, fc.constant('joined' as const));

/** What a leader makes of a configuration; undefined when it refuses. */
function next(config: Configuration, move: MembersChange | 'joined'): Configuration | undefined {
  if (isJoint(config)) return left(config);
  if (move === 'joined') return config.joining.length === 0 ? undefined : joined(config);
  try {
    return changed(config, move);
  } catch {
    return undefined;
  }
}

function isQuorum(config: Configuration, among: ReadonlySet<MemberId>): boolean {
  return [config.voters, config.outgoing].every((half) => {
    const present = half.filter((id) => among.has(id)).length;
    return half.length === 0 || present * 2 > half.length;
  });
}

/** Every set of members. */
const subsets = Array.from(
  { length: 2 ** names.length },
  (_, bits) => new Set(names.filter((_, at) => (bits >> at) & 1)),
);

function overlap(one: Configuration, other: Configuration): boolean {
  return subsets.every((some) => {
    if (!isQuorum(one, some)) return true;
    return !isQuorum(other, new Set(names.filter((id) => !some.has(id))));
  });
}

describe('any sequence of changes', () => {
  it('keeps a voter, puts each member in one place, and majorities that overlap', () => {
    const first = fc.subarray([...names], { minLength: 1 });
    fc.assert(
      fc.property(first, fc.array(anyMove, { maxLength: 12 }), (voters, moves) => {
        let config = configOf({ voters });
        for (const move of moves) {
          const after = next(config, move);
          if (after === undefined) continue;
          const { incarnations, joining, learners } = after;
          expect(after.voters.length).toBeGreaterThan(0);
          expect(follows(after, config)).toBe(true);
          expect(overlap(config, after)).toBe(true);
          for (const half of [
            after.voters,
            after.outgoing,
            learners,
            joining.map(({ id }) => id),
          ]) {
            expect(new Set(half).size).toBe(half.length);
          }
          for (const id of learners) {
            expect(after.voters).not.toContain(id);
            if (isVoter(after, id)) expect(after.outgoing).toContain(id);
          }
          for (const { id, replaces } of joining) {
            expect(learners).toContain(id);
            if (replaces !== undefined) expect(after.voters).toContain(replaces);
          }
          const replaced = joining.flatMap(({ replaces }) => replaces ?? []);
          expect(new Set(replaced).size).toBe(replaced.length);
          const members = membersOf(after);
          for (const [id, incarnation] of incarnations) {
            expect(members).toContain(id);
            expect(incarnation).toBe(incarnationOf(id));
          }
          config = after;
        }
      }),
      { numRuns: 500 },
    );
  });
});
