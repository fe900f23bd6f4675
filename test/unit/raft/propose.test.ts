import { describe, expect, it } from 'vitest';
import { entryBytes } from '../../../src/raft/log.ts';
import { ack, settledLeader, TestMember } from './member.ts';

const BODY = 20;
const ENTRY = entryBytes(BODY);

function bodies(...sizes: number[]): { length: number }[] {
  return sizes.map((length) => ({ length }));
}

describe('proposals', () => {
  it('become entries of the term, in their order, behind the log', () => {
    const member = settledLeader();
    member.step({ type: 'propose', bodies: bodies(1, 2, 3), wallMs: 77 });
    expect(member.effects[0]).toEqual({
      ...{ type: 'append', kind: 'proposed', from: 2, until: 5 },
      ...{ term: 1, timeMs: 77 },
    });
    expect(member.state.log.last).toBe(4);
  });

  it('are taken by nobody but a leader', () => {
    const follower = new TestMember();
    follower.propose(1, 2);
    expect(follower.effects).toEqual([]);
    follower.step({ type: 'campaign' });
    follower.propose(1, 2);
    expect(follower.effects).toEqual([]);
    expect(follower.state.log.last).toBe(0);
  });

  it('are not needed: an empty event changes nothing', () => {
    const member = settledLeader();
    member.propose();
    expect(member.effects).toEqual([]);
  });

  it('are taken as far as maxUncommittedBytes has room for a prefix', () => {
    const member = settledLeader({ options: { maxUncommittedBytes: 3 * ENTRY } });
    member.propose(BODY, BODY, 2 * BODY, 0);
    // The small one behind the one that does not fit stays behind it.
    expect(member.effects[0]).toMatchObject({ from: 2, until: 4 });
    member.propose(2 * BODY, 0);
    expect(member.effects).toEqual([]);
    member.propose(BODY);
    expect(member.effects[0]).toMatchObject({ from: 4, until: 5 });
    member.propose(0);
    expect(member.effects).toEqual([]);
  });

  it('find room again when entries are committed', () => {
    const member = settledLeader({ options: { maxUncommittedBytes: 2 * ENTRY } });
    member.propose(BODY, BODY, BODY);
    expect(member.state.log.last).toBe(3);
    member.writeAll();
    ack(member, 'b', 2);
    member.propose(BODY, BODY);
    expect(member.state.log.last).toBe(4);
  });

  it('that are larger than the bound are taken alone, when nothing else is uncommitted', () => {
    const member = settledLeader({ options: { maxUncommittedBytes: ENTRY } });
    member.propose(500, 0);
    expect(member.effects[0]).toMatchObject({ from: 2, until: 3 });
    member.propose(500);
    expect(member.effects).toEqual([]);
    member.writeAll();
    ack(member, 'b', 2);
    member.propose(500);
    expect(member.effects[0]).toMatchObject({ from: 3, until: 4 });
  });

  it('are taken as far as maxApplyLagBytes has room behind the machine', () => {
    const member = settledLeader({ options: { maxApplyLagBytes: 2 * ENTRY } });
    member.step({ type: 'applied', index: 1 });
    member.propose(BODY, BODY, BODY);
    expect(member.state.log.last).toBe(3);
    member.writeAll();
    ack(member, 'b', 3);
    // Committed, but the machine has not come so far.
    member.propose(BODY);
    expect(member.state).toMatchObject({ commit: 3, log: { last: 3 } });
    member.step({ type: 'applied', index: 2 });
    member.propose(BODY, BODY);
    expect(member.state.log.last).toBe(4);
  });

  it('that are larger than maxApplyLagBytes are taken alone, when all else is applied', () => {
    const member = settledLeader({ options: { maxApplyLagBytes: ENTRY } });
    member.propose(500);
    expect(member.state.log.last).toBe(1);
    member.step({ type: 'applied', index: 1 });
    member.propose(500, 0);
    expect(member.state.log.last).toBe(2);
  });

  it('are stamped with the wall clock, which never goes back along the log', () => {
    const member = settledLeader();
    const stamps = [50, 40, 60].map((wallMs) => {
      member.step({ type: 'propose', bodies: bodies(1), wallMs });
      const [first] = member.effects;
      return first?.type === 'append' ? first.timeMs : undefined;
    });
    expect(stamps).toEqual([50, 50, 60]);
  });
});
