// Linearizable reads at members that do not lead, and how fresh a machine is known to be.
import { describe, expect, it } from 'vitest';
import { isFresh } from '../../../src/raft/index.ts';
import { leaderOf } from './changing.ts';
import { ack, appendOf, makeLeader, TestMember, testOptions } from './member.ts';
import { ask, confirm, followerOf, grantsOf, hear, replyTo } from './reading.ts';

const { heartbeatMs } = testOptions;

describe('a read at a follower', () => {
  it('is asked of the leader, with all that come until it answers', () => {
    const member = followerOf('b');
    ask(member, 1);
    expect(member.only('read-request')).toMatchObject({ to: 'b', message: { upTo: 1 } });
    for (let upTo = 2; upTo <= 9; upTo++) {
      ask(member, upTo);
      expect(member.sent('read-request')).toEqual([]);
    }
    member.receive('b', replyTo(member, 1, 4));
    expect(grantsOf(member)).toEqual([[1, 4]]);
    expect(member.only('read-request').message.upTo).toBe(9);
  });

  it('is asked again at the second heartbeat, with what has come since', () => {
    const member = followerOf('b');
    member.pass(3);
    ask(member, 1);
    member.pass(heartbeatMs - 1);
    ask(member, 2);
    hear(member, 'b', 1, 2);
    expect(member.sent('read-request')).toEqual([]);
    member.pass(heartbeatMs);
    hear(member, 'b', 1, 3);
    expect(member.only('read-request').message.upTo).toBe(2);
    // The first answer may have been late only.
    member.receive('b', replyTo(member, 1, 4));
    expect(grantsOf(member)).toEqual([[1, 4]]);
    member.receive('b', replyTo(member, 2, 4));
    expect(grantsOf(member)).toEqual([[2, 4]]);
  });

  it.each([
    ['another boot', { boot: 9 }],
    ['another store', { incarnation: 4 }],
    ['an older term', { term: 0 }],
  ])('is not answered by what was meant for %s', (_, parts) => {
    const member = followerOf('b');
    ask(member, 1);
    member.receive('b', replyTo(member, 1, 4, parts));
    expect(member.state.reading.granted).toBe(0);
  });

  it('is answered once, whatever comes twice or in another order', () => {
    const member = followerOf('b');
    ask(member, 1);
    ask(member, 2);
    const first = replyTo(member, 1, 4);
    member.receive('b', replyTo(member, 2, 5));
    expect(grantsOf(member)).toEqual([[2, 5]]);
    for (const reply of [first, first, replyTo(member, 2, 5)]) {
      member.receive('b', reply);
      expect(grantsOf(member)).toEqual([]);
    }
  });

  it('waits for a leader to be known', () => {
    const member = new TestMember({ terms: [1], term: 1, commit: 1 });
    ask(member, 1);
    expect(member.sent('read-request')).toEqual([]);
    member.timeout();
    expect(member.state.role).toBe('pre-candidate');
    ask(member, 2);
    expect(member.sent('read-request')).toEqual([]);
    hear(member, 'b', 1);
    expect(member.only('read-request').message.upTo).toBe(2);
  });

  it('is asked anew in another term, of the same leader too (D7)', () => {
    const member = followerOf('b');
    ask(member, 1);
    const late = replyTo(member, 1, 4);
    hear(member, 'c', 2);
    expect(member.only('read-request')).toMatchObject({ to: 'c', message: { term: 2 } });
    member.receive('b', late);
    expect(member.state.reading.granted).toBe(0);
    hear(member, 'c', 3);
    expect(member.only('read-request')).toMatchObject({ to: 'c', message: { term: 3 } });
    member.receive('c', replyTo(member, 1, 6));
    expect(grantsOf(member)).toEqual([[1, 6]]);
  });

  it('is answered by this member when it is the next leader, by a round of its own (D7)', () => {
    const member = followerOf('b');
    ask(member, 1);
    makeLeader(member);
    member.writeAll();
    confirm(member, ['c']);
    expect(member.state.reading.granted).toBe(0);
    ack(member, 'c', member.state.log.last);
    confirm(member, ['c']);
    expect(grantsOf(member)).toEqual([[1, 2]]);
  });

  it('is asked by a learner as by a voter', () => {
    const member = followerOf('b', 'l', ['l']);
    ask(member, 1);
    expect(member.only('read-request').to).toBe('b');
    member.receive('b', replyTo(member, 1, 4));
    expect(grantsOf(member)).toEqual([[1, 4]]);
  });
});

