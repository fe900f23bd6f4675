import { describe, expect, it } from 'vitest';
import { planTransfer } from '../../../src/raft/index.ts';
import { change, commitBy, configsAt, hearBeats, leaderOf } from './changing.ts';
import { ack, appendOf, configOf, progress, TestMember } from './member.ts';

const beat = (round: number, term = 2) =>
  ({ type: 'heartbeat', term, stream: 1, round, commit: 1, sent: 0 }) as const;
const timeoutNow = (round: number, term = 2) => ({ type: 'timeout-now', term, round }) as const;

/** It follows b in term 2, and has heard round 5. */
function follower(): TestMember {
  const member = new TestMember({ terms: [1], term: 2 });
  member.receive('b', ...appendOf({ term: 2, prev: [1, 1] }, [2]));
  member.receive('b', beat(5));
  member.writeAll();
  return member;
}

describe('a leader that hands over', () => {
  it('has the next one stand at once when its log is whole there', () => {
    const member = leaderOf();
    member.step({ type: 'transfer', to: 'b' });
    expect(member.only('timeout-now')).toMatchObject({ to: 'b', message: { term: 2, round: 1 } });
  });

  it('waits for the whole log of one that lags behind (E11)', () => {
    const member = leaderOf();
    member.propose(1, 1);
    member.step({ type: 'transfer', to: 'c' });
    expect(member.sent('timeout-now')).toEqual([]);
    ack(member, 'c', member.state.log.last - 1);
    expect(member.sent('timeout-now')).toEqual([]);
    ack(member, 'b', member.state.log.last);
    expect(member.sent('timeout-now')).toEqual([]);
    ack(member, 'c', member.state.log.last);
    expect(member.only('timeout-now').to).toBe('c');
  });

  it('takes no proposals and no changes meanwhile, and all of them afterwards', () => {
    const member = leaderOf();
    member.step({ type: 'transfer', to: 'b' });
    const { last } = member.state.log;
    member.propose(1);
    expect(member.state.log.last).toBe(last);
    expect(() => change(member, { learners: ['d'] })).toThrow(
      expect.objectContaining({ code: 'ERR_MEMBERS_BUSY', message: expect.stringMatching(/to b/) }),
    );
    member.pass(member.state.options.electionMaxMs - 1);
    hearBeats(member, 'b', 'c');
    member.propose(1);
    expect(member.state.log.last).toBe(last);
    member.pass(1);
    member.step({ type: 'timeout' });
    member.propose(1);
    expect(member.state.log.last).toBe(last + 1);
    expect(member.state.role).toBe('leader');
  });

  it('asks again when something is heard of it: the first word may be lost (E11)', () => {
    const member = leaderOf();
    member.step({ type: 'transfer', to: 'b' });
    member.timeout();
    hearBeats(member, 'b');
    expect(member.only('timeout-now').message.round).toBe(2);
  });

  it('appends nothing, not even the end of a joint configuration', () => {
    const member = leaderOf({ voters: ['a', 'b', 'c', 'd', 'e'] });
    change(member, { remove: ['d', 'e'] });
    const joint = member.state.log.last;
    member.writeAll();
    ack(member, 'b', joint);
    member.step({ type: 'transfer', to: 'b' });
    ack(member, 'c', joint);
    expect(member.state).toMatchObject({ commit: joint, log: { last: joint } });
    member.pass(member.state.options.electionMaxMs);
    hearBeats(member, 'b', 'c');
    member.step({ type: 'timeout' });
    expect(member.state.log.last).toBe(joint + 1);
    expect(member.state.config.outgoing).toEqual([]);
  });

  it('takes a second call in place of the first', () => {
    const member = leaderOf();
    member.propose(1);
    member.step({ type: 'transfer', to: 'b' });
    member.step({ type: 'transfer', to: 'c' });
    ack(member, 'b', member.state.log.last);
    expect(member.sent('timeout-now')).toEqual([]);
    ack(member, 'c', member.state.log.last);
    expect(member.only('timeout-now').to).toBe('c');
  });

  it.each(['a', 'l', 'x'])('does nothing for %s, which has no vote, or is itself', (to) => {
    const member = leaderOf({ learners: ['l'] });
    member.step({ type: 'transfer', to });
    expect(member.effects).toEqual([]);
    expect(member.state.leading?.handover).toBeUndefined();
  });
});

describe('a plan to hand over', () => {
  it('is for the voter that holds most, of equal ones the one heard last', () => {
    const member = leaderOf();
    member.pass(1);
    ack(member, 'b', member.state.log.last);
    expect(planTransfer(member.state, undefined)).toBe('b');
    member.propose(1);
    ack(member, 'c', member.state.log.last);
    expect(planTransfer(member.state, undefined)).toBe('c');
    expect(planTransfer(member.state, 'b')).toBe('b');
  });

  it.each([
    [{ learners: ['l'] }, 'l', /to is "l"; accepted: b, c$/],
    [{}, 'a', /to is "a"; accepted: b, c$/],
    [{ voters: ['a'] }, undefined, /accepted: nobody: it is the only voter$/],
  ])('for nobody that could lead is refused, with who could: %j, %s', (init, to, message) => {
    const member = leaderOf(init);
    expect(() => planTransfer(member.state, to)).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_OPTION',
        outcome: 'not-applied',
        message: expect.stringMatching(message),
      }),
    );
  });

  it('is only a leader’s', () => {
    const member = follower();
    expect(() => planTransfer(member.state, 'c')).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_LEADER', leader: 'b', retryable: true }),
    );
  });
});

