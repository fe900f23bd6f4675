// What a member makes of a snapshot and a log that it finds, after a crash at any moment.
import { describe, expect, it } from 'vitest';
import { headAt, TestMember } from './member.ts';
import { kept, ones, restored, snapshotOptions } from './snapshots.ts';

const at = (index: number, term = 1) => headAt({ index, term });

describe('a member that is started again', () => {
  it('restores its machine from the latest snapshot before it applies what follows', () => {
    const member = new TestMember({
      base: { index: 5, term: 1 },
      terms: ones(4),
      commit: 8,
      applied: 0,
    });
    expect(restored(member)).toBe(5);
    expect(member.applying).toBe(8);
    expect(member.state.applied).toBe(0);
    member.step({ type: 'applied', index: 3 });
    expect(member.state.applied).toBe(0);
    member.step({ type: 'restored', index: 5 });
    expect(member.state.applied).toBe(5);
    member.step({ type: 'applied', index: 8 });
    expect(member.state.applied).toBe(8);
  });

  it('restores nothing when the machine has kept as much itself', () => {
    const member = new TestMember({
      base: { index: 5, term: 1 },
      terms: ones(4),
      commit: 8,
      applied: 7,
    });
    expect(restored(member)).toBeUndefined();
    expect(member.applying).toBe(8);
  });
});

describe('a machine that was found out before a restart', () => {
  it('is not trusted for having been restored from its own snapshot', () => {
    const base = { index: 5, term: 1 };
    const member = new TestMember({ base, terms: ones(1), applied: 0, repairFrom: 6 });
    expect(restored(member)).toBe(5);
    expect(member.state.snapshots.repairFrom).toBe(6);
    member.step({ type: 'restored', index: 5 });
    member.step({ type: 'campaign' });
    expect(member.state.role).toBe('follower');
  });
});

describe('a snapshot of a machine', () => {
  it('that was restored in between is forgotten again', () => {
    const options = snapshotOptions({ everyEntries: 8 });
    const member = new TestMember({ terms: ones(9), commit: 9, options });
    member.step({ type: 'applied', index: 9 });
    member.step({ type: 'repair', index: 5 });
    const good = at(10);
    const type = 'snapshot-chunk';
    member.receive('b', { type, term: 1, stream: 1, head: good, ask: 1, from: 0, until: 0 });
    member.step({ type: 'snapshot-progress', id: 's10', stored: good.bytes });
    member.step({ type: 'snapshot-received', id: 's10' });
    member.writeAll();
    expect(restored(member)).toBe(10);
    member.step({ type: 'restored', index: 10 });
    member.step({ type: 'snapshot-taken', head: at(9), machineDurable: Infinity });
    expect(member.state.snapshots.latest?.id).toBe('s10');
    expect(kept(member)).toEqual(['s10']);
  });
});
