// What a voter promises whoever leads it: for an election timeout it helps nobody else to lead. A
// lease is that long, so nothing but the leader's own word takes the promise back (RA2, RA12).
import { describe, expect, it } from 'vitest';
import { makeLeader, TestMember, testOptions } from './member.ts';

const { electionMinMs } = testOptions;

/** A follower of five that has heard its leader, a, just now. */
function following(): TestMember {
  const member = new TestMember({
    id: 'b',
    voters: ['a', 'b', 'c', 'd', 'e'],
    terms: [1],
    term: 2,
  });
  member.pass(1000);
  hear(member);
  return member;
}

function hear(member: TestMember, term = 2): void {
  const parts = { term, stream: 1, round: 1, commit: 0, sent: 0 };
  member.receive('a', { type: 'heartbeat', ...parts });
}

/** Does it grant a pre-vote, and then a vote, to c? */
function grants(member: TestMember): readonly [boolean, boolean] {
  const { term } = member.state;
  const log = { lastIndex: 9, lastTerm: 9, wallMs: 0 };
  const campaign = term + 1;
  member.receive('c', { type: 'pre-vote-request', term, campaign, ...log });
  const preVote = member.only('pre-vote-reply').message.granted;
  member.receive('c', { type: 'vote-request', term: campaign, forced: false, ...log });
  return [preVote, member.sent('vote-reply').some(({ message }) => message.granted)];
}

describe('a voter that has heard a leader', () => {
  it('grants nobody else anything for the shortest election timeout', () => {
    const member = following();
    member.pass(electionMinMs - 1);
    expect(grants(member)).toEqual([false, false]);
    member.pass(1);
    expect(grants(member)).toEqual([true, true]);
  });

  it('keeps that though it was asked to campaign itself', () => {
    const member = following();
    member.step({ type: 'campaign' });
    expect(member.state.role).toBe('pre-candidate');
    expect(grants(member)).toEqual([false, false]);
  });

  it('keeps that when it is asked to campaign again and again: its own vote, too', () => {
    const member = following();
    for (let at = 0; at < 3; at++) member.step({ type: 'campaign' });
    expect(member.state.candidacy?.votes.size).toBe(0);
    for (const from of ['c', 'd', 'e']) {
      member.receive(from, { type: 'pre-vote-reply', term: 2, campaign: 3, granted: true });
    }
    expect(member.state).toMatchObject({ role: 'pre-candidate', term: 2 });
    member.pass(electionMinMs);
    member.step({ type: 'campaign' });
    for (const from of ['c', 'd', 'e']) {
      if (member.state.role !== 'pre-candidate') break;
      member.receive(from, { type: 'pre-vote-reply', term: 2, campaign: 3, granted: true });
    }
    expect(member.state).toMatchObject({ role: 'candidate', term: 3 });
  });

  it('keeps that when a late answer teaches it a newer term', () => {
    const member = following();
    member.receive('c', { type: 'stale-term', term: 7 });
    expect(member.state).toMatchObject({ term: 7, leader: undefined });
    expect(grants(member)).toEqual([false, false]);
    member.pass(electionMinMs);
    expect(grants(member)).toEqual([true, true]);
  });

  it('does what the leader itself asks for: a forced vote', () => {
    const member = following();
    const log = { lastIndex: 9, lastTerm: 9, wallMs: 0 };
    member.receive('c', { type: 'vote-request', term: 3, forced: true, ...log });
    expect(member.only('vote-reply').message.granted).toBe(true);
  });
});

describe('a member that has promised nobody anything', () => {
  it('votes at once: on a store made just now', () => {
    const member = new TestMember({ id: 'b', voters: ['a', 'b', 'c'], terms: [1] });
    expect(grants(member)).toEqual([true, true]);
  });

  it('votes at once: a leader that was deposed', () => {
    const member = new TestMember({ id: 'b', voters: ['a', 'b', 'c'], terms: [1] });
    makeLeader(member);
    member.writeAll();
    member.receive('c', { type: 'stale-term', term: 7 });
    expect(grants(member)).toEqual([true, true]);
  });
});
