import { describe, expect, it } from 'vitest';
import { leaseUntil, type MemberId } from '../../../src/raft/index.ts';
import { change, commitBy, hearBeats, leaderOf } from './changing.ts';
import { ack, appendOf, keepAlive, settledLeader, TestMember, testOptions } from './member.ts';
import { Network } from './network.ts';

const { electionMaxMs, electionMinMs } = testOptions;
const begins = { type: 'stall', stalled: true } as const;
const ends = { type: 'stall', stalled: false } as const;

/** Whom the latest step asks to take over. */
function heirs(member: TestMember): readonly MemberId[] {
  return member.sent('timeout-now').map(({ to }) => to);
}

describe('a leader that stalls (RA4)', () => {
  it('has a voter take over that holds its log, and has no lease from then on', () => {
    const leader = leaderOf();
    leader.timeout();
    hearBeats(leader, 'b', 'c');
    expect(leaseUntil(leader.state)).toBeGreaterThan(leader.now);
    leader.step(begins);
    expect(heirs(leader)).toHaveLength(1);
    expect(leaseUntil(leader.state)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('leads until somebody does, and asks one after the other', () => {
    const leader = leaderOf();
    leader.step(begins);
    const [first = ''] = heirs(leader);
    expect(leader.state.role).toBe('leader');
    const asked = [first];
    const until = leader.now + 5 * electionMinMs;
    while (leader.now < until) {
      keepAlive(leader, 10, 'b', 'c');
      const { to = first } = leader.state.leading?.handover ?? {};
      if (!asked.includes(to)) asked.push(to);
    }
    expect(asked).toEqual(first === 'b' ? ['b', 'c'] : ['c', 'b']);
    expect(leader.state).toMatchObject({ role: 'leader', leading: { handover: undefined } });
  });

  it('waits for the log of the one that it asks, as in any handover', () => {
    const leader = leaderOf();
    leader.propose(1);
    leader.step(begins);
    expect(heirs(leader)).toEqual([]);
    const to = leader.state.leading?.handover?.to ?? '';
    ack(leader, to, leader.state.log.last);
    expect(heirs(leader)).toEqual([to]);
  });

  it('takes who has most of the log, not who is silent', () => {
    const leader = leaderOf({ voters: ['a', 'b', 'c', 'd', 'e'] });
    leader.propose(1);
    ack(leader, 'e', leader.state.log.last);
    keepAlive(leader, electionMinMs, 'b', 'c', 'd');
    leader.step(begins);
    expect(leader.state.leading?.handover?.to).not.toBe('e');
  });

  it('leads on, with its lease, when too few others are heard to lead without it', () => {
    const leader = leaderOf();
    keepAlive(leader, electionMinMs, 'b');
    leader.timeout();
    hearBeats(leader, 'b');
    leader.step(begins);
    expect(leader.state.leading?.handover).toBeUndefined();
    expect(leaseUntil(leader.state)).toBeGreaterThan(leader.now);
    hearBeats(leader, 'c');
    leader.timeout();
    expect(leader.state.leading?.handover).toBeDefined();
  });

  it('leads on when it is the only voter', () => {
    const leader = settledLeader({ voters: ['a'], learners: ['b', 'c'], terms: [1] });
    leader.step(begins);
    for (let at = 0; at < 50; at++) leader.timeout();
    expect(leader.state).toMatchObject({ role: 'leader', leading: { handover: undefined } });
  });

  it('leaves a handover alone that is under way', () => {
    const leader = leaderOf();
    leader.propose(1);
    leader.step({ type: 'transfer', to: 'c' });
    const { handover } = leader.state.leading ?? {};
    leader.step(begins);
    expect(leader.state.leading?.handover).toEqual(handover);
  });

  it('still goes when its own removal is committed', () => {
    const leader = leaderOf();
    change(leader, { remove: ['a'] });
    leader.step(begins);
    commitBy(leader, 'b', 'c');
    expect(leader.state.role).toBe('follower');
    expect(heirs(leader).length).toBeGreaterThan(0);
  });

  it('answers reads that wait, while it leads', () => {
    const leader = leaderOf();
    leader.step(begins);
    leader.step({ type: 'read', upTo: 1 });
    hearBeats(leader, 'b');
    expect(leader.effects).toContainEqual(expect.objectContaining({ type: 'read-index', upTo: 1 }));
  });

  it('does not let go again for ten election timeouts, however often it stalls', () => {
    const leader = leaderOf();
    leader.step(begins);
    leader.step(ends);
    const since = leader.now;
    keepAlive(leader, electionMaxMs, 'b', 'c');
    while (leader.now < since + 10 * electionMaxMs - 20) {
      keepAlive(leader, 20, 'b', 'c');
      leader.step(begins);
      expect(leader.state.leading?.handover).toBeUndefined();
      leader.step(ends);
    }
    keepAlive(leader, 40, 'b', 'c');
    leader.step(begins);
    expect(leader.state.leading?.handover).toBeDefined();
  });
});

describe('a member that stalls and does not lead (RA4)', () => {
  const timeoutNow = { type: 'timeout-now', term: 2, round: 5 } as const;

  function follower(): TestMember {
    const member = new TestMember({ terms: [1], term: 2 });
    member.receive('b', ...appendOf({ term: 2, prev: [1, 1] }, [2]));
    const beat = { type: 'heartbeat', term: 2, stream: 1, round: 5, commit: 1, sent: 0 } as const;
    member.receive('b', beat);
    member.writeAll();
    return member;
  }

  it('does not take over, nor soon after: it may stall again', () => {
    const member = follower();
    member.step(begins);
    member.receive('b', timeoutNow);
    expect(member.state.role).toBe('follower');
    member.step(ends);
    member.pass(2 * electionMaxMs - 1);
    member.receive('b', timeoutNow);
    expect(member.state.role).toBe('follower');
    member.pass(1);
    member.receive('b', timeoutNow);
    expect(member.state.role).toBe('candidate');
  });

  it('leaves it to the others to stand, for two election timeouts and no longer', () => {
    const member = follower();
    member.step(begins);
    member.timeout();
    const since = member.now;
    expect(member.state).toMatchObject({ role: 'follower', leader: undefined });
    while (member.now < since + 2 * electionMaxMs) {
      expect(member.state.role).toBe('follower');
      member.timeout();
    }
    expect(member.state.role).toBe('pre-candidate');
    member.timeout();
    expect(member.sent('pre-vote-request')).toHaveLength(2);
  });

  it('begins to wait anew once a leader was heard', () => {
    const member = follower();
    member.step(begins);
    member.timeout();
    member.pass(2 * electionMaxMs);
    member.receive('c', ...appendOf({ term: 3, prev: [2, 2] }, [3]));
    member.timeout();
    expect(member.state.role).toBe('follower');
  });

  it('stands as ever when the stall is over', () => {
    const member = follower();
    member.step(begins);
    member.step(ends);
    member.timeout();
    expect(member.state.role).toBe('pre-candidate');
  });

  it('rests for two election timeouts if it let go before', () => {
    const member = leaderOf();
    member.step(begins);
    member.receive('b', ...appendOf({ term: 3, prev: [2, 2] }, [3]));
    member.pass(electionMaxMs);
    member.step(ends);
    const until = member.now + 2 * electionMaxMs;
    while (member.now < until) {
      expect(member.state.role).toBe('follower');
      member.timeout();
    }
    member.timeout();
    expect(member.state.role).toBe('pre-candidate');
  });
});

describe('members that stall together (RA4)', () => {
  const seeds = Array.from({ length: 15 }, (_, at) => at);
  const idsOf = (count: number) => [...'abcde'].slice(0, count);

  function led(count: number, seed: number): [Network, TestMember] {
    const voters = idsOf(count);
    const all = new Network(
      voters.map((id, at) => new TestMember({ id, voters, terms: [1], seed: 100 * seed + at })),
    );
    expect(all.run(20 * electionMaxMs, () => all.leader !== undefined)).toBe(true);
    all.run(50);
    return [all, all.leader as TestMember];
  }

  it('keep the leader that they have: nobody is fitter, and no term is lost', () => {
    for (const [count, seed] of seeds.flatMap((seed) => [[3, seed] as const, [5, seed] as const])) {
      const [all] = led(count, seed);
      for (const member of all.members) all.give(member, begins);
      const before = all.leaderships.length;
      all.run(50 * electionMaxMs);
      expect(all.leaderships.length).toBe(before);
      expect(all.leader).toBeDefined();
    }
  });

  it('find another when that one is gone', () => {
    for (const seed of seeds) {
      const [all, old] = led(3, seed);
      for (const member of all.members) all.give(member, begins);
      all.isCut = (from, to) => [from, to].includes(old.state.id);
      const isDone = () => all.leader !== undefined && all.leader !== old;
      expect(all.run(10 * electionMaxMs, isDone)).toBe(true);
    }
  });

  it('find the one that does not, whoever was asked first', () => {
    for (const seed of seeds) {
      const [all, old] = led(5, seed);
      const fit = all.members.filter((member) => member !== old)[seed % 4];
      for (const member of all.members)
        if (member !== old && member !== fit) all.give(member, begins);
      all.give(old, begins);
      expect(all.run(5 * electionMinMs, () => all.leader === fit)).toBe(true);
      const { length } = all.leaderships;
      all.run(30 * electionMaxMs);
      expect(all.leaderships).toHaveLength(length);
    }
  });

  it('again and again: leadership moves once in about ten election timeouts', () => {
    for (const seed of seeds) {
      const [all] = led(3, seed);
      const before = all.leaderships.length;
      for (let at = 0; at < 200; at++) {
        for (const member of all.members) {
          all.give(member, begins);
          all.give(member, ends);
        }
        all.run(electionMinMs / 2);
      }
      // 10 000 ms are five times ten election timeouts, and those who took over may rest.
      expect(all.leaderships.length - before).toBeLessThanOrEqual(6);
      expect(all.run(electionMaxMs, () => all.leader !== undefined)).toBe(true);
    }
  });
});
