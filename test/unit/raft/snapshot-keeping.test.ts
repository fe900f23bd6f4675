import { describe, expect, it } from 'vitest';
import {
  ack,
  headAt,
  heartbeatAck,
  keepAlive,
  progress,
  settledLeader,
  TestMember,
} from './member.ts';
import { asks, chunkOf, kept, ones, sendingLeader, snapshotOptions, stored } from './snapshots.ts';

const every = (everyEntries: number, keepEntries = 0) =>
  snapshotOptions({ everyEntries, keepEntries });

function applyUpTo(member: TestMember, index: number): void {
  member.step({ type: 'applied', index });
}

function taken(member: TestMember, index: number, machineDurable = Infinity): void {
  const term = 1;
  member.step({ type: 'snapshot-taken', head: headAt({ index, term }), machineDurable });
}

describe('a snapshot is due', () => {
  it('when so many entries were applied since the last one, not when they are committed', () => {
    const member = new TestMember({ terms: ones(9), commit: 9, options: every(8) });
    expect(asks(member, 'take-snapshot')).toBe(false);
    applyUpTo(member, 7);
    expect(asks(member, 'take-snapshot')).toBe(false);
    applyUpTo(member, 8);
    expect(asks(member, 'take-snapshot')).toBe(true);
  });

  it('when the entries applied since the last one are so many bytes', () => {
    const options = snapshotOptions({ everyBytes: 3 * 132 });
    const member = new TestMember({ terms: ones(9), size: 100, commit: 9, options });
    applyUpTo(member, 2);
    expect(asks(member, 'take-snapshot')).toBe(false);
    applyUpTo(member, 3);
    expect(asks(member, 'take-snapshot')).toBe(true);
  });

  it('when the host wants one, as soon as that is applied', () => {
    const member = new TestMember({ terms: ones(9), commit: 9 });
    applyUpTo(member, 3);
    member.step({ type: 'take-snapshot', index: 4 });
    expect(asks(member, 'take-snapshot')).toBe(false);
    applyUpTo(member, 4);
    expect(asks(member, 'take-snapshot')).toBe(true);
    taken(member, 4);
    expect(asks(member, 'take-snapshot')).toBe(false);
    expect(member.state.snapshots.wanted).toBe(0);
  });

  it('once: the next one waits until it is there, or is not', () => {
    const member = new TestMember({ terms: ones(9), commit: 9, options: every(2) });
    applyUpTo(member, 2);
    applyUpTo(member, 8);
    expect(asks(member, 'take-snapshot')).toBe(false);
    member.step({ type: 'snapshot-taken', head: undefined, machineDurable: Infinity });
    expect(asks(member, 'take-snapshot')).toBe(true);
    taken(member, 8);
    expect(asks(member, 'take-snapshot')).toBe(false);
  });
});

describe('the log before a snapshot', () => {
  it('goes, but for what is kept for those that lag a little', () => {
    const member = new TestMember({ terms: ones(9), commit: 9, options: every(8, 3) });
    applyUpTo(member, 8);
    taken(member, 8);
    expect(member.state.log.base).toEqual({ index: 5, term: 1 });
    expect(member.waiting.at(-1)).toMatchObject({ compactTo: 5, from: 10, until: 10 });
  });

  it('stays as far as a machine has not stored it itself', () => {
    const member = new TestMember({ terms: ones(9), commit: 9, options: every(8) });
    applyUpTo(member, 8);
    taken(member, 8, 2);
    expect(member.state.log.base.index).toBe(2);
  });

  it('stays as far as it is not durable', () => {
    const member = new TestMember({ terms: ones(2), commit: 2, applied: 2 });
    member.state.log.durable = 1;
    taken(member, 2);
    expect(member.state.log.base.index).toBe(1);
  });

  it('does not come back, nor does the latest snapshot, with one that is not newer (S3)', () => {
    const member = new TestMember({ terms: ones(9), commit: 9, options: every(4) });
    applyUpTo(member, 8);
    taken(member, 8);
    member.step({ type: 'take-snapshot', index: 0 });
    taken(member, 4);
    expect(member.state.snapshots.latest?.index).toBe(8);
    expect(member.state.log.base.index).toBe(8);
    expect(kept(member)).toEqual(['s8']);
  });
});

