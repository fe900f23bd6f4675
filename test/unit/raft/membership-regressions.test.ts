// What went wrong, or could, when the members of a cluster change: one test for each planted bug
// that no search finds, and for each bug that a search has found.
import { describe, expect, it } from 'vitest';
import type { MembersChange } from '../../../src/raft/index.ts';
import { planChange } from '../../../src/raft/index.ts';
import { ack, settledLeader, type TestMember } from './member.ts';

function change(member: TestMember, what: MembersChange): void {
  member.step({ type: 'change', config: planChange(member.state, what), wallMs: 0 });
}

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
