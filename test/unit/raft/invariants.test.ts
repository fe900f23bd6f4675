import { describe, expect, it } from 'vitest';
import {
  checkState,
  checkStep,
  type Effect,
  type RaftState,
  type Summary,
  summarize,
} from '../../../src/raft/index.ts';
import { appendOf, progress, settledLeader, TestMember } from './member.ts';

/** A follower of 'b' with six entries, of which four are committed and applied. */
function follower(): TestMember {
  const member = new TestMember({ terms: [1, 1, 2], term: 3, commit: 1 });
  member.receive('b', ...appendOf({ term: 3, prev: [3, 2], commit: 4 }, [3, 3, 3]));
  member.writeAll();
  member.step({ type: 'applied', index: 4 });
  return member;
}

function writable<T extends object>(value: T): { -readonly [K in keyof T]: T[K] } {
  return value;
}

type Breakage = readonly [message: RegExp, break_: (state: RaftState) => void];

const ofFollower: readonly Breakage[] = [
  [/base ≤ durable/, ({ log }) => void (log.durable = -1)],
  [/durable ≤ last/, ({ log }) => void (log.durable = log.last + 1)],
  [/applied ≤ applying/, (state) => void (state.applied = state.applying + 1)],
  [/applying ≤ commit/, (state) => void (state.applying = state.commit + 1)],
  [/commit ≤ last/, (state) => void (state.commit = state.log.last + 1)],
  [/verified ≤ last/, ({ following, log }) => void (following.verified = log.last + 1)],
  [/writes are numbered/, ({ writes }) => void (writes.hard = writes.issued + 1)],
  [/writes are numbered/, ({ writes }) => void (writes.completed = writes.issued + 1)],
  [/newer than the current term/, (state) => void (state.term = 2)],
  [/runs follow each other/, ({ log }) => void log.runs.push({ from: log.last + 1, term: 3 })],
  [/runs follow each other/, ({ log }) => void log.runs.splice(1, 0, { from: 1, term: 1 })],
  [/terms never go back/, ({ log }) => void log.runs.splice(1, 1, { from: 2, term: 0 })],
  [/a leader keeps progress/, (state) => void (state.role = 'leader')],
];

const ofLeader: readonly Breakage[] = [
  [/a leader keeps progress/, (state) => void (state.leading = undefined)],
  [/a leader keeps progress/, (state) => void (state.role = 'follower')],
  [/a leader knows itself/, (state) => void (state.leader = 'b')],
  [/match < next/, ({ leading }) => setProgress(leading, (p) => void (p.match = p.next))],
  [/next ≤ last/, ({ leading, log }) => setProgress(leading, (p) => void (p.next = log.last + 2))],
  [/inflight/, ({ leading }) => setProgress(leading, (p) => void p.inflight.push(2, 3, 4, 5, 6))],
];

type Leading = RaftState['leading'];
type AnyProgress = NonNullable<Leading> extends { progress: Map<string, infer P> } ? P : never;

function setProgress(leading: Leading, change: (progress: AnyProgress) => void): void {
  const found = leading?.progress.get('b');
  if (found === undefined) throw new Error('no progress of b');
  change(found);
}

describe('a state that contradicts itself is found', () => {
  it.each(ofFollower)('in a follower: %s', (message, break_) => {
    const { state } = follower();
    expect(() => checkState(state)).not.toThrow();
    break_(state);
    expect(() => checkState(state)).toThrow(message);
  });

  it.each(ofLeader)('in a leader: %s', (message, break_) => {
    const { state } = settledLeader();
    expect(() => checkState(state)).not.toThrow();
    break_(state);
    expect(() => checkState(state)).toThrow(message);
  });

  it('with the code of a broken invariant', () => {
    const { state } = follower();
    state.commit = 99;
    expect(() => checkState(state)).toThrow(expect.objectContaining({ code: 'ERR_INVARIANT' }));
  });
});

describe('a step that breaks a rule is found', () => {
  const table: readonly (readonly [RegExp, (before: Summary, state: RaftState) => void])[] = [
    [/the term never goes back/, (before) => void (writable(before).term = 4)],
    [/one vote a term/, (before) => void (writable(before).votedFor = 'c')],
    [/commit index never goes back/, (_, state) => void state.commit--],
    [/a committed entry never changes/, (before) => void (writable(before).commitTerm = 2)],
    [/nothing is applied twice/, (_, state) => void state.applying--],
  ];

  it.each(table)('in a follower: %s', (message, break_) => {
    const { state } = follower();
    const before = summarize(state);
    expect(() => checkStep(before, state, [])).not.toThrow();
    break_(before, state);
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

  it('when a leader commits an entry of an earlier term', () => {
    const member = settledLeader({ terms: [1, 1, 1] });
    member.state.commit = 1;
    const before = summarize(member.state);
    expect(before.role).toBe('leader');
    member.state.commit = 2;
    expect(() => checkStep(before, member.state, [])).toThrow(/of its own term only/);
  });

  it('when a message shows a term that is not durable yet', () => {
    const member = new TestMember({ terms: [1] });
    member.receive('b', { type: 'vote-request', term: 2, lastIndex: 1, lastTerm: 1 });
    const before = summarize(member.state);
    const message = { type: 'vote-reply', term: 2, granted: true } as const;
    const sent = (after: number): Effect[] => [{ type: 'send', to: 'b', message, after }];
    expect(() => checkStep(before, member.state, sent(1))).not.toThrow();
    expect(() => checkStep(before, member.state, sent(0))).toThrow(/wait for term and vote/);
    member.writeAll();
    expect(() => checkStep(summarize(member.state), member.state, sent(0))).not.toThrow();
  });
});
