// What went wrong, or could, when the members of a cluster change: one test for each planted bug
// that no search finds, and for each bug that a search has found.
import { describe, expect, it } from 'vitest';
import type { MembersChange } from '../../../src/raft/index.ts';
import { planChange } from '../../../src/raft/index.ts';
import { ack, progress, settledLeader, type TestMember } from './member.ts';

function change(member: TestMember, what: MembersChange): void {
  member.step({ type: 'change', config: planChange(member.state, what), wallMs: 0 });
}

/** The latest change is durable here and at these others. */
function commitBy(leader: TestMember, ...others: readonly string[]): void {
  leader.writeAll();
  for (const id of others) ack(leader, id, leader.state.log.last);
}

describe('a member that is added again', () => {
  it('is taken to hold nothing, and answers to its first time do not count', () => {
    const leader = settledLeader();
    const before = { ...progress(leader, 'c') };
    expect(before.match).toBe(1);
    change(leader, { remove: ['c'] });
    commitBy(leader, 'b');
    change(leader, { add: ['c'] });
    const after = progress(leader, 'c');
    expect(after).toMatchObject({ match: 0, mode: 'probe' });
    expect(after.stream).toBeGreaterThan(before.stream);
    const { term } = leader.state;
    leader.receive('c', { type: 'append-ack', term, stream: before.stream, match: 1 });
    expect(progress(leader, 'c').match).toBe(0);
  });
});

describe('a leader that removes itself', () => {
  it('commits that, and steps down in the same step', () => {
    const leader = settledLeader();
    change(leader, { remove: ['a'] });
    leader.writeAll();
    const { last } = leader.state.log;
    ack(leader, 'b', last);
    expect(leader.state.role).toBe('leader');
    ack(leader, 'c', last);
    expect(leader.state).toMatchObject({ role: 'follower', commit: last });
    expect(leader.only('timeout-now').to).toBe('b');
  });
});
