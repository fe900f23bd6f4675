// The exhaustive explorer: what it covers is stable, and what is broken it shows by a shortest way.
import { describe, expect, it } from 'vitest';
import {
  type Configuration,
  type RaftEvent,
  type RaftState,
  step,
} from '../../../../src/raft/index.ts';
import { NO_HISTORY, recordLocal } from '../../../../src/testkit/explorer/history.ts';
import { DEFAULT_SCOPE, explore } from '../../../../src/testkit/explorer/index.ts';
import { createLocal, type Local } from '../../../../src/testkit/explorer/local.ts';

/** Two members, one election. */
const small = { members: 2, maxTerm: 2, proposals: 1, crashes: 1, inFlight: 2 } as const;

/** Three members, one election, a crash. */
const elections = { members: 3, maxTerm: 2, proposals: 0, crashes: 1, inFlight: 2 } as const;

/** Two members, two elections, and one of the two leaves. */
const removals = {
  ...{ members: 2, maxTerm: 3, proposals: 0, crashes: 1, inFlight: 2 },
  changes: [{ remove: ['a'] }, { remove: ['b'] }],
} as const;

/** A voter, and a learner with an empty log. */
const promotion = {
  ...{ members: 2, learners: 1, maxTerm: 3, proposals: 0, crashes: 1, inFlight: 2 },
  changes: [{ promote: ['b'] }],
} as const;

/** Two voters and a learner, which takes the place of one of them. */
const replacement = {
  ...{ members: 3, learners: 1, maxTerm: 3, proposals: 0, crashes: 0, inFlight: 2 },
  stepDowns: false,
  changes: [{ replace: [{ id: 'b', by: 'c' }] }],
} as const;

const handover = {
  ...{ members: 2, maxTerm: 3, proposals: 0, crashes: 0, inFlight: 2 },
  ...{ stepDowns: false, heartbeats: 1, transfers: 1 },
} as const;

describe('an exploration', () => {
  it('of the real core is complete and finds nothing, with the same figures each time', () => {
    const figures = { states: 919, transitions: 2058, depth: 19, complete: true };
    expect(explore(small)).toEqual(figures);
    expect(explore(small)).toEqual(figures);
  });

  it('of two members and two elections finds nothing', () => {
    const figures = { states: 40_105, transitions: 104_824, depth: 31, complete: true };
    expect(explore({ ...small, maxTerm: 3 })).toEqual(figures);
  });

  it('of three members, an election and a crash finds nothing', () => {
    const figures = { states: 25_726, transitions: 121_908, depth: 22, complete: true };
    expect(explore(elections)).toEqual(figures);
  });

  it('covers no less because members are alike', () => {
    const { states } = explore(small);
    const all = explore({ ...small, alike: false });
    expect(all.complete).toBe(true);
    expect(all.states).toBeLessThanOrEqual(2 * states);
    expect(all.states).toBeGreaterThan(states);
  });

  it('covers repeats, heartbeats and pre-votes that travel', () => {
    const more = { repeats: 1, heartbeats: 1, preVotes: 'free', crashes: 0 } as const;
    const figures = explore({ ...small, ...more });
    expect(figures.violation).toBeUndefined();
    expect(figures.complete).toBe(true);
    expect(figures.states).toBeGreaterThan(explore({ ...small, crashes: 0 }).states);
  });

  it('ends at the bound on states, and says that it is not complete', () => {
    const { complete, states } = explore({ ...small, maxStates: 50 });
    expect(complete).toBe(false);
    expect(states).toBeGreaterThanOrEqual(50);
    expect(states).toBeLessThan(70);
  });
});

