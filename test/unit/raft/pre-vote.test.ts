import { describe, expect, it } from 'vitest';
import { appendOf, makeLeader, settledLeader, TestMember } from './member.ts';

const request = {
  type: 'pre-vote-request',
  wallMs: 0,
  term: 1,
  campaign: 2,
  lastIndex: 1,
  lastTerm: 1,
} as const;

function heartbeat(member: TestMember, from: string, term: number): void {
  member.receive(from, { type: 'heartbeat', term, stream: 1, round: 1, commit: 0, sent: 0 });
}

describe('a pre-vote', () => {
  it('asks without changing anything that must be durable', () => {
    const member = new TestMember({ terms: [1], learners: ['l'] });
    member.pass(500);
    member.timeout();
    expect(member.state).toMatchObject({ role: 'pre-candidate', term: 1, votedFor: undefined });
    expect(member.waiting).toEqual([]);
    expect(member.sent('pre-vote-request')).toEqual([
      { type: 'send', to: 'b', after: 0, message: request },
      { type: 'send', to: 'c', after: 0, message: request },
    ]);
  });

  it('is granted without learning the term or giving the vote away', () => {
    const member = new TestMember({ terms: [1] });
    member.receive('b', { ...request, term: 8, campaign: 9 });
    expect(member.only('pre-vote-reply').message).toEqual({
      type: 'pre-vote-reply',
      term: 1,
      campaign: 9,
      granted: true,
    });
    expect(member.state).toMatchObject({ term: 1, votedFor: undefined });
    expect(member.waiting).toEqual([]);
  });

  it.each([
    [{ campaign: 3, term: 2 }, true],
    [{ campaign: 2, term: 1 }, false],
    [{ campaign: 3, term: 2, lastIndex: 0 }, false],
    [{ campaign: 3, term: 2, lastIndex: 9, lastTerm: 0 }, false],
    [{ campaign: 3, term: 2, lastIndex: 1, lastTerm: 2 }, true],
  ])(
    'by %j is answered with %s by a member of term 2 that ends at 1 in term 1',
    (parts, granted) => {
      const member = new TestMember({ terms: [1], term: 2 });
      member.receive('b', { ...request, ...parts });
      expect(member.only('pre-vote-reply').message.granted).toBe(granted);
    },
  );

  it('that is refused teaches the asker a higher term (no deadlock)', () => {
    const ahead = new TestMember({ id: 'b', terms: [1], term: 6 });
    ahead.receive('a', request);
    const { message } = ahead.only('pre-vote-reply');
    expect(message).toMatchObject({ term: 6, granted: false });

    const behind = new TestMember({ terms: [1] });
    behind.pass(500);
    behind.timeout();
    behind.receive('b', message);
    expect(behind.state).toMatchObject({ role: 'follower', term: 6, votedFor: undefined });
    behind.timeout();
    expect(behind.sent('pre-vote-request')[0]?.message.campaign).toBe(7);
  });

  it('for another campaign does not count', () => {
    const member = new TestMember({ terms: [1], term: 4 });
    member.pass(500);
    member.timeout();
    for (const campaign of [3, 4, 6]) {
      member.receive('b', { type: 'pre-vote-reply', term: 1, campaign, granted: true });
    }
    expect(member.state.role).toBe('pre-candidate');
    member.receive('b', { type: 'pre-vote-reply', term: 1, campaign: 5, granted: true });
    expect(member.state.role).toBe('candidate');
  });

  it('from a learner or stranger does not count', () => {
    const member = new TestMember({ terms: [1], learners: ['l'] });
    member.pass(500);
    member.timeout();
    for (const from of ['l', 'x']) {
      member.receive(from, { type: 'pre-vote-reply', term: 1, campaign: 2, granted: true });
    }
    expect(member.state).toMatchObject({ role: 'pre-candidate', term: 1 });
  });

  it('refused by a majority makes a follower again, in the same term', () => {
    const member = new TestMember({ terms: [1] });
    member.pass(500);
    member.timeout();
    for (const from of ['b', 'c']) {
      member.receive(from, { type: 'pre-vote-reply', term: 1, campaign: 2, granted: false });
    }
    expect(member.state).toMatchObject({ role: 'follower', term: 1 });
    expect(member.state.electionDueMs).toBeGreaterThan(member.now);
  });

  it('never raises the term of a member that is cut off, however long that lasts (E5)', () => {
    const member = new TestMember({ terms: [1] });
    for (let times = 0; times < 1000; times++) member.timeout();
    expect(member.state).toMatchObject({ role: 'pre-candidate', term: 1, votedFor: undefined });
    expect(member.waiting).toEqual([]);
    heartbeat(member, 'b', 1);
    expect(member.state).toMatchObject({ role: 'follower', leader: 'b', term: 1 });
  });

  it('precedes a campaign that the host asks for', () => {
    const member = new TestMember({ terms: [1] });
    member.step({ type: 'campaign' });
    expect(member.state).toMatchObject({ role: 'pre-candidate', term: 1 });
    expect(member.sent('pre-vote-request')).toHaveLength(2);
  });

  it('is not begun by a leader that the host asks to campaign', () => {
    const member = settledLeader();
    member.step({ type: 'campaign' });
    expect(member.state).toMatchObject({ role: 'leader', term: 1 });
    expect(member.effects).toEqual([]);
  });
});

