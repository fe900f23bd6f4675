// The parts of the simulator that know of members: majorities, seats, who can still be counted on.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  changed,
  createConfiguration,
  NO_SNAPSHOTS,
  type Summary,
} from '../../../../src/raft/index.ts';
import { MembersWatch } from '../../../../src/testkit/simulator/marks-members.ts';
import { doOverlap, heardByQuorum, isQuorum } from '../../../../src/testkit/simulator/quorums.ts';
import { Referee } from '../../../../src/testkit/simulator/referee.ts';
import { firstOrigin, JOINER } from '../../../../src/testkit/simulator/sim-disk.ts';
import type { SimEntry } from '../../../../src/testkit/simulator/sim-entry.ts';
import { SimMember } from '../../../../src/testkit/simulator/sim-member.ts';
import { Standing } from '../../../../src/testkit/simulator/standing.ts';

const options = {
  ...{ heartbeatMs: 10, electionMinMs: 100, electionMaxMs: 200 },
  ...{ maxAppendBytes: 1000, maxInflightAppends: 4, maxInflightBytes: 1000 },
  ...{ maxUncommittedBytes: 1000, maxApplyLagBytes: 1000 },
  ...{ maxClockDrift: 0.05, maxClockOffsetMs: 60_000, snapshot: NO_SNAPSHOTS },
};

function cluster(first: number, spares = 0, isFormed = true): SimMember[] {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].slice(0, first + spares);
  const origin = firstOrigin(ids.slice(0, first), isFormed);
  const clock = { rate: 1, skewMs: 0 };
  return ids.map(
    (_, at) => new SimMember(at, ids, () => options, clock, at < first ? origin : JOINER),
  );
}

function configOf(voters: string, outgoing = '') {
  return createConfiguration({ voters: [...voters], outgoing: [...outgoing] });
}

function entry(term: number, config?: SimEntry['config']): SimEntry {
  return { term, timeMs: 0, size: 0, serial: 0, config };
}

/** Puts an entry into a member's log and, mostly, on its disk. */
function put(member: SimMember, what: SimEntry, isDurable = true): void {
  const { config } = what;
  member.log.push(what);
  if (config !== undefined) member.versions.push({ index: member.log.length, config });
  if (isDurable) member.disk.entries.push(what);
}

describe('a quorum', () => {
  const has = (ids: string) => (id: string) => ids.includes(id);

  test('is a majority of the voters, and of both halves while two are in force', () => {
    expect(isQuorum(configOf('abc'), has('ab'))).toBe(true);
    expect(isQuorum(configOf('abcd'), has('ab'))).toBe(false);
    expect(isQuorum(configOf('abc'), has('axyz'))).toBe(false);
    expect(isQuorum(configOf('abc', 'cde'), has('abc'))).toBe(false);
    expect(isQuorum(configOf('abc', 'cde'), has('bcd'))).toBe(true);
  });

  test('was last heard when its slowest half was', () => {
    const heard = (id: string) => ({ a: 9, b: 5, c: 1 })[id] ?? 3;
    expect(heardByQuorum(configOf('abc'), heard)).toBe(5);
    expect(heardByQuorum(configOf('abc', 'de'), heard)).toBe(3);
  });

  test('overlaps every one after a single or a joint change, and not after two at once', () => {
    expect(doOverlap(configOf('abc'), configOf('abcd'))).toBe(true);
    expect(doOverlap(configOf('abc'), configOf('abcde'))).toBe(false);
    expect(doOverlap(configOf('abc'), configOf('ade', 'abc'))).toBe(true);
    expect(doOverlap(configOf('ade', 'abc'), configOf('ade'))).toBe(true);
  });

  test('overlaps every one after whatever change the core makes', () => {
    const ids = fc.uniqueArray(fc.constantFrom(...'abcdef'), { minLength: 1 });
    fc.assert(
      fc.property(ids, ids, (voters, targets) => {
        const config = createConfiguration({ voters });
        const remove = voters.filter((id) => !targets.includes(id));
        const demote = remove.length === voters.length ? [] : remove;
        expect(doOverlap(config, changed(config, { demote }))).toBe(true);
      }),
    );
  });
});

