import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/raft/index.ts';
import { entryBytes } from '../../../src/raft/log.ts';
import { ack, makeLeader, progress, settledLeader, TestMember } from './member.ts';

const BODY = 20;
const ENTRY = entryBytes(BODY);

/** The ranges [from, until) that the latest step sends to `to`. */
function ranges(member: TestMember, to: string): readonly (readonly [number, number])[] {
  return member
    .sent('append')
    .filter((effect) => effect.to === to)
    .map(({ message }) => [message.from, message.until] as const);
}

describe('a new leader', () => {
  it('probes every other member with its first entry and greets it with a heartbeat', () => {
    const member = new TestMember({ terms: [1, 1], learners: ['l'] });
    makeLeader(member);
    for (const to of ['b', 'c', 'l']) {
      expect(member.sentTo(to)).toEqual([
        {
          ...{ type: 'append', term: 2, stream: 1, commit: 0 },
          ...{ prevIndex: 2, prevTerm: 1, from: 3, until: 4 },
        },
        { type: 'heartbeat', term: 2, stream: 1, round: 1, commit: 0, sent: 0 },
      ]);
    }
  });

  it('sends nothing more until a follower has agreed', () => {
    const member = new TestMember();
    makeLeader(member);
    member.propose(BODY);
    expect(member.sent('append')).toEqual([]);
    ack(member, 'b', 1);
    expect(ranges(member, 'b')).toEqual([[2, 3]]);
    expect(ranges(member, 'c')).toEqual([]);
  });
});

describe('an answer to a leader', () => {
  it('that arrives late never takes match back (R2)', () => {
    const member = settledLeader();
    member.propose(BODY);
    member.propose(BODY);
    ack(member, 'b', 3);
    ack(member, 'b', 2);
    expect(progress(member, 'b')).toMatchObject({ match: 3, next: 4, inflight: [] });
  });

  it('from a stream that ended does not count (R7)', () => {
    const member = settledLeader();
    member.propose(BODY);
    const old = { term: 1, stream: 1 };
    const hint = { prevIndex: 5, hintIndex: 1, hintTerm: 1 };
    member.receive('b', { type: 'append-reject', ...old, ...hint });
    expect(progress(member, 'b')).toMatchObject({ stream: 2, mode: 'probe', match: 1, next: 2 });
    member.receive('b', { type: 'append-reject', ...old, ...hint });
    member.receive('b', { type: 'append-ack', ...old, match: 2 });
    member.receive('b', {
      ...{ type: 'heartbeat-ack', patienceMs: 100, wallMs: 0, ...old, round: 1 },
      ...{ sent: 2, received: 2, match: 2 },
    });
    expect(progress(member, 'b')).toMatchObject({ stream: 2, mode: 'probe', match: 1, next: 2 });
    expect(member.sent('append')).toEqual([]);
    ack(member, 'b', 2);
    expect(progress(member, 'b').match).toBe(2);
  });

  it('that refuses what was acknowledged before is not answered', () => {
    const member = settledLeader();
    const reject = { type: 'append-reject', term: 1, stream: 1, prevIndex: 1 } as const;
    member.receive('b', { ...reject, hintIndex: 0, hintTerm: 0 });
    expect(progress(member, 'b')).toMatchObject({ match: 1, stream: 1 });
    expect(member.effects).toEqual([]);
  });

  it('that refuses skips the terms which the follower does not have (§5.3)', () => {
    const member = new TestMember({ terms: [1, 1, 1, 4, 4, 5, 5, 6] });
    makeLeader(member);
    const reject = { type: 'append-reject', term: 7, stream: 1, prevIndex: 8 } as const;
    member.receive('b', { ...reject, hintIndex: 7, hintTerm: 3 });
    expect(member.only('append').message).toMatchObject({ prevIndex: 3, prevTerm: 1, stream: 2 });
    // A follower whose log is short is asked where that log ends.
    member.receive('c', { ...reject, hintIndex: 5, hintTerm: 4 });
    expect(member.only('append').message).toMatchObject({ prevIndex: 5, prevTerm: 4 });
  });

  it('that refuses always moves the probe back, whatever it hints', () => {
    const member = new TestMember({ terms: [1, 1, 1] });
    makeLeader(member);
    const reject = { type: 'append-reject', term: 2, stream: 1, prevIndex: 3 } as const;
    member.receive('b', { ...reject, hintIndex: 99, hintTerm: 99 });
    expect(member.only('append').message.prevIndex).toBe(2);
  });

  it('that claims more than the log holds is ignored', () => {
    const member = settledLeader();
    ack(member, 'b', 2);
    expect(progress(member, 'b').match).toBe(1);
    expect(member.state.commit).toBe(1);
  });

  it('from a stranger is ignored', () => {
    const member = settledLeader({ voters: ['a', 'b', 'c', 'd', 'e'] });
    member.propose(BODY);
    member.writeAll();
    for (const from of ['x', 'y', 'z']) {
      member.receive(from, { type: 'append-ack', term: 1, stream: 1, match: 2 });
    }
    expect(member.state.commit).toBe(1);
  });

  it('of an earlier term is ignored', () => {
    const member = new TestMember({ terms: [1] });
    makeLeader(member);
    member.receive('b', { type: 'append-ack', term: 1, stream: 1, match: 2 });
    expect(progress(member, 'b').match).toBe(0);
  });

  const newer: readonly Message[] = [
    { type: 'append-ack', term: 8, stream: 1, match: 1 },
    { type: 'stale-term', term: 8 },
    { type: 'pre-vote-reply', term: 8, campaign: 9, granted: false },
    {
      type: 'heartbeat-ack',
      patienceMs: 100,
      wallMs: 0,
      term: 8,
      stream: 1,
      round: 1,
      sent: 0,
      received: 0,
      match: 0,
    },
    { type: 'append-reject', term: 8, stream: 1, prevIndex: 1, hintIndex: 0, hintTerm: 0 },
  ];

  it.each(newer)('of a newer term ends the leadership: $type', (message) => {
    const member = settledLeader();
    member.receive('b', message);
    expect(member.state).toMatchObject({ role: 'follower', term: 8, leader: undefined });
    expect(member.waiting.at(-1)?.hardState).toMatchObject({ term: 8, votedFor: undefined });
  });
});

