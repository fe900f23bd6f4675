import { describe, expect, it } from 'vitest';
import { nextDeadline } from '../../../src/raft/index.ts';
import { appendOf, makeLeader, TestMember } from './member.ts';

/** A candidate of term `term` whose own vote is not durable yet. */
function candidate(init: ConstructorParameters<typeof TestMember>[0] = {}): TestMember {
  const member = new TestMember(init);
  member.pass(member.state.options.electionMaxMs);
  member.timeout();
  const { term, config, id } = member.state;
  for (const from of [...config.voters, ...config.outgoing].filter((each) => each !== id)) {
    if (member.state.role !== 'pre-candidate') break;
    member.receive(from, { type: 'pre-vote-reply', term, campaign: term + 1, granted: true });
  }
  expect(member.state.role).toBe('candidate');
  return member;
}

function vote(member: TestMember, from: string, granted: boolean, term = member.state.term): void {
  member.receive(from, { type: 'vote-reply', term, granted });
}

describe('an election', () => {
  it('starts when a follower has heard nobody for its whole timeout', () => {
    const member = new TestMember({ terms: [1] });
    const due = nextDeadline(member.state);
    member.now = due - 1;
    member.step({ type: 'timeout' });
    expect(member.state.role).toBe('follower');
    member.timeout();
    expect(member.now).toBe(due);
    expect(member.state.role).toBe('pre-candidate');
  });

  it('does not start later because a clock went back', () => {
    const member = new TestMember({ terms: [1] });
    const due = nextDeadline(member.state);
    member.now = due;
    member.step({ type: 'applied', index: 0 });
    member.now = due - 90;
    member.receive('b', { type: 'stale-term', term: 1 });
    expect(member.state.now).toBe(due);
    member.step({ type: 'timeout' });
    expect(member.state.role).toBe('pre-candidate');
    expect(nextDeadline(member.state)).toBeGreaterThanOrEqual(due + 100);
  });

  it('raises the term by one and asks every other voter for its vote', () => {
    const member = candidate({ terms: [1, 2], learners: ['l'], outgoing: ['c', 'd'] });
    expect(member.state).toMatchObject({ term: 3, votedFor: 'a' });
    const requests = member.sent('vote-request');
    expect(requests.map(({ to }) => to)).toEqual(['b', 'c', 'd']);
    for (const { message } of requests) {
      expect(message).toEqual({
        type: 'vote-request',
        wallMs: 0,
        forced: false,
        term: 3,
        lastIndex: 2,
        lastTerm: 2,
      });
    }
  });

  it('is won with a majority, and the winner appends an empty entry of its term', () => {
    const member = candidate({ terms: [1] });
    member.writeOne();
    vote(member, 'b', true);
    expect(member.state).toMatchObject({ role: 'leader', leader: 'a', term: 2 });
    expect(member.effects[0]).toMatchObject({ type: 'append', kind: 'noop', from: 2, until: 3 });
    expect(member.effects.at(-1)).toEqual({ type: 'role', role: 'leader', term: 2, leader: 'a' });
  });

  it('is lost with refusals of a majority', () => {
    const member = candidate({ terms: [1] });
    member.writeOne();
    vote(member, 'b', false);
    expect(member.state.role).toBe('candidate');
    vote(member, 'c', false);
    expect(member.state).toMatchObject({ role: 'follower', term: 2, votedFor: 'a' });
  });

  it('in a joint configuration needs both halves', () => {
    const member = candidate({ terms: [1], voters: ['a', 'b'], outgoing: ['c', 'd', 'e'] });
    member.writeOne();
    vote(member, 'b', true);
    vote(member, 'c', true);
    expect(member.state.role).toBe('candidate');
    vote(member, 'e', true);
    expect(member.state.role).toBe('leader');
  });

  it('is never started by a learner or a stranger', () => {
    for (const id of ['l', 'x']) {
      const member = new TestMember({ id, learners: ['l'], terms: [1] });
      expect(nextDeadline(member.state)).toBe(Number.POSITIVE_INFINITY);
      member.pass(10_000);
      member.step({ type: 'timeout' });
      member.step({ type: 'campaign' });
      expect(member.state.role).toBe('follower');
      expect(member.effects).toEqual([]);
    }
  });

  it('times out into another one, which begins with a pre-vote again', () => {
    const member = candidate({ terms: [1] });
    member.timeout();
    expect(member.state).toMatchObject({ role: 'pre-candidate', term: 2, votedFor: 'a' });
  });

  it('ends for a candidate as soon as the leader of its term speaks', () => {
    const member = candidate({ terms: [1] });
    const sent = { type: 'heartbeat', term: 2, stream: 1, round: 1, commit: 0, sent: 0 } as const;
    member.receive('c', sent);
    expect(member.state).toMatchObject({ role: 'follower', leader: 'c', term: 2, votedFor: 'a' });
    vote(member, 'b', true);
    vote(member, 'c', true);
    expect(member.state.role).toBe('follower');
  });
});

