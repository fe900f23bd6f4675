// What members make of wall clocks that are wrong (RA25): who may lead, and who must stop.
import { describe, expect, it } from 'vitest';
import { isFresh } from '../../../src/raft/index.ts';
import { appendOf, TestMember } from './member.ts';

const DAY_MS = 86_400_000;
const WALL_MS = Date.UTC(2026, 0, 1);

/** It has asked for votes, its own is durable, and one more elects it. */
function candidate(): TestMember {
  const member = new TestMember({ voters: ['a', 'b', 'c'] });
  member.step({ type: 'clocks', wallMs: WALL_MS });
  member.step({ type: 'campaign' });
  const { term } = member.state;
  const campaign = term + 1;
  member.receive('b', { type: 'pre-vote-reply', term, campaign, granted: true });
  return member;
}

describe('a candidate whose wall clock is set', () => {
  it('wrong by days while it waits for votes does not win by those it gets (K1)', () => {
    const member = candidate();
    expect(member.state.role).toBe('candidate');
    member.step({ type: 'clocks', wallMs: WALL_MS + DAY_MS });
    const { term } = member.state;
    member.receive('b', { type: 'vote-reply', term, granted: true });
    member.receive('c', { type: 'vote-reply', term, granted: true });
    expect(member.state.role).toBe('follower');
  });

  it('by a little goes on', () => {
    const member = candidate();
    member.step({ type: 'clocks', wallMs: WALL_MS + 1000 });
    expect(member.state.role).toBe('candidate');
  });
});

describe('what a member knows of commits', () => {
  /** A follower that is suspended for a day, or not at all, between a question and its answer. */
  function answered(suspendedMs: number): TestMember {
    const member = new TestMember({
      voters: ['a', 'b', 'c'],
      terms: [1],
      term: 1,
      applied: 1,
      commit: 1,
    });
    const [append] = appendOf({ term: 1, prev: [1, 1] });
    member.receive('b', append);
    member.step({ type: 'clocks', wallMs: WALL_MS });
    member.step({ type: 'read', upTo: 1 });
    const { atMs, boot, upTo } = member.sent('read-request')[0]?.message ?? {
      atMs: 0,
      boot: 0,
      upTo: 0,
    };
    member.step({ type: 'clocks', wallMs: WALL_MS + suspendedMs });
    const { incarnation } = member.state;
    member.receive('b', { type: 'read-reply', term: 1, incarnation, boot, upTo, atMs, index: 1 });
    return member;
  }

  it('is as fresh as the question was', () => {
    const member = answered(0);
    expect(isFresh(member.state, 10, member.now)).toBe(true);
  });

  it('is not fresh if it was suspended since it asked (K3)', () => {
    const member = answered(DAY_MS);
    expect(member.state.reading.granted).toBe(1);
    expect(isFresh(member.state, 10, member.now)).toBe(false);
  });
});
