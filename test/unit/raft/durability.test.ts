import { describe, expect, it } from 'vitest';
import { ack, appendOf, makeLeader, progress, settledLeader, TestMember } from './member.ts';

describe('a message that shows a new term or vote', () => {
  it('waits for the write that makes it durable: a vote', () => {
    const member = new TestMember({ terms: [1] });
    member.receive('b', {
      type: 'vote-request',
      wallMs: 0,
      forced: false,
      term: 2,
      lastIndex: 1,
      lastTerm: 1,
    });
    expect(member.waiting).toHaveLength(1);
    expect(member.waiting[0]?.hardState).toEqual({ term: 2, votedFor: 'b', commit: 0 });
    expect(member.only('vote-reply').after).toBe(member.waiting[0]?.write);
  });

  it('waits for the write of a vote in a term that is durable already', () => {
    const member = new TestMember({ terms: [1], term: 2 });
    member.receive('b', {
      type: 'vote-request',
      wallMs: 0,
      forced: false,
      term: 2,
      lastIndex: 1,
      lastTerm: 1,
    });
    expect(member.waiting[0]?.hardState).toEqual({ term: 2, votedFor: 'b', commit: 0 });
    expect(member.only('vote-reply').after).toBe(1);
  });

  it('waits also when it is the answer to a repeated request', () => {
    const member = new TestMember({ terms: [1] });
    const request = {
      type: 'vote-request',
      wallMs: 0,
      forced: false,
      term: 2,
      lastIndex: 1,
      lastTerm: 1,
    } as const;
    member.receive('b', request);
    member.receive('b', request);
    expect(member.waiting).toHaveLength(1);
    expect(member.only('vote-reply').after).toBe(1);
    member.writeAll();
    member.receive('b', request);
    expect(member.only('vote-reply').after).toBe(0);
  });

  it('waits when it refuses: the term it names is new', () => {
    const member = new TestMember({ terms: [1, 1] });
    member.receive('b', {
      type: 'vote-request',
      wallMs: 0,
      forced: false,
      term: 2,
      lastIndex: 1,
      lastTerm: 1,
    });
    const { after, message } = member.only('vote-reply');
    expect([message.granted, after]).toEqual([false, 1]);
  });

  it('waits when it asks for votes, with term and own vote in one write', () => {
    const member = new TestMember({ terms: [1] });
    member.pass(500);
    member.timeout();
    member.receive('b', { type: 'pre-vote-reply', term: 1, campaign: 2, granted: true });
    expect(member.waiting).toHaveLength(1);
    expect(member.waiting[0]?.hardState).toEqual({ term: 2, votedFor: 'a', commit: 0 });
    expect(member.sent('vote-request').map(({ after }) => after)).toEqual([1, 1]);
  });

  it('waits when it answers the first words of a new leader', () => {
    const member = new TestMember({ terms: [1] });
    const beat = { type: 'heartbeat', term: 2, stream: 1, round: 1, commit: 0, sent: 0 } as const;
    member.receive('b', beat);
    expect(member.only('heartbeat-ack').after).toBe(1);
    member.receive('b', ...appendOf({ term: 2, prev: [9, 2] }));
    expect(member.only('append-reject').after).toBe(1);
    member.receive('b', ...appendOf({ term: 2, prev: [1, 1] }));
    expect(member.only('append-ack').after).toBe(1);
    member.writeAll();
    member.receive('b', beat);
    expect(member.only('heartbeat-ack').after).toBe(0);
  });

  it('waits when a leader was elected before its own vote was durable', () => {
    const member = new TestMember({ terms: [1] });
    member.pass(500);
    member.timeout();
    member.receive('b', { type: 'pre-vote-reply', term: 1, campaign: 2, granted: true });
    for (const from of ['b', 'c']) {
      member.receive(from, { type: 'vote-reply', term: 2, granted: true });
    }
    expect(member.state.role).toBe('leader');
    expect([...member.sent('append'), ...member.sent('heartbeat')].map((s) => s.after)).toEqual([
      1, 1, 1, 1,
    ]);
    member.propose(1);
    member.writeOne();
    ack(member, 'b', 2);
    expect(member.only('append').after).toBe(0);
  });
});

