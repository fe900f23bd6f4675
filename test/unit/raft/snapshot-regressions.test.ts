// Bugs in the core's snapshots that the simulator found, each as short as it can be told.
import { describe, expect, test } from 'vitest';
import { type Effect, NO_SNAPSHOTS, type SnapshotHead } from '../../../src/raft/index.ts';
import { leaderOf } from './changing.ts';
import { headAt, TestMember } from './member.ts';

const snapshot = { ...NO_SNAPSHOTS, everyEntries: 1 };
const voters = ['a', 'b', 'c'] as const;

function follower(init: ConstructorParameters<typeof TestMember>[0] = {}): TestMember {
  return new TestMember({ voters, base: { index: 5, term: 1 }, applied: 0, ...init });
}

function beat(member: TestMember, term: number): void {
  const { id } = member.state;
  const from = id === 'b' ? 'c' : 'b';
  const none = { stream: 1, round: 1, commit: 0, sent: 0 };
  member.receive(from, { type: 'heartbeat', term, ...none });
}

/** All of it, in one chunk, and it is sound. */
function receiveSnapshot(member: TestMember, head: SnapshotHead, term: number): void {
  const from = { type: 'snapshot-chunk', term, stream: 1, head, ask: 0, from: 0 } as const;
  member.receive('b', { ...from, until: 0 });
  member.step({ type: 'snapshot-progress', id: head.id, stored: 0 });
  member.receive('b', { ...from, until: head.bytes });
  member.step({ type: 'snapshot-progress', id: head.id, stored: head.bytes });
  member.step({ type: 'snapshot-received', id: head.id });
}

function ofType<T extends Effect['type']>(
  { effects }: TestMember,
  type: T,
): Extract<Effect, { type: T }>[] {
  return effects.filter((effect): effect is Extract<Effect, { type: T }> => effect.type === type);
}

describe('a member that is started again', () => {
  test('restores its machine before anything is applied, whatever it is told first (S4)', () => {
    const init = { terms: [1, 1], commit: 7 };
    const member = follower({ ...init, first: { type: 'clocks', wallMs: 1 } });
    const order = member.effects.map(({ type }) => type);
    expect(order.filter((type) => type === 'restore' || type === 'apply')).toEqual([
      'restore',
      'apply',
    ]);
    member.step({ type: 'start' });
    expect(ofType(member, 'restore')).toEqual([]);
  });

  test('restores nothing when its machine has stored as much itself', () => {
    const member = follower({ applied: 5 });
    expect(member.effects.map(({ type }) => type)).not.toContain('restore');
  });

  test('is not mended by a snapshot that its own machine has stored', () => {
    const member = follower({ terms: [1, 1], commit: 7, applied: 7 });
    member.step({ type: 'take-snapshot', index: 7 });
    expect(ofType(member, 'take-snapshot')).toHaveLength(1);
    member.step({ type: 'repair', index: 6 });
    const { repairFrom } = member.state.snapshots;
    // It was stored, and the member was stopped before it could be told to forget it.
    const snapshot = headAt({ index: 7, term: 1 });
    const again = follower({ terms: [1, 1], commit: 7, applied: 0, repairFrom, snapshot });
    again.step({ type: 'restored', index: 7 });
    beat(again, 1);
    expect(again.only('snapshot-request').message.index).toBe(8);
  });

  test('is mended by a snapshot that it had received when it was stopped', () => {
    const again = follower({ repairFrom: 4 });
    again.step({ type: 'restored', index: 5 });
    beat(again, 1);
    expect(again.sent('snapshot-request')).toEqual([]);
  });
});

describe('a snapshot that the machine is being restored from', () => {
  test('is kept when a newer one comes in, until that is restored', () => {
    const member = follower();
    receiveSnapshot(member, { ...headAt({ index: 9, term: 1 }), bytes: 10 }, 1);
    expect(ofType(member, 'prune-snapshots').at(-1)?.keep).toEqual(['s9', 's5']);
  });
});