describe('a scope', () => {
  it.each([
    [{ members: 0 }, 'scope.members is 0'],
    [{ members: 9 }, 'scope.members is 9'],
    [{ maxTerm: -1 }, 'scope.maxTerm is -1'],
    [{ proposals: -1 }, 'scope.proposals is -1'],
    [{ maxStates: Number.NaN }, 'scope.maxStates is NaN'],
    [{ preVotes: 'never' }, 'scope.preVotes is never'],
    [{ alike: 1 }, 'scope.alike is 1'],
    [{ learners: 3 }, 'scope.learners is 3'],
    [{ transfers: -1 }, 'scope.transfers is -1'],
    [{ changes: 'all' }, 'scope.changes.length is -1'],
    [{ changes: [{ remove: ['d'] }] }, 'scope.changes names "d"; accepted: a to c'],
    [{ bogus: 1 }, 'scope.bogus is 1'],
  ])('with %j is refused', (scope, message) => {
    expect(() => explore(scope as object)).toThrow(message);
  });
});

describe('a core that is broken', () => {
  it('and whose messages do not wait for its disk is caught as soon as one leaves', () => {
    const { complete, violation } = explore({ ...small, step: hasty });
    expect(complete).toBe(false);
    expect(violation?.message).toMatch(/messages wait for term and vote to be durable/);
    expect(violation?.path).toEqual(['a times out']);
  });

  it('and counts a vote that it was not given leads without a quorum', () => {
    const { violation } = explore({ ...elections, step: vain });
    expect(violation?.message).toMatch(/the leader of term 2 has the durable votes of a quorum/);
    // Two timeouts, two writes, a request and an answer: it takes no less.
    expect(violation?.path).toHaveLength(6);
    expect(violation?.path[0]).toBe('a times out');
    expect(violation?.path[5]).toBe('b receives vote-reply a→b (term 2, granted false)');
  });

  it('and takes its log for durable at once is caught by its disk', () => {
    const { violation } = explore({ ...small, step: trusting });
    expect(violation?.message).toMatch(/entry \d is durable, as the core says/);
  });

  it('and throws is shown with the way to where it does', () => {
    const { violation } = explore({ ...small, step: fragile });
    expect(violation?.message).toBe('no leader is wanted here');
    expect(violation?.path.at(-1)).toMatch(/receives vote-reply/);
  });
});

/** Two members, two elections, two reads. */
const reads = {
  ...{ members: 2, maxTerm: 3, proposals: 0, crashes: 0, inFlight: 2 },
  ...{ stepDowns: false, reads: 2 },
} as const;

describe('an exploration of reads', () => {
  it('of two members finds nothing', () => {
    const figures = { states: 10_323, transitions: 27_503, depth: 24, complete: true };
    expect(explore(reads)).toEqual(figures);
  });

  it('finds a core that answers before its own first entry is committed (D1)', () => {
    const broken: typeof step = (state, event, now) => {
      const effects = step(state, event, now);
      if (event.type !== 'read' || state.role !== 'leader' || effects.length > 0) return effects;
      return [{ type: 'read-index', upTo: event.upTo, index: state.commit }];
    };
    const { violation } = explore({ ...reads, crashes: 1, step: broken });
    expect(violation?.message).toMatch(/a read shows the 2 entries that were committed before it/);
  });

  it('finds a core that takes an answer to a run before its restart', () => {
    const broken: typeof step = (state, event, now) => {
      if (event.type !== 'receive' || event.message.type !== 'read-reply') {
        return step(state, event, now);
      }
      const message = { ...event.message, boot: state.boot };
      return step(state, { ...event, message }, now);
    };
    const scope = { ...reads, maxTerm: 2, proposals: 1, crashes: 1, repeats: 1, step: broken };
    expect(explore(scope).violation?.message).toMatch(/no read is answered that nobody asked for/);
  });
});