describe('a follower', () => {
  it('acknowledges entries when they are durable, no sooner', () => {
    const member = new TestMember({ term: 2 });
    member.receive('b', ...appendOf({ term: 2 }, [1, 2]));
    expect(member.sent('append-ack')).toEqual([]);
    expect(member.waiting[0]).toMatchObject({ from: 1, until: 3, lastIndex: 2, lastTerm: 2 });
    member.writeOne();
    expect(member.only('append-ack')).toMatchObject({ to: 'b', message: { match: 2, stream: 1 } });
  });

  it('acknowledges neither a repeated nor an empty append ahead of the write (R6)', () => {
    const member = new TestMember({ term: 2 });
    const append = appendOf({ term: 2 }, [2, 2]);
    member.receive('b', ...append);
    member.receive('b', ...append);
    expect(member.sent('append-ack')).toEqual([]);
    member.receive('b', ...appendOf({ term: 2, prev: [2, 2] }));
    expect(member.sent('append-ack')).toEqual([]);
    const beat = { type: 'heartbeat', term: 2, stream: 1, round: 1, commit: 0, sent: 2 } as const;
    member.receive('b', beat);
    expect(member.only('heartbeat-ack').message).toMatchObject({ received: 2, match: 0 });
    member.writeOne();
    expect(member.only('append-ack').message.match).toBe(2);
  });

  it('acknowledges what each of several writes has made durable', () => {
    const member = new TestMember({ term: 2 });
    member.receive('b', ...appendOf({ term: 2 }, [2]));
    member.receive('b', ...appendOf({ term: 2, prev: [1, 2] }, [2, 2]));
    member.writeOne();
    expect(member.only('append-ack').message.match).toBe(1);
    member.writeOne();
    expect(member.only('append-ack').message.match).toBe(3);
  });

  it('acknowledges to the leader at the time of the write, not to an earlier one', () => {
    const member = new TestMember({ term: 2 });
    member.receive('b', ...appendOf({ term: 2 }, [2, 2]));
    member.receive('c', ...appendOf({ term: 3, prev: [1, 2] }));
    member.writeOne();
    // Entry 2 is durable, but the leader of term 3 has not said that it holds it too.
    expect(member.only('append-ack')).toMatchObject({ to: 'c', message: { term: 3, match: 1 } });
  });

  it('puts term, truncation and entries into one write', () => {
    const member = new TestMember({ terms: [1, 1, 1], commit: 1 });
    member.receive('b', ...appendOf({ term: 2, prev: [1, 1], commit: 2 }, [2, 2]));
    expect(member.waiting).toEqual([
      {
        ...{ type: 'write', write: 1, truncateFrom: 2, from: 2, until: 4 },
        ...{ lastIndex: 3, lastTerm: 2, known: undefined, reset: undefined, compactTo: 0 },
        hardState: { term: 2, votedFor: undefined, commit: 2 },
      },
    ]);
  });
});

describe('a write from before a truncation', () => {
  it('makes nothing durable of the entries that came instead', () => {
    const member = new TestMember({ term: 2 });
    member.receive('b', ...appendOf({ term: 2 }, [2, 2, 2]));
    member.receive('c', ...appendOf({ term: 3, prev: [0, 0] }, [3]));
    member.writeOne();
    expect(member.state.log.durable).toBe(0);
    expect(member.sent('append-ack')).toEqual([]);
    member.writeOne();
    expect(member.state.log.durable).toBe(1);
    expect(member.only('append-ack')).toMatchObject({ to: 'c', message: { match: 1 } });
  });

  it('does not count even when index and term are the same again (the ABA race)', () => {
    const member = new TestMember({ term: 2 });
    member.receive('b', ...appendOf({ term: 2 }, [2]));
    member.receive('c', ...appendOf({ term: 3 }, [3]));
    member.receive('b', ...appendOf({ term: 4 }, [2]));
    const [first, second, third] = member.waiting;
    expect(first).toMatchObject({ write: 1, lastIndex: 1, lastTerm: 2 });
    expect(second).toMatchObject({ write: 2, truncateFrom: 1, lastIndex: 1, lastTerm: 3 });
    expect(third).toMatchObject({ write: 3, truncateFrom: 1, lastIndex: 1, lastTerm: 2 });
    member.writeOne();
    expect([member.state.log.durable, member.sent('append-ack')]).toEqual([0, []]);
    member.writeOne();
    expect([member.state.log.durable, member.sent('append-ack')]).toEqual([0, []]);
    member.writeOne();
    expect(member.state.log.durable).toBe(1);
    expect(member.only('append-ack').message).toMatchObject({ term: 4, match: 1 });
  });

  it('still lets go what waited for its term', () => {
    const member = new TestMember({ terms: [1], term: 1 });
    member.receive('b', ...appendOf({ term: 2, prev: [1, 1] }, [2]));
    member.receive('b', ...appendOf({ term: 2, prev: [1, 1] }));
    member.receive('c', ...appendOf({ term: 3, prev: [1, 1] }, [3]));
    expect(member.waiting.map(({ write }) => write)).toEqual([1, 2]);
    member.writeOne();
    expect(member.state.writes).toMatchObject({ completed: 1, hard: 2, lineage: 2 });
    member.receive('c', ...appendOf({ term: 3, prev: [7, 3] }));
    expect(member.only('append-reject').after).toBe(2);
  });
});

describe('writes', () => {
  it('are numbered from one, and a merged one completes those before it', () => {
    const member = new TestMember({ term: 2 });
    for (const [index, term] of [
      [1, 0],
      [2, 2],
      [3, 2],
    ] as const) {
      member.receive('b', ...appendOf({ term: 2, prev: [index - 1, term] }, [2]));
    }
    expect(member.waiting.map(({ write }) => write)).toEqual([1, 2, 3]);
    member.step({ type: 'written', write: 3, lastIndex: 3, lastTerm: 2 });
    expect(member.state.log.durable).toBe(3);
    // A late completion of an earlier one is no news.
    member.step({ type: 'written', write: 1, lastIndex: 1, lastTerm: 2 });
    expect(member.state.log.durable).toBe(3);
    expect(member.effects).toEqual([]);
    expect(member.state.writes.completed).toBe(3);
  });

  it('run beside replication: an append does not wait for the disk of its leader (§10.2.1)', () => {
    const member = settledLeader();
    member.propose(1);
    expect(member.waiting).toHaveLength(1);
    expect(member.sent('append').map(({ after }) => after)).toEqual([0, 0]);
  });

  it('carry what is known to be committed', () => {
    const member = settledLeader();
    member.propose(1);
    expect(member.waiting[0]?.hardState).toEqual({ term: 1, votedFor: 'a', commit: 1 });
  });

  it('are not asked for when nothing has changed', () => {
    const member = new TestMember();
    makeLeader(member);
    member.writeAll();
    member.pass(10);
    member.timeout();
    ack(member, 'b', 1);
    expect(progress(member, 'b').match).toBe(1);
    expect(member.waiting).toEqual([]);
  });
});