describe('a vote', () => {
  it('of an older term, which comes late, is not counted (E1)', () => {
    const member = candidate({ terms: [1] });
    member.writeOne();
    member.timeout();
    member.receive('b', { type: 'pre-vote-reply', term: 2, campaign: 3, granted: true });
    member.writeOne();
    expect(member.state).toMatchObject({ role: 'candidate', term: 3 });
    vote(member, 'b', true, 2);
    vote(member, 'c', true, 2);
    expect(member.state.role).toBe('candidate');
    vote(member, 'c', true, 3);
    expect(member.state.role).toBe('leader');
  });

  it('that arrives twice counts once (E2)', () => {
    const voters = ['a', 'b', 'c', 'd', 'e'];
    const member = candidate({ terms: [1], voters });
    member.writeOne();
    for (let times = 0; times < 5; times++) vote(member, 'b', true);
    expect(member.state.role).toBe('candidate');
    vote(member, 'c', true);
    expect(member.state.role).toBe('leader');
  });

  it('stands as it was given first (E2)', () => {
    const member = candidate({ terms: [1] });
    member.writeOne();
    vote(member, 'b', false);
    vote(member, 'b', true);
    expect(member.state.role).toBe('candidate');
  });

  it('from a learner or a stranger is ignored (E2)', () => {
    const member = candidate({ terms: [1], learners: ['l'] });
    member.writeOne();
    for (const from of ['l', 'x', 'y']) vote(member, from, true);
    expect(member.state.role).toBe('candidate');
    for (const from of ['l', 'x', 'y']) vote(member, from, false);
    expect(member.state.role).toBe('candidate');
  });

  it('was given to nobody in a term that a reply has taught (E4)', () => {
    const member = candidate({ terms: [1] });
    member.writeAll();
    vote(member, 'b', false, 7);
    expect(member.state).toMatchObject({ role: 'follower', term: 7, votedFor: undefined });
    member.receive('c', {
      type: 'vote-request',
      wallMs: 0,
      forced: false,
      term: 7,
      lastIndex: 1,
      lastTerm: 1,
    });
    expect(member.only('vote-reply').message).toMatchObject({ term: 7, granted: true });
    expect(member.state.votedFor).toBe('c');
  });

  it('was given to nobody in a term that an answer to a leader has taught (E4)', () => {
    const member = new TestMember({ terms: [1] });
    makeLeader(member);
    member.receive('b', { type: 'append-ack', term: 9, stream: 1, match: 2 });
    expect(member.state).toMatchObject({ role: 'follower', term: 9, votedFor: undefined });
    expect(member.state.leading).toBeUndefined();
  });

  it('of its own is not counted by a candidate before it is durable', () => {
    const member = candidate({ terms: [1] });
    vote(member, 'b', true);
    expect(member.state.role).toBe('candidate');
    member.writeOne();
    expect(member.state.role).toBe('leader');
  });

  it('of its own is not made durable by a write that was asked for before it', () => {
    const member = new TestMember({ terms: [1], term: 2 });
    member.receive('b', ...appendOf({ term: 2, prev: [1, 1] }, [2]));
    member.pass(500);
    member.timeout();
    member.receive('b', { type: 'pre-vote-reply', term: 2, campaign: 3, granted: true });
    vote(member, 'b', true);
    member.writeOne();
    expect(member.state.role).toBe('candidate');
    member.writeOne();
    expect(member.state.role).toBe('leader');
  });

  it('of its own is not needed when a majority of the others grants theirs', () => {
    const member = candidate({ terms: [1] });
    vote(member, 'b', true);
    vote(member, 'c', true);
    expect(member.state.role).toBe('leader');
    for (const { after } of member.sent('append')) expect(after).toBe(1);
  });
});

