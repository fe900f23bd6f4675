import { describe, expect, it } from 'vitest';
import { CoxswainError } from '../../../src/errors.ts';
import { termAt } from '../../../src/raft/index.ts';
import { appendOf, head, makeLeader, TestMember } from './member.ts';

function termsOf({ state }: TestMember): readonly (number | undefined)[] {
  const { base, last } = state.log;
  return Array.from({ length: last - base.index }, (_, at) => {
    return termAt(state.log, base.index + 1 + at);
  });
}

function errorOf(run: () => void): CoxswainError {
  try {
    run();
  } catch (error) {
    if (error instanceof CoxswainError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a follower', () => {
  it('takes the entries that follow its log, and says which of the message they are', () => {
    const member = new TestMember({ terms: [1, 1], term: 2 });
    member.receive('b', ...appendOf({ term: 2, prev: [1, 1] }, [1, 2, 2]));
    expect(termsOf(member)).toEqual([1, 1, 2, 2]);
    expect(member.effects[0]).toEqual({ type: 'accept', from: 3, until: 5 });
    expect(member.effects[1]).toMatchObject({ type: 'write', truncateFrom: 0, from: 3, until: 5 });
  });

  it('keeps what matches when an old append arrives late (R1)', () => {
    const member = new TestMember({ terms: [1, 1, 1, 1] });
    member.receive('b', ...appendOf({ term: 1 }, [1, 1]));
    expect(termsOf(member)).toEqual([1, 1, 1, 1]);
    expect(member.effects.map(({ type }) => type)).toEqual(['send', 'role']);
    expect(member.only('append-ack').message.match).toBe(2);
  });

  it('does not forget how far it was found equal when an old append arrives late (R1)', () => {
    const member = new TestMember({ terms: [1, 1, 1, 1] });
    member.receive('b', ...appendOf({ term: 1, prev: [4, 1] }));
    member.receive('b', ...appendOf({ term: 1 }, [1, 1]));
    expect(member.only('append-ack').message.match).toBe(4);
    member.receive('b', { type: 'commit-notice', term: 1, commit: 4 });
    expect(member.state.commit).toBe(4);
  });

  it('drops its entries from the first that conflicts, and no earlier (§5.3)', () => {
    const member = new TestMember({ terms: [1, 1, 2, 2, 2] });
    member.receive('b', ...appendOf({ term: 3, prev: [1, 1] }, [1, 2, 3]));
    expect(termsOf(member)).toEqual([1, 1, 2, 3]);
    expect(member.effects[0]).toEqual({ type: 'accept', from: 4, until: 5 });
    expect(member.waiting[0]).toMatchObject({ truncateFrom: 4, from: 4, until: 5, lastTerm: 3 });
  });

  it('keeps a longer tail that nothing contradicts', () => {
    const member = new TestMember({ terms: [1, 1, 2, 2] });
    member.receive('b', ...appendOf({ term: 3, prev: [1, 1] }, [1]));
    member.receive('b', ...appendOf({ term: 3, prev: [2, 1] }));
    expect(termsOf(member)).toEqual([1, 1, 2, 2]);
  });

  it('skips entries that its base holds already (R3)', () => {
    const base = { index: 5, term: 2 };
    const member = new TestMember({ base, terms: [2], commit: 6 });
    member.receive('b', ...appendOf({ term: 3, prev: [3, 1] }, [2, 2, 2, 3, 3]));
    expect(termsOf(member)).toEqual([2, 3, 3]);
    expect(member.effects[0]).toEqual({ type: 'accept', from: 7, until: 9 });
    member.writeAll();
    expect(member.only('append-ack').message.match).toBe(8);
  });

  it('takes nothing of an append that lies in its base, and asks for nothing (R3)', () => {
    for (const append of [
      appendOf({ term: 3 }, [1, 1]),
      appendOf({ term: 3, prev: [3, 1] }, [2, 2]),
    ]) {
      const member = new TestMember({ base: { index: 5, term: 2 }, terms: [2], term: 3 });
      member.receive('b', ...append);
      expect(termsOf(member)).toEqual([2]);
      expect(member.waiting).toEqual([]);
      expect(member.sent('append-reject')).toEqual([]);
    }
  });

  it.each([
    // Too short: the leader may go on where this log ends.
    [[1, 1], [5, 3], { hintIndex: 2, hintTerm: 1 }],
    // Another term there: its last entry of a term that the leader can have.
    [[1, 1, 2, 2, 5, 5], [6, 4], { hintIndex: 4, hintTerm: 2 }],
    [[1, 4, 4, 4], [4, 3], { hintIndex: 1, hintTerm: 1 }],
    [[4, 4, 4], [3, 3], { hintIndex: 0, hintTerm: 0 }],
    [[1, 1, 1], [3, 2], { hintIndex: 2, hintTerm: 1 }],
  ] as const)('of terms %j refuses %j with the hint %j', (terms, prev, hint) => {
    const member = new TestMember({ terms, term: 5 });
    member.receive('b', ...appendOf({ term: 5, prev, stream: 3 }));
    const reject = { type: 'append-reject', term: 5, stream: 3, prevIndex: prev[0] };
    expect(member.only('append-reject').message).toEqual({ ...reject, ...hint });
    expect(member.sent('append-ack')).toEqual([]);
    expect(termsOf(member)).toEqual(terms);
  });

  it('answers a leader of a past term with the term, and changes nothing', () => {
    const member = new TestMember({ terms: [1], term: 4 });
    const due = member.state.electionDueMs;
    member.pass(5);
    const notice = { type: 'commit-notice', term: 3, commit: 1 } as const;
    const beat = { ...notice, type: 'heartbeat', stream: 1, round: 1, sent: 0 } as const;
    for (const [message, entries] of [
      appendOf({ term: 3, prev: [1, 1], commit: 1 }, [3]),
      [notice, []] as const,
      [beat, []] as const,
    ]) {
      member.receive('b', message, entries);
      expect(member.effects).toEqual([
        { type: 'send', to: 'b', after: 0, message: { type: 'stale-term', term: 4 } },
      ]);
    }
    expect(member.state).toMatchObject({ term: 4, leader: undefined, commit: 0 });
    expect(member.state.electionDueMs).toBe(due);
  });

  it('tells who leads, once, when that changes', () => {
    const member = new TestMember({ terms: [1] });
    const append = appendOf({ term: 2, prev: [1, 1] });
    member.receive('b', ...append);
    expect(member.effects.at(-1)).toEqual({ type: 'role', role: 'follower', term: 2, leader: 'b' });
    member.receive('b', ...append);
    expect(member.effects.filter(({ type }) => type === 'role')).toEqual([]);
  });

  it('takes the time stamps of the entries it takes, and of no other', () => {
    const member = new TestMember({ terms: [1] });
    const [message] = appendOf({ term: 1 }, [1, 1]);
    const entries = [
      { ...head(1), timeMs: 50 },
      { ...head(1), timeMs: 70 },
    ];
    member.receive('b', message, entries);
    expect(member.state.log.lastTimeMs).toBe(70);
    const [late] = appendOf({ term: 1 }, [1]);
    member.receive('b', late, entries.slice(0, 1));
    expect(member.state.log.lastTimeMs).toBe(70);
  });
});

describe('the answer to a heartbeat', () => {
  const beat = { type: 'heartbeat', term: 2, stream: 3, round: 7, commit: 0, sent: 4 } as const;

  it('says how much of this very stream was received, and how much of that is durable', () => {
    const member = new TestMember({ terms: [1, 1], term: 2 });
    member.receive('b', ...appendOf({ term: 2, prev: [2, 1], stream: 3 }, [2, 2]));
    member.receive('b', beat);
    expect(member.only('heartbeat-ack').message).toEqual({
      ...{
        type: 'heartbeat-ack',
        patienceMs: 100,
        wallMs: 0,
        term: 2,
        stream: 3,
        round: 7,
        sent: 4,
      },
      ...{ received: 4, match: 2 },
    });
    member.writeAll();
    member.receive('b', beat);
    expect(member.only('heartbeat-ack').message).toMatchObject({ received: 4, match: 4 });
  });

  it('claims nothing of a durable tail that this leader has not verified', () => {
    const member = new TestMember({ terms: [1, 1, 2, 2] });
    member.receive('b', ...appendOf({ term: 3, prev: [1, 1] }, [1]));
    expect(member.only('append-ack').message.match).toBe(2);
    const beat = { type: 'heartbeat', term: 3, stream: 1, round: 1, commit: 0, sent: 2 } as const;
    member.receive('b', beat);
    expect(member.only('heartbeat-ack').message).toMatchObject({ received: 2, match: 2 });
  });

  it('says nothing was received of a stream that has not agreed yet', () => {
    const member = new TestMember({ terms: [1, 1], term: 2 });
    member.receive('b', ...appendOf({ term: 2, prev: [2, 1], stream: 2 }));
    member.receive('b', ...appendOf({ term: 2, prev: [9, 2], stream: 3 }));
    member.receive('b', beat);
    expect(member.only('heartbeat-ack').message).toMatchObject({ received: 0, match: 0 });
  });

  it('says nothing was received after it stood for election meanwhile', () => {
    const member = new TestMember({ terms: [1, 1], term: 2 });
    member.receive('b', ...appendOf({ term: 2, prev: [2, 1], stream: 3 }));
    member.step({ type: 'campaign' });
    member.receive('b', beat);
    expect(member.state).toMatchObject({ role: 'follower', leader: 'b' });
    expect(member.only('heartbeat-ack').message).toMatchObject({ received: 0, match: 0 });
  });
});

describe('a leader that contradicts what is committed', () => {
  it('by the entry before its append is not followed anywhere (RA8)', () => {
    const member = new TestMember({ terms: [1, 1, 2], commit: 2 });
    const error = errorOf(() => member.receive('b', ...appendOf({ term: 3, prev: [2, 2] })));
    expect(error).toMatchObject({ code: 'ERR_COMMITTED_CONFLICT', index: 2, outcome: 'unknown' });
  });

  it('by an entry of its append is not followed either, and nothing is cut (RA8)', () => {
    const member = new TestMember({ terms: [1, 1, 2], commit: 2 });
    const error = errorOf(() => member.receive('b', ...appendOf({ term: 3 }, [1, 3])));
    expect(error).toMatchObject({ code: 'ERR_COMMITTED_CONFLICT', index: 2 });
    expect(termsOf(member)).toEqual([1, 1, 2]);
  });

  it('is one thing; contradicting the entry after it is the usual conflict', () => {
    const member = new TestMember({ terms: [1, 1, 2], commit: 2 });
    member.receive('b', ...appendOf({ term: 3 }, [1, 1, 3]));
    expect(termsOf(member)).toEqual([1, 1, 3]);
  });

  it('is another leader of the same term for a leader: that cannot be (§5.2)', () => {
    const member = new TestMember();
    makeLeader(member);
    const error = errorOf(() => member.receive('b', ...appendOf({ term: 1 }, [1])));
    expect(error.code).toBe('ERR_INVARIANT');
  });
});
