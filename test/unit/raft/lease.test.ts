import { describe, expect, it } from 'vitest';
import { leaseUntil } from '../../../src/raft/index.ts';
import { change, commitBy, hearBeats, leaderOf } from './changing.ts';
import { ack, makeLeader, progress, TestMember } from './member.ts';

/** What a voter promised, less what another clock may be faster, less what jumps go unseen. */
const LENGTH_MS = 95 - 10;

/** A leader without a lease; the time at which it then sends its next round. */
function beating(init: Parameters<typeof leaderOf>[0] = {}): [TestMember, number] {
  const member = leaderOf(init);
  member.timeout();
  return [member, member.now];
}

describe('a lease', () => {
  it('starts when the round that a majority has acknowledged was sent', () => {
    const [member, sentMs] = beating();
    member.pass(7);
    hearBeats(member, 'b');
    expect(leaseUntil(member.state)).toBe(sentMs + LENGTH_MS);
  });

  it('needs a majority: of five, two others', () => {
    const [member, sentMs] = beating({ voters: ['a', 'b', 'c', 'd', 'e'] });
    hearBeats(member, 'b');
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
    hearBeats(member, 'c');
    expect(leaseUntil(member.state)).toBe(sentMs + LENGTH_MS);
  });

  it('is of each half of a joint configuration', () => {
    const member = leaderOf({ voters: ['a', 'b', 'c', 'd', 'e'] });
    change(member, { remove: ['d', 'e'] });
    member.timeout();
    hearBeats(member, 'd', 'e');
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
    hearBeats(member, 'b');
    expect(leaseUntil(member.state)).toBe(member.now + LENGTH_MS);
  });

  it('is not given by a learner', () => {
    const [member] = beating({ learners: ['l', 'm', 'n'] });
    hearBeats(member, 'l', 'm', 'n');
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('is not made longer by the acknowledgement of an older round', () => {
    const [member] = beating();
    const { stream } = progress(member, 'b');
    const first = member.state.leading?.round ?? 0;
    const firstMs = member.now;
    member.timeout();
    const reply = {
      type: 'heartbeat-ack',
      patienceMs: 100,
      wallMs: 0,
      term: 2,
      stream,
      sent: 0,
      received: 0,
      match: 0,
    } as const;
    member.receive('b', { ...reply, round: first });
    expect(leaseUntil(member.state)).toBe(firstMs + LENGTH_MS);
    member.receive('b', { ...reply, round: first + 1 });
    member.receive('b', { ...reply, round: first });
    expect(leaseUntil(member.state)).toBe(member.now + LENGTH_MS);
  });

  it('is not made by a round that was not sent, or that is forgotten', () => {
    const [member] = beating();
    const { stream } = progress(member, 'b');
    const reply = {
      type: 'heartbeat-ack',
      patienceMs: 100,
      wallMs: 0,
      term: 2,
      stream,
      sent: 0,
      received: 0,
      match: 0,
    } as const;
    member.receive('b', { ...reply, round: 99 });
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
    for (let round = 0; round < 70; round++) {
      member.timeout();
      ack(member, 'c', member.state.log.last);
    }
    member.receive('b', { ...reply, round: 2 });
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('is none before an entry of the own term is committed', () => {
    const member = new TestMember({ terms: [1] });
    makeLeader(member);
    member.writeAll();
    hearBeats(member, 'b', 'c');
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
    ack(member, 'b', member.state.log.last);
    expect(leaseUntil(member.state)).toBe(member.now + LENGTH_MS);
  });

  it('is none of a follower', () => {
    expect(leaseUntil(new TestMember({ terms: [1] }).state)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('is by the configuration in force: a voter that joins gives it, too', () => {
    const member = leaderOf({ voters: ['a'], learners: ['b'] });
    member.timeout();
    expect(leaseUntil(member.state)).toBe(Number.POSITIVE_INFINITY);
    change(member, { promote: ['b'] });
    commitBy(member, 'b');
    expect(member.state.config.voters).toEqual(['a', 'b']);
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
    hearBeats(member, 'b');
    expect(leaseUntil(member.state)).toBe(member.now + LENGTH_MS);
  });
});

describe('a leader that hands over', () => {
  const giveUp = (member: TestMember, ...heard: readonly string[]) => {
    member.pass(member.state.options.electionMaxMs);
    hearBeats(member, ...heard);
    member.step({ type: 'timeout' });
    expect(member.state.leading?.handover).toBeUndefined();
  };

  it('has no lease, and none until the other has heard that it is called off', () => {
    const [member] = beating();
    hearBeats(member, 'b', 'c');
    member.step({ type: 'transfer', to: 'b' });
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
    giveUp(member, 'b', 'c');
    hearBeats(member, 'c');
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
    hearBeats(member, 'b');
    expect(leaseUntil(member.state)).toBe(member.now + LENGTH_MS);
  });

  it('has one again at once when nobody was asked yet', () => {
    const [member] = beating();
    member.propose(1);
    member.step({ type: 'transfer', to: 'b' });
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
    giveUp(member, 'b', 'c');
    hearBeats(member, 'c');
    expect(leaseUntil(member.state)).toBe(member.now + LENGTH_MS);
  });

  it('to two, one after the other, waits for both', () => {
    const [member] = beating();
    member.step({ type: 'transfer', to: 'b' });
    giveUp(member, 'b', 'c');
    member.step({ type: 'transfer', to: 'c' });
    giveUp(member, 'c');
    hearBeats(member, 'c');
    // b may still be about to stand, and c would vote for it.
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
    hearBeats(member, 'b');
    expect(leaseUntil(member.state)).toBe(member.now + LENGTH_MS);
  });
});