describe('how fresh a machine is', () => {
  it('is told by the time of asking, on the clock of who asked', () => {
    const member = followerOf('b');
    member.pass(0.7);
    const askedMs = Math.floor(member.now);
    ask(member, 1);
    expect(member.only('read-request').message.atMs).toBe(askedMs);
    member.pass(40);
    member.receive('b', replyTo(member, 1, 1, { atMs: askedMs }));
    member.step({ type: 'applied', index: 1 });
    expect(isFresh(member.state, 41, askedMs + 41)).toBe(true);
    expect(isFresh(member.state, 40, askedMs + 41)).toBe(false);
  });

  it('is nothing before the machine has come that far', () => {
    const member = followerOf('b');
    ask(member, 1);
    member.receive('b', replyTo(member, 1, 2));
    expect(isFresh(member.state, 1000, member.now)).toBe(false);
    const [append, entries] = appendOf({ term: 1, prev: [1, 1], commit: 2 }, [1]);
    member.receive('b', append, entries);
    member.writeAll();
    member.step({ type: 'applied', index: 2 });
    expect(isFresh(member.state, 1000, member.now)).toBe(true);
  });

  it('stays known while the machine has not come as far as the latest answer', () => {
    const member = followerOf('b');
    ask(member, 1);
    member.step({ type: 'applied', index: 1 });
    member.pass(10);
    member.receive('b', replyTo(member, 1, 1, { atMs: member.now }));
    const firstMs = member.now;
    for (const index of [2, 3]) {
      member.pass(10);
      ask(member, index);
      member.receive('b', replyTo(member, index, index, { atMs: member.now }));
      expect(isFresh(member.state, 10 * index, firstMs + 10 * index)).toBe(true);
      expect(isFresh(member.state, 10 * index - 1, firstMs + 10 * index)).toBe(false);
    }
    const [append, entries] = appendOf({ term: 1, prev: [1, 1], commit: 3 }, [1, 1]);
    member.receive('b', append, entries);
    member.writeAll();
    // However far the leader is ahead: each answer counts as soon as the machine is there.
    member.step({ type: 'applied', index: 2 });
    expect(isFresh(member.state, 20, firstMs + 30)).toBe(true);
    expect(isFresh(member.state, 19, firstMs + 30)).toBe(false);
  });

  it('is not told by an older answer, nor by a heartbeat', () => {
    const member = followerOf('b');
    ask(member, 1);
    ask(member, 2);
    member.step({ type: 'applied', index: 1 });
    member.pass(20);
    member.receive('b', replyTo(member, 2, 1, { atMs: member.now }));
    member.receive('b', replyTo(member, 1, 1, { atMs: member.now - 20 }));
    expect(isFresh(member.state, 0, member.now)).toBe(true);
    member.pass(50);
    hear(member, 'b', 1, 5);
    expect(isFresh(member.state, 49, member.now)).toBe(false);
  });

  it('is told to a leader by its own rounds', () => {
    const member = leaderOf();
    member.step({ type: 'applied', index: 2 });
    ask(member, 1);
    const askedMs = member.now;
    member.pass(4);
    confirm(member, ['b']);
    expect(isFresh(member.state, 4, askedMs + 4)).toBe(true);
    expect(isFresh(member.state, 3, askedMs + 4)).toBe(false);
  });
});
