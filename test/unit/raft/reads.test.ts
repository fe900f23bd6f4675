// Linearizable reads at a leader: what confirms one, what does not, and who is told (thesis §6.4).
import { describe, expect, it } from 'vitest';
import { cloneState, holdsLease, nextDeadline } from '../../../src/raft/index.ts';
import { change, commitBy, leaderOf } from './changing.ts';
import { ack, heartbeatAck, incarnationOf, makeLeader, progress, TestMember } from './member.ts';
import { ask, confirm, grantsOf, hear, requestOf, roundOf } from './reading.ts';

describe('a read at a leader', () => {
  it('waits for the first entry of its term to be committed (D1)', () => {
    const member = new TestMember({ terms: [1] });
    makeLeader(member);
    member.writeAll();
    ask(member, 1);
    confirm(member, ['b', 'c']);
    member.timeout();
    confirm(member, ['b', 'c']);
    expect(member.state.reading.granted).toBe(0);
    expect(member.state.leading?.reads.batch).toBeUndefined();
    ack(member, 'b', member.state.log.last);
    expect(grantsOf(member)).toEqual([]);
    confirm(member, ['b']);
    expect(grantsOf(member)).toEqual([[1, 2]]);
  });

  it('begins a round with the voters at once, and is granted when a majority answers it', () => {
    const member = leaderOf({ learners: ['l'] });
    ask(member, 1);
    expect(member.sent('heartbeat').map(({ to }) => to)).toEqual(['b', 'c']);
    confirm(member, ['c']);
    expect(grantsOf(member)).toEqual([[1, member.state.commit]]);
    confirm(member, ['b']);
    expect(grantsOf(member)).toEqual([]);
  });

  it('is not confirmed by a round that was sent before it (D3)', () => {
    const member = leaderOf();
    member.timeout();
    const before = roundOf(member);
    ask(member, 1);
    confirm(member, ['b', 'c'], before);
    expect(member.state.reading.granted).toBe(0);
    confirm(member, ['b'], before + 1);
    expect(member.state.reading.granted).toBe(1);
  });

  it('is confirmed by any later round, should its own be lost', () => {
    const member = leaderOf();
    ask(member, 1);
    member.timeout();
    confirm(member, ['b']);
    expect(member.state.reading.granted).toBe(1);
  });

  it('that comes while a round is under way has the next one, with all that come by then', () => {
    const member = leaderOf();
    ask(member, 1);
    const first = roundOf(member);
    for (let upTo = 2; upTo <= 9; upTo++) {
      ask(member, upTo);
      expect(member.sent('heartbeat')).toEqual([]);
    }
    confirm(member, ['b']);
    expect(grantsOf(member)).toEqual([[1, 2]]);
    expect(roundOf(member)).toBe(first + 1);
    expect(member.sent('heartbeat')).toHaveLength(2);
    confirm(member, ['c'], first);
    expect(member.state.reading.granted).toBe(1);
    confirm(member, ['c']);
    expect(grantsOf(member)).toEqual([[9, 2]]);
    expect(roundOf(member)).toBe(first + 1);
  });

  it('needs what is committed when its round begins, not when that is answered', () => {
    const member = leaderOf();
    ask(member, 1);
    const { commit } = member.state;
    member.propose(1);
    commitBy(member, 'b', 'c');
    expect(member.state.commit).toBe(commit + 1);
    confirm(member, ['b']);
    expect(grantsOf(member)).toEqual([[1, commit]]);
  });

  it.each([
    ['of a round that was not sent', 'b', { round: 99 }],
    ['of an older term', 'b', { term: 1 }],
    ['of a learner', 'l', {}],
    ['of somebody unknown', 'x', {}],
  ])('is not confirmed by an acknowledgement %s (D3)', (_, from, parts) => {
    const member = leaderOf({ learners: ['l'] });
    ask(member, 1);
    member.receive(from, heartbeatAck(member, from, parts));
    expect(member.state.reading.granted).toBe(0);
    expect(member.state.role).toBe('leader');
  });

  it('is not confirmed from another store under a voter’s id (D3)', () => {
    const member = leaderOf();
    ask(member, 1);
    member.receiveAs(incarnationOf('b') + 1000, 'b', heartbeatAck(member, 'b'));
    expect(member.state.reading.granted).toBe(0);
  });

  it('is confirmed by who refuses entries: another stream, the same leader', () => {
    const member = leaderOf();
    ask(member, 1);
    member.receive('b', { ...heartbeatAck(member, 'b'), stream: 77 });
    expect(member.state.reading.granted).toBe(1);
  });

  it('ends with a newer term, and is asked of the next leader', () => {
    const member = leaderOf();
    ask(member, 1);
    const late = heartbeatAck(member, 'b');
    member.receive('c', { type: 'stale-term', term: 5 });
    member.receive('b', late);
    expect(member.state.reading.granted).toBe(0);
    hear(member, 'c', 6);
    expect(member.only('read-request')).toMatchObject({ to: 'c', message: { term: 6, upTo: 1 } });
  });

  it('needs a majority of each half of a joint configuration', () => {
    const member = leaderOf({ voters: ['a', 'b', 'c', 'd', 'e'] });
    change(member, { remove: ['d', 'e'] });
    ask(member, 1);
    confirm(member, ['d', 'e']);
    expect(member.state.reading.granted).toBe(0);
    confirm(member, ['b']);
    expect(member.state.reading.granted).toBe(1);
  });

  it('needs nobody in a cluster of one', () => {
    const member = leaderOf({ voters: ['a'], learners: ['l'] });
    ask(member, 3);
    expect(grantsOf(member)).toEqual([[3, member.state.commit]]);
    expect(member.sent('heartbeat')).toEqual([]);
    member.receive('l', requestOf(member, 4));
    expect(member.only('read-reply')).toMatchObject({ to: 'l', message: { upTo: 4 } });
  });

  it('is confirmed by a majority without a leader that has no vote any more', () => {
    const member = leaderOf();
    change(member, { remove: ['a'] });
    ask(member, 1);
    confirm(member, ['b']);
    expect(member.state.reading.granted).toBe(0);
    confirm(member, ['c']);
    expect(member.state.reading.granted).toBe(1);
  });
});