describe('an exploration of changes', () => {
  it.each([
    ['removes either of two', removals, { states: 43_309, transitions: 105_410, depth: 29 }],
    ['makes a learner a voter', promotion, { states: 13_803, transitions: 32_224, depth: 36 }],
    [
      'replaces one of two, jointly',
      replacement,
      { states: 19_887, transitions: 59_717, depth: 52 },
    ],
    ['hands over', handover, { states: 19_596, transitions: 54_089, depth: 30 }],
  ])('%s, and finds nothing', (_, scope, figures) => {
    expect(explore(scope)).toEqual({ ...figures, complete: true });
  });

  it('covers no less because those that no change names are alike', () => {
    const scope = { members: 3, maxTerm: 2, proposals: 0, crashes: 0, inFlight: 1 } as const;
    const figures = explore({ ...scope, changes: [{ remove: ['c'] }] });
    const all = explore({ ...scope, changes: [{ remove: ['c'] }], alike: false });
    expect(all.complete).toBe(true);
    expect(all.violation).toBeUndefined();
    expect(all.states).toBeLessThanOrEqual(2 * figures.states);
    expect(all.states).toBeGreaterThan(figures.states);
  });

  it('finds a core where a configuration counts only once it is committed', () => {
    const scope = { members: 3, maxTerm: 2, proposals: 0, crashes: 0, inFlight: 1 } as const;
    const { violation } = explore({ ...scope, changes: [{ remove: ['c'] }], step: tardy });
    expect(violation?.message).toMatch(/entry 3, .* is durable at a quorum/);
    expect(violation?.path).toContain('a is asked to remove c');
  });

  it('finds a core that counts what a learner holds', () => {
    const { violation } = explore({ ...replacement, step: lenient });
    expect(violation?.message).toMatch(/entry \d, .* is durable at a quorum/);
  });

  it('finds a core that is elected by those who had a vote before', () => {
    const { violation } = explore({ ...replacement, stepDowns: true, step: nostalgic });
    expect(violation?.message).toMatch(/the leader of term \d has the durable votes of a quorum/);
  });
});

describe('the history', () => {
  it('knows who led which term, whoever has stepped down since', () => {
    const leaderOf = (at: number, term: number): Local => {
      const local = createLocal(at, DEFAULT_SCOPE);
      return { ...local, state: { ...local.state, role: 'leader', term } };
    };
    const history = recordLocal(NO_HISTORY, leaderOf(0, 2));
    expect(recordLocal(history, leaderOf(0, 2))).toEqual(history);
    expect(recordLocal(history, leaderOf(1, 3)).leaders).toEqual([undefined, undefined, 0, 1]);
    expect(() => recordLocal(history, leaderOf(1, 2))).toThrow(
      'Election Safety: one leader in term 2',
    );
  });
});

type Step = typeof step;

/** Sends at once what should wait. */
const hasty: Step = (state, event, now) =>
  step(state, event, now).map((effect) =>
    effect.type === 'send' ? { ...effect, after: 0 } : effect,
  );

/** Takes every answer to its request for a vote for a yes. */
const vain: Step = (state, event, now) => step(state, flattered(event), now);

function flattered(event: RaftEvent): RaftEvent {
  if (event.type !== 'receive' || event.message.type !== 'vote-reply') return event;
  return { ...event, message: { ...event.message, granted: true } };
}

/** Takes whatever it holds for durable. */
const trusting: Step = (state, event, now) => {
  state.log.durable = state.log.last;
  return step(state, event, now);
};

const fragile: Step = (state: RaftState, event, now) => {
  const effects = step(state, event, now);
  if (state.role === 'leader') throw new Error('no leader is wanted here');
  return effects;
};

/** Goes by the last configuration that it knows to be committed. */
const tardy: Step = (state, event, now) => stepWith(state.configs[0]?.config, state, event, now);

/** Makes no difference between voters and learners. */
const lenient: Step = (state, event, now) => {
  const { config } = state;
  const isCounting = event.type === 'receive' && state.role === 'leader';
  const voters = [...config.voters, ...config.learners];
  return stepWith(isCounting ? { ...config, voters } : config, state, event, now);
};

/** Asks, and counts, those who had a vote before. */
const nostalgic: Step = (state, event, now) =>
  state.role === 'leader' ? step(state, event, now) : tardy(state, event, now);

function stepWith(
  config: Configuration | undefined,
  state: RaftState,
  event: RaftEvent,
  now: number,
): ReturnType<Step> {
  state.config = config ?? state.config;
  const effects = step(state, event, now);
  state.config = state.configs.at(-1)?.config ?? state.config;
  return effects;
}