describe('a follower of a live leader', () => {
  function following(): TestMember {
    const member = new TestMember({ terms: [1] });
    heartbeat(member, 'b', 1);
    return member;
  }

  it('refuses a pre-vote', () => {
    const member = following();
    member.pass(99);
    member.receive('c', request);
    expect(member.only('pre-vote-reply').message).toMatchObject({ term: 1, granted: false });
  });

  it('says nothing to a candidate and does not learn its term', () => {
    const member = following();
    member.pass(99);
    member.receive('c', {
      type: 'vote-request',
      wallMs: 0,
      forced: false,
      term: 9,
      lastIndex: 9,
      lastTerm: 8,
    });
    expect(member.effects).toEqual([]);
    expect(member.state).toMatchObject({ term: 1, leader: 'b', votedFor: undefined });
  });

  it('grants both once the leader was silent for the shortest election timeout', () => {
    const member = following();
    member.pass(100);
    member.receive('c', request);
    expect(member.only('pre-vote-reply').message.granted).toBe(true);
    member.receive('c', {
      type: 'vote-request',
      wallMs: 0,
      forced: false,
      term: 2,
      lastIndex: 1,
      lastTerm: 1,
    });
    expect(member.only('vote-reply').message).toMatchObject({ term: 2, granted: true });
  });

  it('counts every word of the leader as a sign of life', () => {
    const append = appendOf({ term: 1, prev: [1, 1] });
    const notice = { type: 'commit-notice', term: 1, commit: 0 } as const;
    for (const [message, entries] of [append, [notice, []] as const]) {
      const member = following();
      member.pass(90);
      member.receive('b', message, entries);
      member.pass(90);
      member.receive('c', request);
      expect(member.only('pre-vote-reply').message.granted).toBe(false);
    }
  });

  it('still answers a candidate of an older term with its own', () => {
    const member = new TestMember({ terms: [1], term: 4 });
    heartbeat(member, 'b', 4);
    member.receive('c', {
      type: 'vote-request',
      wallMs: 0,
      forced: false,
      term: 3,
      lastIndex: 9,
      lastTerm: 2,
    });
    expect(member.only('vote-reply').message).toMatchObject({ term: 4, granted: false });
  });
});

describe('a leader', () => {
  it('refuses pre-votes and ignores candidates', () => {
    const member = new TestMember({ terms: [1] });
    makeLeader(member);
    member.receive('c', { ...request, term: 2, campaign: 9, lastIndex: 9, lastTerm: 2 });
    expect(member.only('pre-vote-reply').message).toMatchObject({ term: 2, granted: false });
    member.receive('c', {
      type: 'vote-request',
      wallMs: 0,
      forced: false,
      term: 9,
      lastIndex: 9,
      lastTerm: 8,
    });
    expect(member.effects).toEqual([]);
    expect(member.state).toMatchObject({ role: 'leader', term: 2 });
  });
});

describe('a restarted member', () => {
  it('grants nothing for one minimum election timeout: it has forgotten its leader', () => {
    const member = new TestMember({ terms: [1], restarted: true });
    member.pass(99);
    member.receive('b', request);
    expect(member.only('pre-vote-reply').message.granted).toBe(false);
    member.receive('b', {
      type: 'vote-request',
      wallMs: 0,
      forced: false,
      term: 2,
      lastIndex: 1,
      lastTerm: 1,
    });
    expect(member.effects).toEqual([]);
    expect(member.state).toMatchObject({ term: 1, votedFor: undefined });
    member.pass(1);
    member.receive('b', request);
    expect(member.only('pre-vote-reply').message.granted).toBe(true);
    member.receive('b', {
      type: 'vote-request',
      wallMs: 0,
      forced: false,
      term: 2,
      lastIndex: 1,
      lastTerm: 1,
    });
    expect(member.only('vote-reply').message.granted).toBe(true);
  });

  it('does not wait when its store was made for this very start', () => {
    const member = new TestMember({ terms: [1], restarted: false });
    member.receive('b', request);
    expect(member.only('pre-vote-reply').message.granted).toBe(true);
  });
});
