import { describe, expect, it } from 'vitest';
import {
  checkState,
  checkStep,
  type Effect,
  type Progress,
  type RaftState,
  type Summary,
  summarize,
} from '../../../src/raft/index.ts';
import { appendOf, configOf, progress, settledLeader, TestMember } from './member.ts';

/** A follower of 'b' with six entries, of which four are committed and applied. */
function follower(): TestMember {
  const member = new TestMember({ terms: [1, 1, 2], term: 3, commit: 1 });
  member.receive('b', ...appendOf({ term: 3, prev: [3, 2], commit: 4 }, [3, 3, 3]));
  member.writeAll();
  member.step({ type: 'applied', index: 4 });
  return member;
}

type Breakage = readonly [message: RegExp, damage: (state: RaftState) => unknown];

const ofFollower: readonly Breakage[] = [
  [/base ≤ durable/, ({ log }) => Object.assign(log, { durable: -1 })],
  [/durable ≤ last/, ({ log }) => Object.assign(log, { durable: log.last + 1 })],
  [/applied ≤ applying/, (state) => Object.assign(state, { applied: state.applying + 1 })],
  [/applying ≤ commit/, (state) => Object.assign(state, { applying: state.commit + 1 })],
  [/commit ≤ last/, (state) => Object.assign(state, { commit: state.log.last + 1 })],
  [/verified ≤ last/, (state) => Object.assign(state.following, { verified: state.log.last + 1 })],
  [/writes are numbered/, ({ writes }) => Object.assign(writes, { hard: writes.issued + 1 })],
  [/writes are numbered/, ({ writes }) => Object.assign(writes, { completed: writes.issued + 1 })],
  [/newer than the current term/, (state) => Object.assign(state, { term: 2 })],
  [/runs follow each other/, ({ log }) => log.runs.push({ from: log.last + 1, term: 3 })],
  [/runs follow each other/, ({ log }) => log.runs.splice(1, 0, { from: 1, term: 1 })],
  [/terms never go back/, ({ log }) => log.runs.splice(1, 1, { from: 2, term: 0 })],
  [/a leader keeps progress/, (state) => Object.assign(state, { role: 'leader' })],
];

const ofLeader: readonly Breakage[] = [
  [/a leader keeps progress/, (state) => Object.assign(state, { leading: undefined })],
  [/a leader keeps progress/, (state) => Object.assign(state, { role: 'follower' })],
  [/a leader knows itself/, (state) => Object.assign(state, { leader: 'b' })],
  [/match < next/, (state) => Object.assign(progressOfB(state), { match: 2, next: 2 })],
  [/next ≤ last/, (state) => Object.assign(progressOfB(state), { next: state.log.last + 2 })],
  [/inflight/, (state) => progressOfB(state).inflight.push(2, 3, 4, 5, 6)],
];

function progressOfB({ leading }: RaftState): Progress {
  const found = leading?.progress.get('b');
  if (found === undefined) throw new Error('no progress of b');
  return found;
}

describe('a state that contradicts itself is found', () => {
  it.each(ofFollower)('in a follower: %s', (message, damage) => {
    const { state } = follower();
    expect(() => checkState(state)).not.toThrow();
    damage(state);
    expect(() => checkState(state)).toThrow(message);
  });

  it.each(ofLeader)('in a leader: %s', (message, damage) => {
    const { state } = settledLeader();
    expect(() => checkState(state)).not.toThrow();
    damage(state);
    expect(() => checkState(state)).toThrow(message);
  });

  it('with the code of a broken invariant', () => {
    const { state } = follower();
    state.commit = 99;
    expect(() => checkState(state)).toThrow(expect.objectContaining({ code: 'ERR_INVARIANT' }));
  });
});

describe('configurations that contradict each other are found', () => {
  const ofMembers: readonly Breakage[] = [
    [/the latest configuration is in force/, (state) => (state.config = configOf({}))],
    [/the latest configuration is in force/, (state) => (state.configs = [])],
    [
      /a configuration in force is in the log/,
      (state) => {
        state.log.last = state.commit = 2;
        state.log.durable = 2;
      },
    ],
    [/only one configuration is committed/, (state) => (state.commit = 3)],
    [
      /configurations follow each other/,
      ({ configs }) => configs.splice(0, 1, ...configs.slice(1)),
    ],
    [
      /only a member that is recognised stands/,
      ({ recognition }) => (recognition.admitted = false),
    ],
  ];

  it.each(ofMembers)('%s', (message, damage) => {
    const member = settledLeader({ terms: [1] });
    member.change(configOf({ learners: ['d'] }));
    expect(() => checkState(member.state)).not.toThrow();
    damage(member.state);
    expect(() => checkState(member.state)).toThrow(message);
  });
});

