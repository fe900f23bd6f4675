import { describe, expect, it } from 'vitest';
import type { MemberId } from '../../../src/raft/index.ts';
import { type MemberInit, TestMember, testOptions } from './member.ts';
import { Network } from './network.ts';

const ids: readonly MemberId[] = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const { electionMaxMs } = testOptions;

function network(count: number, seed: number, initOf: (at: number) => MemberInit = () => ({})) {
  const voters = ids.slice(0, count);
  const members = voters.map((id, at) => {
    return new TestMember({ id, voters, terms: [1], seed: 100 * seed + at, ...initOf(at) });
  });
  return new Network(members);
}

/** With a leader that everyone follows. */
function led(count: number, seed: number): [Network, MemberId] {
  const all = network(count, seed);
  expect(all.run(20 * electionMaxMs, () => all.leader !== undefined)).toBe(true);
  all.run(50);
  return [all, all.leader?.state.id ?? ''];
}

const seeds = Array.from({ length: 100 }, (_, at) => at);

describe('a leader is found', () => {
  it('though all stand at the same moment at first: seven members, 100 seeds (E10)', () => {
    for (const seed of seeds) {
      const all = network(7, seed);
      for (const { state } of all.members) state.electionDueMs = 1100;
      expect(all.run(20 * electionMaxMs, () => all.leader !== undefined)).toBe(true);
    }
  });

  it('by members of different terms after restarts, one of them far ahead (E7)', () => {
    for (const seed of seeds) {
      const term = (at: number) => [1, 5, 40][(at + seed) % 3] ?? 1;
      const all = network(3, seed, (at) => ({ term: term(at), restarted: true }));
      expect(all.run(20 * electionMaxMs, () => all.leader !== undefined)).toBe(true);
    }
  });

  it('when the old one can send and not receive, or the reverse (E6)', () => {
    for (const [deaf, seed] of seeds.flatMap((seed) => [
      [true, seed] as const,
      [false, seed] as const,
    ])) {
      const [all, old] = led(5, seed);
      all.isCut = (from, to) => (deaf ? to : from) === old;
      const isDone = () => all.leader !== undefined && all.leader.state.id !== old;
      expect(all.run(20 * electionMaxMs, isDone)).toBe(true);
    }
  });

  it('when the old one is seen by one member only, which sees everyone (E6)', () => {
    for (const seed of seeds) {
      const [all, old] = led(5, seed);
      const bridge = ids.find((id) => id !== old);
      all.isCut = (from, to) => [from, to].includes(old) && ![from, to].includes(bridge ?? '');
      const isDone = () => all.leader !== undefined && all.leader.state.id !== old;
      expect(all.run(20 * electionMaxMs, isDone)).toBe(true);
    }
  });
});

describe('a leader stays', () => {
  it('when it and another one do not see each other, and a third sees both (E8)', () => {
    for (const seed of seeds.slice(0, 20)) {
      const [all, old] = led(3, seed);
      const other = ids.slice(0, 3).find((id) => id !== old) ?? '';
      all.isCut = (from, to) => [old, other].includes(from) && [old, other].includes(to);
      const before = all.leaderships.length;
      all.run(50 * electionMaxMs);
      expect(all.leaderships.length).toBe(before);
      expect(all.leader?.state.id).toBe(old);
    }
  });

  it('when one that was cut off for long comes back (E5)', () => {
    const [all, old] = led(3, 1);
    const other = ids.slice(0, 3).find((id) => id !== old) ?? '';
    const term = all.leader?.state.term;
    all.isCut = (from, to) => from === other || to === other;
    all.run(200 * electionMaxMs);
    all.isCut = () => false;
    all.run(5 * electionMaxMs);
    expect(all.leader?.state).toMatchObject({ id: old, term });
  });
});
