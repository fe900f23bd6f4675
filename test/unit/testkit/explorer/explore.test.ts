// The exhaustive explorer: what it covers is stable, and what is broken it shows by a shortest way.
import { describe, expect, it } from 'vitest';
import { type RaftEvent, type RaftState, step } from '../../../../src/raft/index.ts';
import { explore } from '../../../../src/testkit/explorer/index.ts';

/** Two members, one election. */
const small = { members: 2, maxTerm: 2, proposals: 1, crashes: 1, inFlight: 2 } as const;

/** Three members, one election, a crash. */
const elections = { members: 3, maxTerm: 2, proposals: 0, crashes: 1, inFlight: 2 } as const;

describe('an exploration', () => {
  it('of the real core is complete and finds nothing, with the same figures each time', () => {
    const figures = { states: 919, transitions: 2058, depth: 19, complete: true };
    expect(explore(small)).toEqual(figures);
    expect(explore(small)).toEqual(figures);
  });

  it('of two members and two elections finds nothing', () => {
    const figures = { states: 39_702, transitions: 103_864, depth: 31, complete: true };
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

  it('and counts a vote that it was not given elects two leaders in one term', () => {
    const { violation } = explore({ ...elections, step: vain });
    expect(violation?.message).toMatch(/Election Safety: one leader in term 2/);
    // Two timeouts, two writes, two requests and two answers: it takes no less.
    expect(violation?.path).toHaveLength(8);
    expect(violation?.path[0]).toBe('a times out');
    expect(violation?.path[7]).toBe('a receives vote-reply b→a (term 2, granted false)');
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
