// What went wrong, or could, when the members of a cluster change: one test for each planted bug
// that no search finds, and for each bug that a search has found.
import { describe, expect, it } from 'vitest';
import { changed, type MembersChange, planChange } from '../../../src/raft/index.ts';
import { nextDeadline } from '../../../src/raft/raft.ts';
import {
  ack,
  appendOf,
  configOf,
  head,
  keepAlive,
  makeLeader,
  progress,
  progressOf,
  settledLeader,
  TestMember,
} from './member.ts';

function change(member: TestMember, what: MembersChange): void {
  member.change(planChange(member.state, what));
}

/** The latest change is durable here and at these others. */
function commitBy(leader: TestMember, ...others: readonly string[]): void {
  leader.writeAll();
  for (const id of others) ack(leader, id, leader.state.log.last);
}

/** A follower of b whose log holds entry 2, which says this of the members, not committed. */
function followerTold(config: ReturnType<typeof configOf>): TestMember {
  const member = new TestMember({ terms: [1], commit: 1 });
  const [append] = appendOf({ term: 2, prev: [1, 1] }, [2]);
  member.receive('b', append, [{ ...head(2), config }]);
  member.writeAll();
  return member;
}

describe('a member that is added again', () => {
  it('is taken to hold nothing, and answers to its first time do not count', () => {
    const leader = settledLeader();
    const before = { ...progress(leader, 'c') };
    expect(before.match).toBe(1);
    change(leader, { remove: ['c'] });
    commitBy(leader, 'b');
    change(leader, { add: ['c'] });
    const after = progress(leader, 'c');
    expect(after).toMatchObject({ match: 0, mode: 'probe' });
    expect(after.stream).toBeGreaterThan(before.stream);
    const { term } = leader.state;
    leader.receive('c', { type: 'append-ack', term, stream: before.stream, match: 1 });
    expect(progress(leader, 'c').match).toBe(0);
  });
});

describe('a leader that removes itself', () => {
  it('commits that, and steps down in the same step', () => {
    const leader = settledLeader();
    change(leader, { remove: ['a'] });
    leader.writeAll();
    const { last } = leader.state.log;
    ack(leader, 'b', last);
    expect(leader.state.role).toBe('leader');
    ack(leader, 'c', last);
    expect(leader.state).toMatchObject({ role: 'follower', commit: last });
    expect(leader.only('timeout-now').to).toBe('b');
  });
});

describe('a change', () => {
  it('waits for an entry of the own term, and for the one before it, to be committed', () => {
    const busy = expect.objectContaining({ code: 'ERR_MEMBERS_BUSY', outcome: 'not-applied' });
    const leader = new TestMember({ terms: [1], commit: 1 });
    makeLeader(leader);
    leader.writeAll();
    expect(() => planChange(leader.state, { remove: ['c'] })).toThrow(busy);
    leader.change(configOf({ voters: ['a', 'b'] }));
    expect(leader.state.config.voters).toEqual(['a', 'b', 'c']);
    ack(leader, 'b', leader.state.log.last);
    change(leader, { remove: ['c'] });
    expect(() => planChange(leader.state, { add: ['d'] })).toThrow(busy);
    commitBy(leader, 'b');
    change(leader, { add: ['d'] });
    expect(leader.state.config.learners).toEqual(['d']);
  });

  it('of two votes at once goes by a joint configuration, of one it does not', () => {
    const config = configOf({});
    expect(changed(config, { remove: ['c'] }).outgoing).toEqual([]);
    expect(changed(config, { remove: ['b', 'c'] }).outgoing).toEqual(['a', 'b', 'c']);
  });

  it('is counted without learners', () => {
    const leader = settledLeader({ learners: ['d', 'e'] });
    leader.propose(10);
    leader.writeAll();
    const { last } = leader.state.log;
    ack(leader, 'd', last);
    ack(leader, 'e', last);
    expect(leader.state.commit).toBe(last - 1);
    ack(leader, 'b', last);
    expect(leader.state.commit).toBe(last);
  });

  it('that is joint ends as soon as both majorities have it, and not before', () => {
    const leader = settledLeader();
    change(leader, { remove: ['b', 'c'] });
    leader.writeAll();
    expect(leader.state.config).toMatchObject({ voters: ['a'], outgoing: ['a', 'b', 'c'] });
    ack(leader, 'b', leader.state.log.last);
    expect(leader.state.config).toMatchObject({ voters: ['a'], outgoing: [] });
  });

  it('lets nobody vote that has not caught up', () => {
    const leader = settledLeader();
    change(leader, { add: ['d'] });
    commitBy(leader, 'b', 'c');
    expect(leader.state.config).toMatchObject({ voters: ['a', 'b', 'c'], learners: ['d'] });
    // Its first answer shows on which store it runs, and counts for nothing else.
    commitBy(leader, 'd');
    commitBy(leader, 'd');
    expect(leader.state.config).toMatchObject({ voters: ['a', 'b', 'c', 'd'], learners: [] });
  });

  it('is undone where its entry is truncated', () => {
    const member = followerTold(configOf({ voters: ['a', 'b'] }));
    expect(member.state.config.voters).toEqual(['a', 'b']);
    member.receive('c', ...appendOf({ term: 3, prev: [1, 1] }, [3]));
    expect(member.state.config.voters).toEqual(['a', 'b', 'c']);
  });
});

describe('a removed member', () => {
  it('stands until its removal is committed, and never after', () => {
    const member = followerTold(configOf({ voters: ['b', 'c'] }));
    member.timeout();
    expect(member.state.role).toBe('pre-candidate');
    member.receive('b', ...appendOf({ term: 2, prev: [2, 2], commit: 2 }));
    member.timeout();
    expect(member.state).toMatchObject({ role: 'follower', leader: undefined });
    expect(nextDeadline(member.state)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is sent its removal, and let go of once it knows that it is committed', () => {
    const leader = settledLeader();
    change(leader, { remove: ['c'] });
    expect(leader.sentTo('c')).toHaveLength(1);
    commitBy(leader, 'b', 'c');
    leader.step({ type: 'timeout' });
    expect(leader.sentTo('c')).toMatchObject([{ type: 'commit-notice', commit: 2 }]);
    keepAlive(leader, 20, 'b');
    expect(progressOf(leader).map(([id]) => id)).toEqual(['b']);
  });

  it('that is gone is let go of in the end', () => {
    const leader = settledLeader();
    change(leader, { remove: ['c'] });
    commitBy(leader, 'b');
    keepAlive(leader, 1000, 'b');
    expect(progressOf(leader).map(([id]) => id)).toEqual(['b', 'c']);
    keepAlive(leader, 1100, 'b');
    expect(progressOf(leader).map(([id]) => id)).toEqual(['b']);
  });
});

describe('a learner', () => {
  it('never stands, whoever asks it to', () => {
    const member = new TestMember({ id: 'd', learners: ['d'], terms: [1], commit: 1 });
    expect(nextDeadline(member.state)).toBe(Number.POSITIVE_INFINITY);
    member.receive('b', ...appendOf({ term: 1, prev: [1, 1] }));
    member.receive('b', { type: 'timeout-now', term: 1, round: 1 });
    member.step({ type: 'campaign' });
    expect(member.state.role).toBe('follower');
  });
});