describe('the referee', () => {
  /** Three members; `a` leads term 2, by the votes of those in `voters`. */
  function leading(voters: string) {
    const members = cluster(3, 1);
    const [a] = members;
    if (a === undefined) throw new Error('there is a member');
    const referee = new Referee(members, new Standing(members));
    for (const member of members.slice(0, 3)) {
      const votedFor = voters.includes(member.id) ? 'a' : undefined;
      member.disk.hardState = { term: 2, votedFor, commit: 1 };
      if (member === a || votedFor === undefined) continue;
      const { at: from, incarnation } = member;
      const message = { type: 'vote-reply', term: 2, granted: true } as const;
      referee.leaves({ from, to: 0, incarnation, message, entries: [] });
    }
    Object.assign(a.state, { role: 'leader', term: 2 });
    const look = () => referee.afterStep(a, { type: 'timeout' });
    /** An entry of its own is committed. */
    const settle = () => {
      look();
      const own = entry(2);
      for (const member of members) {
        if (member.log.length === 0) put(member, a.log[0] as SimEntry);
        put(member, own);
      }
      a.state.commit = 2;
      look();
    };
    return { a, look, members, referee, settle };
  }

  test('lets a leader be that has a majority, and none that has not', () => {
    expect(leading('ab').look).not.toThrow();
    expect(leading('a').look).toThrow('given the votes of a majority');
  });

  test('counts votes by store, not by id', () => {
    const { look, members, referee } = leading('a');
    const b = members[1] as SimMember;
    b.crash(false, false, 4);
    b.wipe(firstOrigin(['a', 'b', 'c'], false), 5);
    referee.stored(b);
    b.disk.hardState = { term: 2, votedFor: 'a', commit: 1 };
    const message = { type: 'vote-reply', term: 2, granted: true } as const;
    referee.leaves({ from: 1, to: 0, incarnation: b.incarnation, message, entries: [] });
    expect(look).toThrow('given the votes of a majority');
  });

  test('wants what is committed at a quorum, whose stores may be gone by then', () => {
    const { a, look, members, referee } = leading('abc');
    look();
    const [, b] = members as [SimMember, SimMember];
    put(a, entry(2));
    a.state.commit = 2;
    expect(look).toThrow('committed entry 2 is at a majority');
    put(b, a.log[1] as SimEntry);
    b.wipe(JOINER, 5);
    referee.stored(b);
    expect(look).not.toThrow();
  });

  test('does not count learners, nor the whole of two halves as one', () => {
    const { a, look, members, settle } = leading('abc');
    settle();
    const [, , c, d] = members as [SimMember, SimMember, SimMember, SimMember];
    const stores = members.map(({ id, incarnation }): [string, number] => [id, incarnation]);
    const joint = { ...configOf('abd', 'abc'), incarnations: new Map(stores) };
    put(a, entry(2, joint));
    a.state.config = joint;
    look();
    for (const member of [c, d]) put(member, a.log[2] as SimEntry);
    put(a, entry(2));
    for (const member of [c, d]) put(member, a.log[3] as SimEntry);
    a.state.commit = 4;
    expect(look).not.toThrow();
    const alone = { ...joint, voters: ['a', 'b', 'd'], outgoing: ['a', 'b'] };
    put(a, entry(2, alone));
    a.state.config = alone;
    expect(look).not.toThrow();
    a.state.commit = 5;
    expect(look).toThrow('committed entry 5 is at a majority');
  });

  const seat = (id: string): [string, number] => [id, 2 * (id.charCodeAt(0) - 96)];

  test('knows which configuration is in force, that one follows the other, and how', () => {
    const wrong = leading('abc');
    put(wrong.a, entry(2, configOf('abcd')));
    expect(wrong.look).toThrow('is the latest in its log');

    const hasty = leading('abc');
    hasty.settle();
    for (const voters of ['abcd', 'abc']) {
      const config = { ...configOf(voters), incarnations: new Map([...voters].map(seat)) };
      put(hasty.a, entry(2, config));
      hasty.a.state.config = config;
      if (voters === 'abcd') expect(hasty.look).not.toThrow();
      else expect(hasty.look).toThrow('is committed before the next one');
    }

    const bold = leading('abc');
    bold.look();
    const apart = configOf('a');
    put(bold.a, entry(2, apart));
    bold.a.state.config = apart;
    expect(bold.look).toThrow('the majorities before and after index 2 overlap');

    const early = leading('abc');
    early.look();
    const more = { ...configOf('abcd'), incarnations: new Map([...'abcd'].map(seat)) };
    put(early.a, entry(2, more));
    early.a.state.config = more;
    expect(early.look).toThrow('has committed an entry of its own before');

    const vague = leading('abc');
    vague.look();
    const unnamed = configOf('abcd');
    put(vague.a, entry(2, unnamed));
    vague.a.state.config = unnamed;
    expect(vague.look).toThrow('on which store d becomes a voter');
  });

  test('lets no id begin as a first member twice', () => {
    const { members, referee } = leading('abc');
    const c = members[2] as SimMember;
    referee.afterStep(c, { type: 'timeout' });
    c.crash(false, false, 4);
    c.wipe(firstOrigin(['a', 'b', 'c'], false), 5);
    referee.stored(c);
    c.restart(6);
    expect(() => referee.afterStep(c, { type: 'timeout' })).not.toThrow();
    c.state.recognition.admitted = true;
    expect(() => referee.afterStep(c, { type: 'timeout' })).toThrow('come back as a first member');
  });
});

