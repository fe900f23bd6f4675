import { expect, test } from 'vitest';
import { appendOf, TestMember } from './member.ts';

test('campaign() does not depose a live leader with one lost follower', () => {
  const member = new TestMember({ terms: [1], term: 1 });
  const [append] = appendOf({ term: 1, prev: [1, 1] });
  member.receive('b', append);
  member.pass(5);
  member.step({ type: 'campaign' });
  // c lost the leader and would grant; ours is the second pre-vote of three: b was heard 5 ms ago.
  member.receive('c', { type: 'pre-vote-reply', term: 1, campaign: 2, granted: true });
  expect(member.state.term).toBe(1);
});

test('campaign() within the silence after a restart does not count our own pre-vote', () => {
  const member = new TestMember({ terms: [1], term: 1, restarted: true });
  member.pass(5);
  member.step({ type: 'campaign' });
  member.receive('c', { type: 'pre-vote-reply', term: 1, campaign: 2, granted: true });
  expect(member.state.term).toBe(1);
});