describe('the windows of a stream', () => {
  it('hold at most maxInflightAppends appends', () => {
    const member = settledLeader({ options: { maxInflightAppends: 3 } });
    const sent = [0, 1, 2, 3, 4].map(() => {
      member.propose(BODY);
      return ranges(member, 'b').length;
    });
    expect(sent).toEqual([1, 1, 1, 0, 0]);
    ack(member, 'b', 2);
    // What waited leaves in one append.
    expect(ranges(member, 'b')).toEqual([[5, 7]]);
    expect(progress(member, 'b').inflight).toEqual([3, 4, 6]);
  });

  it('open no further append once maxInflightBytes are on the way', () => {
    const options = { maxInflightBytes: 3 * ENTRY, maxInflightAppends: 64 };
    const member = settledLeader({ options });
    const sent = [0, 1, 2, 3].map(() => {
      member.propose(BODY);
      return ranges(member, 'b').length;
    });
    expect(sent).toEqual([1, 1, 1, 0]);
    ack(member, 'b', 2);
    expect(ranges(member, 'b')).toEqual([[5, 6]]);
  });

  it('are those of one follower: a slow one does not hold up another', () => {
    const member = settledLeader({ options: { maxInflightAppends: 1 } });
    member.propose(BODY);
    member.propose(BODY);
    ack(member, 'b', 2);
    expect(ranges(member, 'b')).toEqual([[3, 4]]);
    expect(progress(member, 'c').inflight).toEqual([2]);
  });

  it('cut what is sent into appends of maxAppendBytes', () => {
    const member = settledLeader({ options: { maxAppendBytes: 2 * ENTRY } });
    member.propose(BODY, BODY, BODY, BODY, BODY);
    expect(ranges(member, 'b')).toEqual([
      [2, 4],
      [4, 6],
      [6, 7],
    ]);
  });

  it('let a single larger entry travel, alone', () => {
    const member = settledLeader({ options: { maxAppendBytes: 2 * ENTRY } });
    member.propose(BODY, 500, BODY);
    expect(ranges(member, 'b')).toEqual([
      [2, 3],
      [3, 4],
      [4, 5],
    ]);
  });
});
