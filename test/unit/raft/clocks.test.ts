// What members make of wall clocks that are wrong (RA25): who may lead, and who must stop.
import { describe, expect, it } from 'vitest';
import { TestMember } from './member.ts';

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