describe('a snapshot that is received when its leader is gone', () => {
  const head = { ...headAt({ index: 7, term: 1 }), bytes: 10 };

  /** The next leader sends the same entries, and nobody knows that they are committed. */
  function receive(member: TestMember): void {
    const chunk = { type: 'snapshot-chunk', term: 1, stream: 1, head, ask: 0 } as const;
    member.receive('b', { ...chunk, from: 0, until: 0 });
    member.step({ type: 'snapshot-progress', id: head.id, stored: 10 });
    const entries = [1, 1].map((term) => ({ term, size: 0, timeMs: 0, config: undefined }));
    const at = { stream: 1, prevIndex: 5, prevTerm: 1, from: 6, until: 8, commit: 5 };
    member.receive('c', { type: 'append', term: 2, ...at }, entries);
    member.writeAll();
    member.step({ type: 'snapshot-received', id: head.id });
  }

  test('commits the entries that the log of a follower holds', () => {
    const member = follower({ applied: 5 });
    receive(member);
    expect(member.state.commit).toBe(7);
    expect(ofType(member, 'apply').map(({ upTo }) => upTo)).toEqual([7]);
  });

  test('mends a machine that is wrong', () => {
    const member = follower({ applied: 5 });
    member.step({ type: 'repair', index: 5 });
    receive(member);
    expect(ofType(member, 'restore')).toHaveLength(1);
    expect(member.state).toMatchObject({ commit: 7, applying: 7 });
  });
});

describe('a machine that stores its state itself', () => {
  test('holds the log that it has not stored, also when a snapshot of it is given up', () => {
    const member = follower({ terms: [1, 1, 1], commit: 8, applied: 8, options: { snapshot } });
    expect(ofType(member, 'take-snapshot')).toHaveLength(1);
    const head = headAt({ index: 8, term: 1 });
    member.step({ type: 'snapshot-taken', head, machineDurable: 6 });
    expect(member.state.log.base.index).toBe(6);
    const machineDurable = Number.POSITIVE_INFINITY;
    member.step({ type: 'snapshot-taken', head: undefined, machineDurable });
    expect(member.state.snapshots.machineDurable).toBe(6);
  });
});

describe('a leader that sends a snapshot of less than it had sent of its log', () => {
  test('sends all that comes after the snapshot', () => {
    const base = { index: 5, term: 1 };
    const leader = leaderOf({ voters, base, terms: [1, 1], commit: 7, applied: 7 });
    const { term } = leader.state;
    const { last } = leader.state.log;
    leader.propose(1, 1);
    leader.receive('b', { type: 'snapshot-request', term, index: 5 });
    const { stream } = leader.only('snapshot-chunk').message;
    leader.receive('b', { type: 'append-ack', term, stream, match: last });
    expect(leader.only('append').message).toMatchObject({ prevIndex: last, from: last + 1 });
  });
});

describe('a leader that sends a snapshot', () => {
  test('does not count what was stored of an earlier one', () => {
    const base = { index: 5, term: 1 };
    const leader = leaderOf({ voters, base, terms: [1, 1], commit: 7, applied: 7 });
    const { term } = leader.state;
    leader.receive('b', { type: 'snapshot-request', term, index: 5 });
    const { stream } = leader.only('snapshot-chunk').message;
    const ack = { type: 'snapshot-ack', term, answers: 1, refused: false } as const;
    leader.receive('b', { ...ack, stream: stream - 1, stored: 900, next: 900 });
    expect(leader.sent('snapshot-chunk')).toEqual([]);
    leader.receive('b', { ...ack, stream, stored: 0, next: 0 });
    expect(leader.only('snapshot-chunk').message).toMatchObject({ from: 0, until: 1000 });
  });
});

describe('a member whose machine is wrong', () => {
  test('asks for a snapshot when the leader that was sending one is gone', () => {
    const member = follower({ applied: 5 });
    member.step({ type: 'repair', index: 5 });
    const head = headAt({ index: 9, term: 1 });
    member.receive('b', {
      type: 'snapshot-chunk',
      term: 1,
      stream: 1,
      head,
      ask: 1,
      from: 0,
      until: 0,
    });
    beat(member, 2);
    expect(member.only('snapshot-request').message.index).toBe(6);
  });
});
