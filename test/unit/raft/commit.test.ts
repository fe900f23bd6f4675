import { describe, expect, it } from 'vitest';
import { ack, appendOf, makeLeader, progress, settledLeader, TestMember } from './member.ts';

const FIVE = ['a', 'b', 'c', 'd', 'e'];

describe('a leader', () => {
  it('commits entries of an earlier term only under one of its own (C1, figure 8)', () => {
    // Entry 2 of term 2 lies on a majority and may still be overwritten: S1 of figure 8 in term 4.
    const member = new TestMember({ voters: FIVE, terms: [1, 2], term: 3 });
    makeLeader(member);
    member.writeAll();
    expect(member.state).toMatchObject({ term: 4, commit: 0 });
    ack(member, 'b', 2);
    ack(member, 'c', 2);
    expect(member.state.commit).toBe(0);
    ack(member, 'b', 3);
    expect(member.state.commit).toBe(0);
    ack(member, 'c', 3);
    expect(member.state.commit).toBe(3);
    expect(member.applying).toBe(3);
  });

  it('commits its own entries when earlier ones lie before them on the way (C2)', () => {
    const member = new TestMember({ voters: FIVE, terms: [1, 1, 2, 2, 3], term: 3 });
    makeLeader(member);
    member.writeAll();
    for (const from of ['b', 'c', 'd', 'e']) ack(member, from, 5);
    expect(member.state.commit).toBe(0);
    ack(member, 'd', 6);
    ack(member, 'e', 6);
    expect(member.state.commit).toBe(6);
  });

  it('counts its own log only as far as it is durable', () => {
    const member = settledLeader();
    member.propose(1);
    ack(member, 'b', 2);
    expect(member.state.commit).toBe(1);
    member.writeOne();
    expect(member.state.commit).toBe(2);
  });

  it('commits without its own disk when a majority of the others has the entry', () => {
    const member = settledLeader();
    member.propose(1);
    ack(member, 'b', 2);
    ack(member, 'c', 2);
    expect(member.state.commit).toBe(2);
    // And applies it no sooner than it is durable here.
    expect(member.applying).toBe(0);
    member.writeOne();
    expect(member.applying).toBe(2);
  });

  it('counts no learner', () => {
    const member = new TestMember({ voters: FIVE, learners: ['l'] });
    makeLeader(member);
    member.writeAll();
    ack(member, 'b', 1);
    ack(member, 'l', 1);
    expect(member.state.commit).toBe(0);
    ack(member, 'c', 1);
    expect(member.state.commit).toBe(1);
  });

  it('commits in a joint configuration what both halves hold', () => {
    const member = new TestMember({ voters: ['a', 'b', 'c'], outgoing: ['c', 'd', 'e'] });
    makeLeader(member);
    member.writeAll();
    ack(member, 'b', 1);
    ack(member, 'd', 1);
    expect(member.state.commit).toBe(0);
    ack(member, 'e', 1);
    expect(member.state.commit).toBe(1);
  });

  it('tells an idle follower at once, by a notice, what was committed', () => {
    const member = new TestMember();
    makeLeader(member);
    member.writeAll();
    ack(member, 'b', 1);
    expect(member.state.commit).toBe(1);
    expect(member.sent('commit-notice')).toEqual([]);
    // It is due now, without a heartbeat in between, and to those alone who can use it.
    const { now } = member;
    member.timeout();
    expect(member.now).toBe(now);
    expect(member.effects).toEqual([
      {
        ...{ type: 'send', to: 'b', after: 0 },
        message: { type: 'commit-notice', term: 1, commit: 1 },
      },
    ]);
    member.step({ type: 'timeout' });
    expect(member.effects).toEqual([]);
    ack(member, 'c', 1);
    member.timeout();
    expect(member.only('commit-notice').to).toBe('c');
  });

  it('sends no notice where an append carries the news', () => {
    const member = settledLeader();
    member.propose(1);
    member.writeAll();
    ack(member, 'b', 2);
    member.propose(1);
    expect(member.sent('append').find(({ to }) => to === 'b')?.message.commit).toBe(2);
    member.step({ type: 'timeout' });
    expect(member.sent('commit-notice')).toEqual([]);
  });

  it('sends no notice where a heartbeat carries the news', () => {
    const member = new TestMember();
    makeLeader(member);
    member.writeAll();
    ack(member, 'b', 1);
    member.pass(10);
    member.step({ type: 'timeout' });
    expect(member.sent('heartbeat').map(({ to, message }) => [to, message.commit])).toEqual([
      ['b', 1],
      ['c', 0],
    ]);
    expect(member.sent('commit-notice')).toEqual([]);
  });

  it('caps the commit index of a heartbeat at what the follower acknowledged (C5)', () => {
    const member = settledLeader();
    member.propose(1);
    member.propose(1);
    member.writeAll();
    ack(member, 'b', 3);
    expect(member.state.commit).toBe(3);
    member.pass(10);
    member.timeout();
    const commits = member.sent('heartbeat').map(({ to, message }) => [to, message.commit]);
    expect(commits).toEqual([
      ['b', 3],
      ['c', progress(member, 'c').match],
    ]);
    expect(progress(member, 'c').match).toBe(1);
  });
});