describe('a member that is asked to take over', () => {
  it('stands at once, and its request is honoured by those who hear a leader', () => {
    const member = follower();
    member.receive('b', timeoutNow(5));
    expect(member.state).toMatchObject({ role: 'candidate', term: 3, votedFor: 'a' });
    const [request] = member.sent('vote-request');
    expect(request?.message.forced).toBe(true);

    const other = new TestMember({ id: 'c', terms: [1], term: 2 });
    other.receive('b', ...appendOf({ term: 2, prev: [1, 1] }, [2]));
    const vote = { type: 'vote-request', wallMs: 0, term: 3, lastIndex: 2, lastTerm: 2 } as const;
    other.receive('a', { ...vote, forced: false });
    expect(other.sent('vote-reply')).toEqual([]);
    other.receive('a', { ...vote, forced: true });
    expect(other.only('vote-reply').message.granted).toBe(true);
  });

  it('does not after it has heard a later round: that was called off', () => {
    const member = follower();
    member.receive('b', beat(6));
    member.receive('b', timeoutNow(5));
    expect(member.state.role).toBe('follower');
    member.receive('b', timeoutNow(6));
    expect(member.state.role).toBe('candidate');
  });

  it('remembers that round when it has stood in vain since, and follows again', () => {
    const member = follower();
    member.receive('b', beat(6));
    member.pass(300);
    member.timeout();
    expect(member.state.role).toBe('pre-candidate');
    member.receive('b', ...appendOf({ term: 2, prev: [2, 2] }, [2]));
    expect(member.state).toMatchObject({ role: 'follower', leader: 'b' });
    member.receive('b', timeoutNow(5));
    expect(member.state.role).toBe('follower');
  });

  it('has heard of a round at all: a restart forgets what was called off', () => {
    const member = new TestMember({ terms: [1, 2], term: 2, restarted: true });
    member.receive('b', ...appendOf({ term: 2, prev: [2, 2] }, [2]));
    member.receive('b', timeoutNow(5));
    expect(member.state.role).toBe('follower');
    member.receive('b', beat(7));
    member.receive('b', timeoutNow(5));
    expect(member.state.role).toBe('follower');
    member.receive('b', timeoutNow(7));
    expect(member.state.role).toBe('candidate');
  });

  it('forgets the rounds of the leader before', () => {
    const member = follower();
    member.receive('c', beat(1, 3));
    member.receive('c', timeoutNow(1, 3));
    expect(member.state).toMatchObject({ role: 'candidate', term: 4 });
    const voter = follower();
    voter.pass(300);
    voter.timeout();
    voter.receive('c', { type: 'pre-vote-reply', term: 2, campaign: 3, granted: true });
    voter.receive('c', beat(1, 3));
    voter.receive('c', timeoutNow(1, 3));
    expect(voter.state).toMatchObject({ role: 'candidate', term: 4 });
  });

  it('does not for whoever is not the leader of its term', () => {
    const member = follower();
    member.receive('c', timeoutNow(9));
    member.receive('b', timeoutNow(9, 1));
    member.receive('b', timeoutNow(9, 3));
    expect(member.state).toMatchObject({ role: 'follower', term: 2 });
  });

  it('does not as a learner, or once it is known to be removed', () => {
    for (const config of [
      configOf({ voters: ['b', 'c'], learners: ['a'] }),
      configOf({ voters: ['b', 'c'] }),
    ]) {
      const member = new TestMember({
        terms: [1],
        term: 2,
        commit: 1,
        configs: configsAt([1, config]),
      });
      member.receive('b', beat(5));
      member.receive('b', timeoutNow(5));
      expect(member.state.role).toBe('follower');
    }
  });
});

describe('the one that was asked', () => {
  it('may still come when the leader goes on, and its election ends that', () => {
    const member = leaderOf();
    member.step({ type: 'transfer', to: 'b' });
    member.pass(250);
    hearBeats(member, 'b', 'c');
    member.step({ type: 'timeout' });
    expect(member.state.leading?.handover).toBeUndefined();
    commitBy(member, 'b', 'c');
    expect(progress(member, 'b').match).toBe(member.state.log.last);
    const vote = { type: 'vote-request', wallMs: 0, term: 3, lastIndex: 2, lastTerm: 2 } as const;
    member.receive('b', { ...vote, forced: true });
    expect(member.state).toMatchObject({ role: 'follower', term: 3, votedFor: 'b' });
  });
});