describe('a step that breaks a rule is found', () => {
  const table: readonly (readonly [RegExp, (before: Summary, state: RaftState) => unknown])[] = [
    [/the term never goes back/, (before) => Object.assign(before, { term: 4 })],
    [/one vote a term/, (before) => Object.assign(before, { votedFor: 'c' })],
    [/commit index never goes back/, (_, state) => Object.assign(state, { commit: 3 })],
    [/a committed entry never changes/, (before) => Object.assign(before, { commitTerm: 2 })],
    [/nothing is applied twice/, (_, state) => Object.assign(state, { applying: 3 })],
  ];

  it.each(table)('in a follower: %s', (message, damage) => {
    const { state } = follower();
    const before = summarize(state);
    expect(() => checkStep(before, state, [])).not.toThrow();
    damage(before, state);
    expect(() => checkStep(before, state, [])).toThrow(message);
  });

  it('when a leader removes entries', () => {
    const member = settledLeader();
    member.propose(1);
    const before = summarize(member.state);
    member.state.log.last--;
    expect(() => checkStep(before, member.state, [])).toThrow(/a leader only appends/);
  });

  it('when what a follower holds becomes less', () => {
    const member = settledLeader();
    const before = summarize(member.state);
    progress(member, 'c').match = 0;
    expect(() => checkStep(before, member.state, [])).toThrow(/match never goes back/);
  });

  it('but not when a removed member comes back, or a leader resigns as it commits', () => {
    const member = settledLeader();
    const { state } = member;
    const before = summarize(state);
    state.leading?.progress.set('c', { ...progress(member, 'c'), match: 0 });
    expect(() => checkStep(before, state, [])).not.toThrow();
    const earlier = { ...before, commit: 0, commitTerm: 0 };
    Object.assign(state, { role: 'follower', leading: undefined });
    expect(() => checkStep({ ...earlier, matches: new Map() }, state, [])).not.toThrow();
  });

  it('when a leader commits an entry of an earlier term', () => {
    const member = settledLeader({ terms: [1, 1, 1] });
    member.state.commit = 1;
    const before = summarize(member.state);
    expect(before.role).toBe('leader');
    member.state.commit = 2;
    expect(() => checkStep(before, member.state, [])).toThrow(/of its own term only/);
  });

  it('when a leader commits an entry of an earlier term, and resigns in that step', () => {
    const member = settledLeader({ terms: [1, 1, 1] });
    member.state.commit = 1;
    const before = summarize(member.state);
    Object.assign(member.state, { commit: 2, role: 'follower', leading: undefined });
    expect(() => checkStep(before, member.state, [])).toThrow(/of its own term only/);
  });

  it('when a follower commits what its leader has not verified with it', () => {
    const { state } = follower();
    const before = summarize(state);
    state.following.verified = 4;
    state.commit = 5;
    expect(() => checkStep(before, state, [])).toThrow(/commits what is verified/);
  });

  const changes: readonly (readonly [RegExp, (before: Summary, state: RaftState) => unknown])[] = [
    [
      /erratum of 2015/,
      (...all) => all.map((each) => Object.assign(each, { commit: 1, commitTerm: 1 })),
    ],
    [/one change at a time/, (before) => Object.assign(before, { version: 99 })],
    [
      /majorities of two configurations overlap/,
      (before) => Object.assign(before, { config: configOf({ voters: ['x', 'y', 'z'] }) }),
    ],
  ];

  it.each(changes)('when a leader changes members: %s', (message, damage) => {
    const member = settledLeader({ terms: [1] });
    const before = summarize(member.state);
    const config = configOf({ learners: ['d'] });
    member.change(config);
    expect(() => checkStep(before, member.state, [])).not.toThrow();
    damage(before, member.state);
    expect(() => checkStep(before, member.state, [])).toThrow(message);
  });

  it('when a message shows a term that is not durable yet', () => {
    const member = new TestMember({ terms: [1] });
    member.receive('b', {
      type: 'vote-request',
      wallMs: 0,
      forced: false,
      term: 2,
      lastIndex: 1,
      lastTerm: 1,
    });
    const before = summarize(member.state);
    const message = { type: 'vote-reply', term: 2, granted: true } as const;
    const sent = (after: number): Effect[] => [{ type: 'send', to: 'b', message, after }];
    expect(() => checkStep(before, member.state, sent(1))).not.toThrow();
    expect(() => checkStep(before, member.state, sent(0))).toThrow(/wait for term and vote/);
    member.writeAll();
    expect(() => checkStep(summarize(member.state), member.state, sent(0))).not.toThrow();
  });
});