describe('a follower', () => {
  const heartbeat = { type: 'heartbeat', term: 3, stream: 1, round: 1, sent: 0 } as const;

  it('commits at most what an empty append has verified, not its divergent tail (C3)', () => {
    const member = new TestMember({ terms: [1, 1, 2, 2], commit: 1 });
    member.receive('b', ...appendOf({ term: 3, prev: [2, 1], commit: 4 }));
    expect(member.state.commit).toBe(2);
    expect(member.state.log.last).toBe(4);
    expect(member.applying).toBe(2);
  });

  it('commits at most what an append with entries has verified (C3)', () => {
    const member = new TestMember({ terms: [1, 1, 1, 1, 1], commit: 1 });
    member.receive('b', ...appendOf({ term: 3, prev: [1, 1], commit: 9 }, [1, 1]));
    expect(member.state.commit).toBe(3);
  });

  it('commits less than it holds when the leader says so', () => {
    const member = new TestMember();
    member.receive('b', ...appendOf({ term: 3, commit: 1 }, [1, 1, 3]));
    member.writeAll();
    expect([member.state.commit, member.applying]).toEqual([1, 1]);
  });

  it('never takes its commit index back (C4)', () => {
    const member = new TestMember({ terms: [1, 1, 1], commit: 3 });
    member.receive('b', ...appendOf({ term: 3, prev: [3, 1], commit: 1 }));
    member.receive('b', { ...heartbeat, commit: 0 });
    member.receive('b', { type: 'commit-notice', term: 3, commit: 2 });
    expect(member.state.commit).toBe(3);
  });

  it('caps the commit index of a heartbeat and a notice at what was verified (C5)', () => {
    const told = [
      { ...heartbeat, commit: 9 },
      { type: 'commit-notice', term: 3, commit: 9 } as const,
    ];
    for (const message of told) {
      const member = new TestMember({ terms: [1, 1, 1, 2] });
      member.receive('b', message);
      expect(member.state.commit).toBe(0);
      member.receive('b', ...appendOf({ term: 3, prev: [2, 1] }));
      member.receive('b', message);
      expect(member.state.commit).toBe(2);
    }
  });

  it('forgets what an earlier leader has verified (C5)', () => {
    const member = new TestMember({ terms: [1, 1, 1] });
    member.receive('b', ...appendOf({ term: 3, prev: [3, 1] }));
    member.receive('c', { ...heartbeat, term: 4, commit: 3 });
    expect(member.state).toMatchObject({ leader: 'c', commit: 0 });
    member.receive('c', ...appendOf({ term: 4, prev: [1, 1], commit: 3 }));
    expect(member.state.commit).toBe(1);
  });

  it('applies what is committed no sooner than it is durable', () => {
    const member = new TestMember();
    member.receive('b', ...appendOf({ term: 3, commit: 2 }, [1, 1, 3]));
    expect([member.state.commit, member.applying]).toEqual([2, 0]);
    member.writeOne();
    expect(member.applying).toBe(2);
    member.receive('b', ...appendOf({ term: 3, prev: [3, 3], commit: 3 }));
    expect(member.applying).toBe(3);
  });

  it('has nothing applied twice', () => {
    const member = new TestMember({ terms: [1, 1, 1] });
    const append = appendOf({ term: 3, prev: [3, 1], commit: 3 });
    member.receive('b', ...append);
    expect(member.applying).toBe(3);
    member.receive('b', ...append);
    expect(member.applying).toBe(0);
  });
});