describe('the log after a snapshot that was sent', () => {
  const grown = (maxHeldBytes: number) => {
    const leader = sendingLeader({ maxHeldBytes });
    leader.propose(...Array.from({ length: 10 }, () => 100));
    leader.writeAll();
    ack(leader, 'c', leader.state.log.last);
    applyUpTo(leader, leader.state.log.last);
    return leader;
  };

  it('is kept for those that are to catch up, and goes when they have (S6)', () => {
    const leader = grown(1 << 20);
    taken(leader, 20);
    expect(leader.state.log.base.index).toBe(10);
    ack(leader, 'b', 10);
    ack(leader, 'b', 20);
    expect(progress(leader, 'b').heldFrom).toBe(Infinity);
    taken(leader, 21);
    expect(leader.state.log.base.index).toBe(21);
  });

  it('is kept from where they have come to by now', () => {
    const leader = grown(1 << 20);
    taken(leader, 20);
    ack(leader, 'b', 10);
    ack(leader, 'b', 14);
    taken(leader, 21);
    expect(leader.state.log.base.index).toBe(14);
  });

  it('goes when it is more than the bound, and is not held in vain from then on', () => {
    const leader = grown(200);
    taken(leader, 20);
    expect(leader.state.log.base.index).toBe(20);
    taken(leader, 21);
    expect(leader.state.log.base.index).toBe(21);
  });

  it('goes when they are not heard for long, and so does the snapshot', () => {
    const leader = grown(1 << 20);
    taken(leader, 20);
    expect(kept(leader)).toEqual(expect.arrayContaining(['s10', 's20']));
    keepAlive(leader, 2500, 'c');
    expect(progress(leader, 'b')).toMatchObject({ heldFrom: Infinity, sending: undefined });
    taken(leader, 21);
    expect(leader.state.log.base.index).toBe(21);
    expect(kept(leader)).toEqual(['s21']);
  });
});

describe('the store may forget', () => {
  it('no snapshot that is on its way to somebody, and that one too once it has arrived', () => {
    const leader = sendingLeader();
    leader.step({ type: 'applied', index: 13 });
    taken(leader, 12);
    expect(kept(leader)).toEqual(['s10', 's12']);
    ack(leader, 'b', 10);
    expect(kept(leader)).toEqual(['s12']);
  });

  it('nothing while a snapshot is being taken: it may be there already', () => {
    const leader = sendingLeader();
    leader.step({ type: 'applied', index: 13 });
    leader.step({ type: 'take-snapshot', index: 13 });
    expect(asks(leader, 'take-snapshot')).toBe(true);
    ack(leader, 'b', 10);
    expect(kept(leader)).toBeUndefined();
    leader.step({ type: 'snapshot-taken', head: undefined, machineDurable: Infinity });
    expect(kept(leader)).toEqual(['s10']);
  });

  it('nothing of a snapshot that comes in: all of it may be there already', () => {
    const member = new TestMember({ terms: ones(4), commit: 4, options: every(4) });
    applyUpTo(member, 4);
    const head = headAt({ index: 9, term: 1 });
    member.receive('b', chunkOf(head, { term: 1 }));
    member.step({ type: 'snapshot-progress', id: head.id, stored: head.bytes });
    taken(member, 4);
    expect(kept(member)).toEqual(['s9', 's4']);
  });
});

describe('a snapshot that came out damaged elsewhere', () => {
  it('is taken anew at once, and the new one takes its place', () => {
    const leader = sendingLeader();
    leader.step({ type: 'applied', index: 12 });
    stored(leader, 'b', 0, true);
    expect(leader.state.snapshots.distrusted).toBe('s10');
    expect(asks(leader, 'take-snapshot')).toBe(true);
    leader.receive('b', heartbeatAck(leader, 'b'));
    expect(leader.sent('snapshot-chunk')).toEqual([]);
    taken(leader, 12);
    leader.receive('b', heartbeatAck(leader, 'b'));
    expect(leader.only('snapshot-chunk').message.head.id).toBe('s12');
  });

  it('is replaced also by one that is no newer', () => {
    const base = { index: 10, term: 1 };
    const leader = settledLeader({ base, terms: [1], commit: 10, applied: 10 });
    leader.state.snapshots.distrusted = 's10';
    const head = { ...headAt(base), id: 'again' };
    leader.step({ type: 'snapshot-taken', head, machineDurable: Infinity });
    expect(leader.state.snapshots.latest?.id).toBe('again');
  });
});
