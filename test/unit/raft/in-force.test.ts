import { describe, expect, it } from 'vitest';
import {
  type Configuration,
  type ConfigurationAt,
  liveConfigurations,
} from '../../../src/raft/index.ts';
import { configAppend, configsAt } from './changing.ts';
import { configOf, TestMember } from './member.ts';

const three = configOf({});
const two = configOf({ voters: ['b', 'c'] });
const four = configOf({ voters: ['a', 'b', 'c', 'd'] });

function configEffects(member: TestMember): readonly (readonly ConfigurationAt[])[] {
  return member.effects.flatMap((effect) => (effect.type === 'members' ? [effect.configs] : []));
}

describe('a configuration', () => {
  it('is in force as soon as it is in the log, durable or not, committed or not', () => {
    const member = new TestMember({
      terms: [1],
      term: 2,
      commit: 1,
      configs: configsAt([1, three]),
    });
    member.receive('b', ...configAppend({ term: 2, prev: [1, 1], commit: 1 }, [[2], [2, two]]));
    expect(member.state.config).toBe(two);
    expect(member.state.configs).toEqual(configsAt([1, three], [3, two]));
    expect(configEffects(member)).toEqual([member.state.configs]);
  });

  it('takes the place of the one before when it is known to be committed', () => {
    const member = new TestMember({
      terms: [1],
      term: 2,
      commit: 1,
      configs: configsAt([1, three]),
    });
    member.receive('b', ...configAppend({ term: 2, prev: [1, 1], commit: 1 }, [[2], [2, two]]));
    member.receive('b', { type: 'commit-notice', term: 2, commit: 2 });
    expect(configEffects(member)).toEqual([]);
    member.receive('b', { type: 'commit-notice', term: 2, commit: 3 });
    expect(configEffects(member)).toEqual([configsAt([3, two])]);
  });

  it('is the one before again at once when it is truncated (M7)', () => {
    const member = new TestMember({
      terms: [1],
      term: 2,
      commit: 1,
      configs: configsAt([1, three]),
    });
    const entries = [[2, four], [2], [2, two]] as const;
    member.receive('b', ...configAppend({ term: 2, prev: [1, 1], commit: 1 }, entries));
    expect(member.state.config).toBe(two);
    member.receive('c', ...configAppend({ term: 3, prev: [3, 2], commit: 1 }, [[3]]));
    expect(member.state.config).toBe(four);
    expect(configEffects(member)).toEqual([configsAt([1, three], [2, four])]);
    member.receive('c', ...configAppend({ term: 4, prev: [1, 1], commit: 1 }, [[4]]));
    expect(member.state.config).toBe(three);
  });

  it('may be replaced by another one at the same index, in one append', () => {
    const member = new TestMember({
      terms: [1],
      term: 2,
      commit: 1,
      configs: configsAt([1, three]),
    });
    member.receive('b', ...configAppend({ term: 2, prev: [1, 1], commit: 1 }, [[2, four]]));
    member.receive('c', ...configAppend({ term: 3, prev: [1, 1], commit: 1 }, [[3, two], [3]]));
    expect(member.state.configs).toEqual(configsAt([1, three], [2, two]));
  });

  it('is taken once from an append of which a part is there already', () => {
    const member = new TestMember({
      terms: [1],
      term: 2,
      commit: 1,
      configs: configsAt([1, three]),
    });
    const all = [[2, four], [2, two], [2]] as const;
    member.receive('b', ...configAppend({ term: 2, prev: [1, 1], commit: 1 }, all.slice(0, 1)));
    member.receive('b', ...configAppend({ term: 2, prev: [1, 1], commit: 1 }, all));
    expect(member.state.configs).toEqual(configsAt([1, three], [2, four], [3, two]));
    member.receive('b', ...configAppend({ term: 2, prev: [1, 1], commit: 1 }, all.slice(0, 2)));
    expect(member.state.configs).toEqual(configsAt([1, three], [2, four], [3, two]));
    expect(configEffects(member)).toEqual([]);
  });
});

describe('a restart', () => {
  const kinds: readonly Configuration[] = [
    three,
    configOf({ learners: ['d'], joining: [{ id: 'd', replaces: 'c' }] }),
    configOf({ voters: ['a', 'b', 'd'], outgoing: ['a', 'b', 'c'] }),
    configOf({ voters: ['a', 'b', 'd'] }),
    configOf({ voters: ['b', 'd'], learners: ['a'] }),
    configOf({ voters: ['b', 'd'] }),
  ];

  it.each([0, 20])('at every entry of a log full of configurations, above %i (M11)', (base) => {
    // Every third entry is a command.
    const entries = Array.from({ length: 24 }, (_, at) => ({
      term: 1 + Math.floor(at / 5),
      config: at % 3 === 2 ? undefined : kinds[at % kinds.length],
    }));
    for (let length = 1; length <= entries.length; length++) {
      const known = entries.slice(0, length).flatMap(({ config }, at) => {
        return config === undefined ? [] : [{ index: base + at + 1, config }];
      });
      for (let commit = base; commit <= base + length; commit++) {
        const configs = [{ index: base, config: three }, ...known];
        const terms = entries.slice(0, length).map(({ term }) => term);
        const position = { index: base, term: base === 0 ? 0 : 1 };
        const member = new TestMember({ terms, base: position, commit, configs, restarted: true });
        expect(member.state.config).toBe(configs.at(-1)?.config);
        const committed = configs.filter(({ index }) => index <= commit).at(-1);
        expect(member.state.configs[0]).toBe(committed);
        member.pass(250);
        member.step({ type: 'timeout' });
        const { log } = member.state;
        const prev = [log.last, terms.at(-1) ?? 0] as const;
        member.receive('b', ...configAppend({ term: 9, prev, commit: log.last }, [[9, two]]));
        expect(member.state.configs.map(({ index }) => index)).toEqual([
          configs.at(-1)?.index,
          log.last,
        ]);
      }
    }
  });

  it('of a member that was never told of any knows none, and waits', () => {
    const member = new TestMember({ configs: [] });
    expect(member.state.configs).toEqual(configsAt([0, configOf({ voters: [] })]));
    expect(member.state.electionDueMs).toBeGreaterThan(0);
    member.pass(1000);
    member.step({ type: 'timeout' });
    expect(member.effects).toEqual([]);
  });
});

describe('the configurations of a log that may still be in force', () => {
  const all = configsAt([2, three], [5, four], [9, two]);

  it.each([
    [0, [2, 5, 9]],
    [2, [2, 5, 9]],
    [4, [2, 5, 9]],
    [5, [5, 9]],
    [8, [5, 9]],
    [9, [9]],
    [50, [9]],
  ])('with everything up to %i committed are those at %j', (commit, indexes) => {
    expect(liveConfigurations(all, commit).map(({ index }) => index)).toEqual(indexes);
  });

  it('begin with a snapshot’s, whatever came before it (M8)', () => {
    expect(liveConfigurations(configsAt([7, four]), 3)).toEqual(configsAt([7, four]));
  });
});