describe('rounds of reads', () => {
  it('do not tell of lost entries: only heartbeats do', () => {
    const member = leaderOf();
    member.propose(1);
    for (let upTo = 1; upTo <= 10; upTo++) {
      ask(member, upTo);
      for (const { message } of member.sent('heartbeat')) expect(message.sent).toBe(0);
      confirm(member, ['b', 'c']);
      expect(member.sent('append')).toEqual([]);
    }
    expect(progress(member, 'b')).toMatchObject({ missing: 0, patience: 1 });
  });

  it('do not put off the heartbeats', () => {
    const member = leaderOf();
    member.timeout();
    const due = nextDeadline(member.state);
    for (let upTo = 1; upTo <= 5; upTo++) {
      member.pass(1);
      ask(member, upTo);
      confirm(member, ['b', 'c']);
    }
    expect(nextDeadline(member.state)).toBe(due);
  });

  it('extend the lease as heartbeats do', () => {
    const member = leaderOf();
    ask(member, 1);
    expect(holdsLease(member.state, member.now, 0)).toBe(false);
    confirm(member, ['b']);
    expect(holdsLease(member.state, member.now, 0)).toBe(true);
  });

  it('keep no more than one question of each member', () => {
    const member = leaderOf({ voters: ['a', 'b', 'c', 'd', 'e'], learners: ['l'] });
    for (let upTo = 1; upTo <= 200; upTo++) {
      ask(member, upTo);
      for (const id of ['b', 'c', 'd', 'e', 'l']) member.receive(id, requestOf(member, upTo));
      for (const id of ['x', 'y', 'z']) member.receive(id, requestOf(member, upTo));
    }
    const { batch, waiting } = member.state.leading?.reads ?? {};
    expect(batch?.asks.size).toBe(1);
    expect([...(waiting?.keys() ?? [])].sort()).toEqual(['b', 'c', 'd', 'e', 'l']);
    confirm(member, ['b', 'c']);
    expect(member.sent('read-reply')).toEqual([]);
    confirm(member, ['b', 'c']);
    expect(member.state.reading.granted).toBe(200);
    expect(member.state.leading?.reads).toMatchObject({ batch: undefined });
    expect(member.state.leading?.reads.waiting.size).toBe(0);
  });

  it('are copied with a state: a copy goes on by itself', () => {
    const member = leaderOf();
    ask(member, 1);
    member.receive('b', requestOf(member, 4));
    const copy = cloneState(member.state);
    confirm(member, ['b']);
    confirm(member, ['b']);
    expect(copy.reading.granted).toBe(0);
    expect([...(copy.leading?.reads.waiting.keys() ?? [])]).toEqual(['b']);
  });
});

