import { describe, expect, it } from 'vitest';
import { holdsLease, leaseUntil } from '../../../src/raft/index.ts';
import { change, commitBy, hearBeats, leaderOf } from './changing.ts';
import { ack, heartbeatAck, makeLeader, progress, TestMember } from './member.ts';

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
    const first = member.state.leading?.round ?? 0;
    const firstMs = member.now;
    member.timeout();
    member.receive('b', heartbeatAck(member, 'b', { round: first }));
    expect(leaseUntil(member.state)).toBe(firstMs + LENGTH_MS);
    member.receive('b', heartbeatAck(member, 'b', { round: first + 1 }));
    member.receive('b', heartbeatAck(member, 'b', { round: first }));
    expect(leaseUntil(member.state)).toBe(member.now + LENGTH_MS);
  });

  it('is not made by a round that was not sent, or that is forgotten', () => {
    const [member] = beating();
    member.receive('b', heartbeatAck(member, 'b', { round: 99 }));
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
    for (let round = 0; round < 70; round++) {
      member.timeout();
      ack(member, 'c', member.state.log.last);
    }
    member.receive('b', heartbeatAck(member, 'b', { round: 2 }));
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

describe('how long a lease is', () => {
  it('is what the largest promises of a majority come to, each from its own round', () => {
    const [member, sentMs] = beating({ voters: ['a', 'b', 'c', 'd', 'e'] });
    member.receive('b', heartbeatAck(member, 'b', { patienceMs: 200 }));
    member.receive('c', heartbeatAck(member, 'c', { patienceMs: 60 }));
    expect(leaseUntil(member.state)).toBe(sentMs + 60 * 0.95 - 10);
    member.receive('d', heartbeatAck(member, 'd', { patienceMs: 120 }));
    expect(leaseUntil(member.state)).toBe(sentMs + 120 * 0.95 - 10);
  });

  it.each([
    [0, 100],
    [0.5, 50],
  ])('allows for other clocks that are faster by %d', (maxClockDrift, ms) => {
    const [member, sentMs] = beating({ options: { maxClockDrift } });
    hearBeats(member, 'b');
    expect(leaseUntil(member.state)).toBe(sentMs + ms - 10);
  });

  it('is over before a voter votes, whose clock is faster by as much as allowed (D4, D5)', () => {
    const rate = 1.05;
    const [leader, sentMs] = beating();
    const voter = new TestMember({ id: 'b', terms: [1], term: 2 });
    for (const { message, to } of leader.sent('heartbeat'))
      if (to === 'b') voter.receive('a', message);
    const heardMs = voter.now;
    leader.receive('b', voter.only('heartbeat-ack').message);
    const log = { lastIndex: 9, lastTerm: 9, wallMs: 0 };
    const until = leaseUntil(leader.state);
    expect(until).toBeGreaterThan(sentMs + 80);
    for (let ms = 0; ms < 150; ms++) {
      voter.now = heardMs + ms * rate;
      voter.receive('c', { type: 'pre-vote-request', term: 2, campaign: 3, ...log });
      const { granted } = voter.only('pre-vote-reply').message;
      if (granted) expect(sentMs + ms).toBeGreaterThan(until);
      expect(granted).toBe(ms * rate >= 100);
    }
  });

  it('is none when what was promised is shorter than what goes unseen', () => {
    const [member] = beating();
    member.receive('b', heartbeatAck(member, 'b', { patienceMs: 10 }));
    expect(holdsLease(member.state, member.now, 0)).toBe(false);
  });

  it('is by the promise that came with a round, not by a late one of an earlier run', () => {
    const [member, firstMs] = beating();
    const late = heartbeatAck(member, 'b', { patienceMs: 190 });
    member.pass(30);
    member.timeout();
    // b was restarted meanwhile, with a shorter electionMinMs.
    member.receive('b', heartbeatAck(member, 'b', { patienceMs: 50 }));
    member.receive('b', late);
    expect(leaseUntil(member.state)).toBe(firstMs + 190 * 0.95 - 10);
    expect(leaseUntil(member.state)).toBeLessThan(member.now + 190 * 0.95 - 10);
  });

  it('is no longer than two readings of the clocks, whatever was promised', () => {
    const [member, sentMs] = beating();
    member.receive('b', heartbeatAck(member, 'b', { patienceMs: 100_000 }));
    expect(leaseUntil(member.state)).toBe(sentMs + 200 * 0.95 - 10);
  });

  it('does not depend on how many rounds were sent before: 64, 65, 1,000', () => {
    const member = leaderOf();
    for (let round = 1; round <= 1000; round++) {
      member.timeout();
      hearBeats(member, 'b');
      if (round >= 62) expect(leaseUntil(member.state)).toBe(member.now + LENGTH_MS);
    }
    expect(member.state.leading?.roundsSentMs).toHaveLength(64);
  });

  it('is none by the word of a former bearer of the id of a new member', () => {
    const member = leaderOf({ voters: ['a', 'b'] });
    change(member, { learners: ['d'] });
    commitBy(member, 'b');
    member.timeout();
    // It answers a stream that ended with its removal, from a store that nobody knows any more.
    member.receiveAs(7, 'd', { ...heartbeatAck(member, 'd', { patienceMs: 190 }), stream: 0 });
    expect(progress(member, 'd')).toMatchObject({ heardRound: 0, promisedUntilMs: -Infinity });
  });
});

describe('at the very moment of an answer a lease', () => {
  function holding(): readonly [TestMember, number] {
    const member = leaderOf();
    const wallMs = 1_000_000_000_000;
    member.timeout();
    member.step({ type: 'clocks', wallMs });
    hearBeats(member, 'b');
    return [member, wallMs];
  }

  it('holds until its last ms', () => {
    const [member, wallMs] = holding();
    const leftMs = leaseUntil(member.state) - member.now;
    expect(holdsLease(member.state, member.now + leftMs - 1, wallMs + leftMs - 1)).toBe(true);
    expect(holdsLease(member.state, member.now + leftMs, wallMs + leftMs)).toBe(false);
  });

  it.each([5, -5])('holds although the clocks are %i ms apart', (jumpMs) => {
    const [member, wallMs] = holding();
    expect(holdsLease(member.state, member.now + 3, wallMs + 3 + jumpMs)).toBe(true);
  });

  it.each([6, -6, 3_600_000, -3_600_000])('does not when they are %i ms apart', (jumpMs) => {
    const [member, wallMs] = holding();
    expect(holdsLease(member.state, member.now + 3, wallMs + 3 + jumpMs)).toBe(false);
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