describe('who can be counted on', () => {
  const nobody = () => false;

  test('are the stores that the configuration means', () => {
    const members = cluster(3);
    const standing = new Standing(members);
    standing.committed = members[0]?.versions[0];
    expect(standing.canProgress(nobody)).toBe(true);
    expect(standing.canProgress(({ id }) => id === 'c')).toBe(true);
    members[0]?.wipe(JOINER, 5);
    expect(standing.canProgress(nobody)).toBe(true);
    expect(standing.canProgress(({ id }) => id === 'c')).toBe(false);
  });

  test('are those who can still be greeted, before a cluster is formed', () => {
    const members = cluster(3, 0, false);
    const standing = new Standing(members);
    standing.committed = members[0]?.versions[0];
    expect(standing.canProgress(nobody)).toBe(true);
    // Two others make up a majority of two.
    expect(standing.canProgress(({ id }) => id === 'c')).toBe(false);
  });

  test('is nobody who would be alone with what is left', () => {
    const alone = cluster(1);
    expect(new Standing(alone).mayBeEmptied(alone[0] as SimMember, ['a'], true)).toBe(false);
    const members = cluster(3);
    const ids = ['a', 'b', 'c'];
    expect(new Standing(members).mayBeEmptied(members[0] as SimMember, ids, true)).toBe(true);
  });
});

test('a handover is told by its end', () => {
  const said: string[] = [];
  const watch = new MembersWatch((mark) => said.push(mark));
  const [a] = cluster(3) as [SimMember];
  const before: Summary = {
    ...{ term: 1, votedFor: undefined, role: 'follower', commit: 1, commitTerm: 1, applying: 0 },
    ...{ last: 1, base: 0, completed: 0, version: 1, config: a.state.config, matches: new Map() },
  };
  const message = { type: 'timeout-now', term: 1, round: 1 } as const;
  Object.assign(a.state, { role: 'candidate', term: 2 });
  const event = { type: 'receive', from: 'b', incarnation: 4, message, entries: [] } as const;
  watch.observe(before, event, a, [], false);
  Object.assign(a.state, { role: 'leader' });
  watch.observe({ ...before, role: 'candidate', term: 2 }, { type: 'timeout' }, a, [], false);
  expect(said).toEqual(['a handover succeeds']);
});