describe('a leader that is asked for others', () => {
  it('answers with their own numbers, and what is committed', () => {
    const member = leaderOf();
    member.receive('b', requestOf(member, 7, { boot: 3 }));
    expect(member.sent('heartbeat')).toHaveLength(2);
    confirm(member, ['c']);
    expect(member.only('read-reply')).toMatchObject({
      to: 'b',
      message: { incarnation: incarnationOf('b'), boot: 3, upTo: 7, atMs: 500, index: 2 },
    });
  });

  it('answers all of them, and itself, by one round', () => {
    const member = leaderOf();
    ask(member, 1);
    for (const from of ['b', 'c']) member.receive(from, requestOf(member, 5));
    ask(member, 8);
    confirm(member, ['b']);
    const second = roundOf(member);
    confirm(member, ['b']);
    expect(grantsOf(member)).toEqual([[8, 2]]);
    expect(member.sent('read-reply').map(({ to }) => to)).toEqual(['b', 'c']);
    expect(roundOf(member)).toBe(second);
  });

  it('of another term, or that leads no more, does not answer', () => {
    const member = leaderOf();
    member.receive('b', requestOf(member, 1, { term: 1 }));
    expect(member.state.leading?.reads.batch).toBeUndefined();
    member.receive('b', requestOf(member, 1));
    member.receive('c', { type: 'stale-term', term: 9 });
    member.receive('b', requestOf(member, 2));
    confirm(member, ['b', 'c']);
    expect(member.effects.filter(({ type }) => type === 'send')).toEqual([]);
  });

  it('answers no stranger', () => {
    const member = leaderOf();
    member.receive('x', requestOf(member, 1));
    expect(member.state.leading?.reads.waiting.size).toBe(0);
    expect(member.state.leading?.reads.batch).toBeUndefined();
  });

  it('goes on to answer while it hands over, and after it has asked the other to stand', () => {
    const member = leaderOf();
    member.propose(1);
    member.step({ type: 'transfer', to: 'b' });
    ask(member, 1);
    confirm(member, ['c']);
    expect(member.state.reading.granted).toBe(1);
    commitBy(member, 'b');
    expect(member.state.leading?.yielded.has('b')).toBe(true);
    ask(member, 2);
    confirm(member, ['c']);
    expect(member.state.reading.granted).toBe(2);
    expect(holdsLease(member.state, member.now, 0)).toBe(false);
  });

  it('does not count who follows its successor already', () => {
    const member = leaderOf();
    member.step({ type: 'transfer', to: 'b' });
    ask(member, 1);
    member.receive('c', heartbeatAck(member, 'c', { term: member.state.term + 1 }));
    expect(member.state).toMatchObject({ role: 'follower' });
    expect(member.state.reading.granted).toBe(0);
  });
});