describe('a voter', () => {
  const request = {
    type: 'vote-request',
    wallMs: 0,
    forced: false,
    term: 5,
    lastIndex: 3,
    lastTerm: 2,
  } as const;

  it('gives one vote a term, to the first who asks, and again to that one', () => {
    const member = new TestMember({ terms: [1, 2, 2] });
    const answers = ['b', 'c', 'b'].map((from) => {
      member.receive(from, request);
      return member.only('vote-reply').message.granted;
    });
    expect(answers).toEqual([true, false, true]);
    expect(member.state).toMatchObject({ term: 5, votedFor: 'b' });
  });

  it('remembers the vote of its term over a restart', () => {
    const member = new TestMember({ terms: [1, 2, 2], term: 5, votedFor: 'c' });
    member.receive('b', request);
    expect(member.only('vote-reply').message.granted).toBe(false);
    member.receive('c', request);
    expect(member.only('vote-reply').message.granted).toBe(true);
  });

  it.each([
    [{ lastIndex: 2, lastTerm: 2 }, false],
    [{ lastIndex: 9, lastTerm: 1 }, false],
    [{ lastIndex: 3, lastTerm: 2 }, true],
    [{ lastIndex: 1, lastTerm: 3 }, true],
  ])('with a log of 3 in term 2 answers %j with %s', (position, granted) => {
    const member = new TestMember({ terms: [1, 2, 2] });
    member.receive('b', { ...request, ...position });
    expect(member.only('vote-reply').message.granted).toBe(granted);
    // It learns the term, and keeps its vote for a better one.
    expect(member.state.term).toBe(5);
    expect(member.state.votedFor).toBe(granted ? 'b' : undefined);
  });

  it('refuses a candidate of an older term and tells it the term', () => {
    const member = new TestMember({ terms: [1, 2, 2], term: 6 });
    member.receive('b', request);
    expect(member.only('vote-reply').message).toEqual({
      type: 'vote-reply',
      term: 6,
      granted: false,
    });
    expect(member.waiting).toEqual([]);
  });

  it('waits a whole new timeout after it granted a vote, and not after it refused one', () => {
    const member = new TestMember({ terms: [1, 2, 2] });
    const due = member.state.electionDueMs;
    member.pass(50);
    member.receive('b', { ...request, lastTerm: 1 });
    expect(member.state.electionDueMs).toBe(due);
    member.receive('c', request);
    expect(member.state.electionDueMs).toBeGreaterThanOrEqual(member.now + 100);
  });
});

describe('a single voter', () => {
  it('elects itself after a restart and applies what was committed before (E9)', () => {
    const member = new TestMember({ voters: ['a'], terms: [1, 1, 1], restarted: true });
    member.timeout();
    expect(member.state).toMatchObject({ role: 'candidate', term: 2 });
    member.writeOne();
    expect(member.state.role).toBe('leader');
    expect(member.state.commit).toBe(0);
    member.writeOne();
    expect(member.state.commit).toBe(4);
    expect(member.applying).toBe(4);
  });

  it('applies what it knows to be committed before it leads again (E9)', () => {
    const member = new TestMember({ voters: ['a'], terms: [1, 1, 1], commit: 2, restarted: true });
    expect(member.applying).toBe(2);
  });
});
