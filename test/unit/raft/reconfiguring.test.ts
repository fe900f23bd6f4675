import { describe, expect, it } from 'vitest';
import { type MembersChange, nextDeadline, planChange } from '../../../src/raft/index.ts';
import { change, commitBy, configAppend, configsAt, hearBeats, leaderOf } from './changing.ts';
import { ack, configOf, incarnationOf, makeLeader, progress, TestMember } from './member.ts';

const inForce = ({ state }: TestMember) => {
  const { outgoing, voters } = state.config;
  return outgoing.length === 0 ? voters.join('') : `${voters.join('')}(${outgoing.join('')})`;
};

/** The members entries of the latest step. */
function appended(member: TestMember): readonly string[] {
  return member.effects.flatMap((effect) => {
    if (effect.type !== 'append' || effect.config === undefined) return [];
    const { outgoing, voters } = effect.config;
    return [outgoing.length === 0 ? voters.join('') : `${voters.join('')}(${outgoing.join('')})`];
  });
}

function refusal(member: TestMember, wanted: MembersChange, version?: number): unknown {
  try {
    planChange(member.state, wanted, version);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** A learner answers for the first time, and then holds everything. */
function catchUp(member: TestMember, id: string): void {
  ack(member, id, 0);
  member.writeAll();
  ack(member, id, member.state.log.last);
}

describe('a plan for other members', () => {
  it('is refused by whoever does not lead', () => {
    const member = new TestMember({ terms: [1], term: 2 });
    member.receive('b', ...configAppend({ term: 2, prev: [1, 1] }, [[2]]));
    expect(refusal(member, { remove: ['c'] })).toMatchObject({
      code: 'ERR_NOT_LEADER',
      leader: 'b',
      outcome: 'not-applied',
      retryable: true,
    });
  });

  it('is refused on another version than the one it was made for, which it names', () => {
    const member = leaderOf({ configs: configsAt([1, configOf({})]) });
    expect(refusal(member, { remove: ['c'] }, 1)).toBeUndefined();
    expect(refusal(member, { remove: ['c'] }, 7)).toMatchObject({
      code: 'ERR_MEMBERS_CHANGED',
      outcome: 'not-applied',
      message: 'the membership is at version 1, not at 7: ask members() again',
    });
  });

  it('is refused before an entry of the own term is committed (erratum of 2015, M1)', () => {
    const member = new TestMember({ terms: [1] });
    makeLeader(member);
    expect(refusal(member, { remove: ['c'] })).toMatchObject({
      code: 'ERR_MEMBERS_BUSY',
      outcome: 'not-applied',
      retryable: true,
      message:
        'this leader has not committed an entry of its own yet; accepted: the same call after that',
    });
    member.change(configOf({ voters: ['a', 'b'] }));
    expect(member.effects).toEqual([]);
    commitBy(member, 'b');
    expect(refusal(member, { remove: ['c'] })).toBeUndefined();
  });

  it('is refused while another one is not committed', () => {
    const member = leaderOf();
    change(member, { learners: ['d'] });
    expect(refusal(member, { learners: ['e'] })).toMatchObject({
      code: 'ERR_MEMBERS_BUSY',
      message: 'the change at index 3 is not committed yet; accepted: the same call after that',
    });
    member.change(configOf({ learners: ['e'] }));
    expect(member.effects).toEqual([]);
    commitBy(member, 'b');
    expect(refusal(member, { learners: ['e'] })).toBeUndefined();
  });

  it('is refused while a configuration is joint', () => {
    const member = leaderOf({ voters: ['a', 'b', 'c', 'd', 'e'] });
    change(member, { remove: ['d', 'e'] });
    member.writeAll();
    for (const id of ['b', 'c']) ack(member, id, 3);
    member.step({ type: 'transfer', to: 'b' });
    expect(refusal(member, {})).toMatchObject({ code: 'ERR_MEMBERS_BUSY' });
    expect(inForce(member)).toBe('abc');
    expect(refusal(member, {})).toMatchObject({
      message: expect.stringMatching(/^the change at index 4 is not committed yet/),
    });
    // A handover holds the end of a joint configuration up.
    const other = leaderOf({ voters: ['a', 'b', 'c', 'd', 'e'] });
    change(other, { remove: ['d', 'e'] });
    other.writeAll();
    ack(other, 'b', 3);
    other.step({ type: 'transfer', to: 'b' });
    ack(other, 'c', 3);
    expect(refusal(other, {})).toMatchObject({
      code: 'ERR_MEMBERS_BUSY',
      message: 'the change at index 3 is not complete yet; accepted: the same call after that',
    });
  });

  it('is not taken when it does not follow from the configuration in force', () => {
    const member = leaderOf();
    member.change(configOf({ voters: ['a', 'd', 'e'] }));
    expect(member.effects).toEqual([]);
  });

  it('is stamped like any entry: time does not go back', () => {
    const member = leaderOf();
    const stamp = (wallMs: number) => {
      const config = planChange(member.state, { learners: [`l${wallMs}`] });
      member.change(config, wallMs);
      const [effect] = member.effects;
      commitBy(member, 'b');
      return effect?.type === 'append' ? effect.timeMs : undefined;
    };
    expect([stamp(500), stamp(100)]).toEqual([500, 500]);
  });

  it('counts the members’ entry against the bounds like any other', () => {
    const member = leaderOf({ options: { maxUncommittedBytes: 5000 } });
    change(member, { learners: ['d', 'e'] });
    const { last } = member.state.log;
    member.propose(1);
    expect(member.state.log.last).toBe(last);
  });
});

describe('a new member', () => {
  it('gets its vote when it holds the whole log', () => {
    const member = leaderOf();
    change(member, { add: ['d'] });
    expect(inForce(member)).toBe('abc');
    commitBy(member, 'b', 'c');
    catchUp(member, 'd');
    expect(appended(member)).toEqual(['abcd']);
    expect(member.state.config).toMatchObject({ learners: [], joining: [] });
    expect(member.state.config.incarnations.get('d')).toBe(incarnationOf('d'));
  });

  it('does not get it before the change that lets it in is committed', () => {
    const member = leaderOf();
    change(member, { add: ['d'] });
    ack(member, 'd', 0);
    member.writeAll();
    ack(member, 'd', 3);
    expect(inForce(member)).toBe('abc');
    ack(member, 'b', 3);
    expect(appended(member)).toEqual(['abcd']);
  });

  it('gets it also after a round that took less than an election timeout', () => {
    const member = leaderOf();
    change(member, { add: ['d'] });
    commitBy(member, 'b', 'c');
    const rounds: boolean[] = [];
    ack(member, 'd', 0);
    member.writeAll();
    for (const roundMs of [150, 120, 99]) {
      const { target } = progress(member, 'd').catchUp ?? { target: 0 };
      member.propose(1);
      commitBy(member, 'b', 'c');
      member.pass(roundMs);
      hearBeats(member, 'b', 'c');
      ack(member, 'd', target);
      rounds.push(inForce(member) === 'abcd');
    }
    expect(rounds).toEqual([false, false, true]);
  });

  it('does not get it when nothing was heard of it for an election timeout', () => {
    const member = leaderOf();
    change(member, { add: ['d', 'e'] });
    commitBy(member, 'b', 'c');
    catchUp(member, 'd');
    member.pass(150);
    hearBeats(member, 'b', 'c');
    catchUp(member, 'e');
    expect(inForce(member)).toBe('abc');
    hearBeats(member, 'd');
    expect(appended(member)).toEqual(['abcde(abc)']);
  });

  it('of several gets it with the last of them', () => {
    const member = leaderOf();
    change(member, { add: ['d', 'e'] });
    commitBy(member, 'b', 'c');
    catchUp(member, 'd');
    expect(inForce(member)).toBe('abc');
    catchUp(member, 'e');
    expect(appended(member)).toEqual(['abcde(abc)']);
  });

  it('stays a learner when that is asked for', () => {
    const member = leaderOf();
    change(member, { learners: ['d'] });
    commitBy(member, 'b', 'c');
    catchUp(member, 'd');
    expect(inForce(member)).toBe('abc');
    change(member, { promote: ['d'] });
    commitBy(member, 'b', 'c');
    catchUp(member, 'd');
    expect(inForce(member)).toBe('abcd');
  });

  it('waits until everyone’s store is durably known: none is left out of the entry', () => {
    const { incarnations } = configOf({});
    const config = configOf({ learners: ['l'], incarnations });
    const member = new TestMember({ terms: [1], configs: configsAt([1, config]) });
    makeLeader(member);
    commitBy(member, 'b');
    change(member, { add: ['d'] });
    commitBy(member, 'b', 'c');
    // A handover in vain holds d up, and when it ends the store of l has just been met.
    member.step({ type: 'transfer', to: 'b' });
    catchUp(member, 'd');
    member.pass(member.state.options.electionMaxMs);
    hearBeats(member, 'b', 'c', 'd');
    ack(member, 'l', 0);
    member.step({ type: 'timeout' });
    expect(member.state.leading?.handover).toBeUndefined();
    expect(inForce(member)).toBe('abc');
    member.writeOne();
    expect(appended(member)).toEqual(['abcd']);
    expect([...member.state.config.incarnations.keys()].sort()).toEqual(['a', 'b', 'c', 'd', 'l']);
  });

  it('that is taken back before it has caught up never gets one', () => {
    const member = leaderOf();
    change(member, { add: ['d'] });
    commitBy(member, 'b', 'c');
    change(member, { remove: ['d'] });
    commitBy(member, 'b', 'c');
    ack(member, 'd', member.state.log.last);
    expect(inForce(member)).toBe('abc');
    expect(member.state.config.learners).toEqual([]);
  });

  it('that never comes up holds up nothing, in clusters of one, two and three (M13)', () => {
    for (const voters of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
      const member = leaderOf({ voters });
      change(member, { add: ['d'] });
      commitBy(member, ...voters.slice(1));
      member.propose(1);
      commitBy(member, ...voters.slice(1));
      expect(member.state.commit).toBe(member.state.log.last);
      expect(inForce(member)).toBe(voters.join(''));
      expect(refusal(member, { remove: ['d'] })).toBeUndefined();
    }
  });
});

describe('a joint configuration', () => {
  it('is left in the step in which it is committed, once', () => {
    const member = leaderOf({ voters: ['a', 'b', 'c', 'd', 'e'] });
    change(member, { remove: ['d', 'e'] });
    expect(inForce(member)).toBe('abc(abcde)');
    member.writeAll();
    ack(member, 'd', 3);
    ack(member, 'e', 3);
    // That is a majority of the five, and none of the three.
    expect(member.state.commit).toBe(2);
    ack(member, 'b', 3);
    expect(appended(member)).toEqual(['abc']);
    for (const id of ['c', 'd']) ack(member, id, 3);
    expect(appended(member)).toEqual([]);
    expect(member.state.commit).toBe(3);
  });

  it('is left by the next leader, which finds it in its log (M2)', () => {
    for (const commit of [1, 2]) {
      const configs = configsAt(
        [1, configOf({ voters: ['a', 'b', 'c', 'd'] })],
        [2, configOf({ voters: ['a', 'b'], outgoing: ['a', 'b', 'c', 'd'] })],
      );
      const member = new TestMember({ terms: [1, 1], commit, configs });
      makeLeader(member);
      member.writeAll();
      expect(inForce(member)).toBe('ab(abcd)');
      ack(member, 'b', 3);
      ack(member, 'c', 3);
      expect(inForce(member)).toBe('ab');
      expect(member.state.commit).toBe(3);
    }
  });

  it('of learners on their way is continued by the next leader', () => {
    const config = configOf({ learners: ['d'], joining: [{ id: 'd', replaces: 'c' }] });
    const member = leaderOf({ terms: [1], configs: configsAt([1, config]) });
    expect(inForce(member)).toBe('abd(abc)');
  });
});

describe('a leader that is removed', () => {
  it('commits that without itself, tells the others, names an heir and resigns (M9)', () => {
    const member = leaderOf();
    change(member, { remove: ['a'] });
    member.writeAll();
    ack(member, 'b', 3);
    expect(member.state).toMatchObject({ role: 'leader', commit: 2 });
    member.pass(1);
    ack(member, 'c', 3);
    expect(member.state).toMatchObject({ role: 'follower', commit: 3, leader: undefined });
    expect(member.only('timeout-now').to).toBe('c');
    const told = member.sent('heartbeat').map(({ message, to }) => [to, message.commit]);
    expect(told).toEqual([
      ['b', 3],
      ['c', 3],
    ]);
    expect(member.effects.at(-1)).toMatchObject({ type: 'role', role: 'follower' });
    expect(nextDeadline(member.state)).toBe(Number.POSITIVE_INFINITY);
  });

  it('leads on until then, and takes proposals', () => {
    const member = leaderOf();
    change(member, { remove: ['a'] });
    member.propose(1);
    expect(member.state.log.last).toBe(4);
    commitBy(member, 'b', 'c');
    expect(member.state).toMatchObject({ role: 'follower', commit: 4 });
  });

  it('or demoted, or replaced, resigns as well', () => {
    const demoted = leaderOf();
    change(demoted, { demote: ['a'] });
    commitBy(demoted, 'b', 'c');
    expect(demoted.state.role).toBe('follower');
    const replaced = leaderOf();
    change(replaced, { replace: [{ id: 'a', by: 'd' }] });
    commitBy(replaced, 'b', 'c');
    catchUp(replaced, 'd');
    expect(inForce(replaced)).toBe('bcd(abc)');
    commitBy(replaced, 'b', 'd');
    expect(inForce(replaced)).toBe('bcd');
    expect(replaced.state.role).toBe('leader');
    commitBy(replaced, 'b', 'd');
    expect(replaced.state.role).toBe('follower');
  });
});

describe('who was removed, as far as it knows', () => {
  const configs = configsAt([1, configOf({})], [2, configOf({ voters: ['b', 'c'] })]);

  it('may stand until that is known to be committed: the entry may be nowhere else', () => {
    const member = new TestMember({ terms: [1, 1], commit: 1, configs });
    member.pass(1000);
    member.timeout();
    expect(member.state.role).toBe('pre-candidate');
    expect(member.sent('pre-vote-request').map(({ to }) => to)).toEqual(['b', 'c']);
    // Its own vote does not count: of b and c it needs both.
    member.receive('b', { type: 'pre-vote-reply', term: 1, campaign: 2, granted: true });
    expect(member.state.role).toBe('pre-candidate');
    member.receive('c', { type: 'pre-vote-reply', term: 1, campaign: 2, granted: true });
    expect(member.state.role).toBe('candidate');
  });

  it.each([
    ['removed', configOf({ voters: ['b', 'c'] })],
    ['demoted (M6)', configOf({ voters: ['b', 'c'], learners: ['a'] })],
  ])('never stands once it is known to be %s', (_, config) => {
    const member = new TestMember({
      terms: [1, 1],
      commit: 2,
      configs: configsAt([1, configOf({})], [2, config]),
    });
    member.pass(1000);
    member.step({ type: 'timeout' });
    member.step({ type: 'campaign' });
    expect(member.state.role).toBe('follower');
    expect(member.effects).toEqual([]);
  });

  it('is asked nothing by the others, and cannot disturb those who hear a leader (M3)', () => {
    const member = new TestMember({
      id: 'b',
      terms: [1],
      term: 2,
      commit: 1,
      configs: configsAt([1, configOf({})]),
    });
    const entry = configAppend({ term: 2, prev: [1, 1], commit: 1 }, [
      [2, configOf({ voters: ['b', 'c'] })],
    ]);
    member.receive('c', ...entry);
    member.writeAll();
    const ask = {
      type: 'pre-vote-request',
      wallMs: 0,
      term: 2,
      campaign: 3,
      lastIndex: 9,
      lastTerm: 2,
    } as const;
    member.receive('a', ask);
    expect(member.only('pre-vote-reply').message.granted).toBe(false);
    member.receive('a', {
      type: 'vote-request',
      wallMs: 0,
      term: 50,
      lastIndex: 9,
      lastTerm: 2,
      forced: false,
    });
    expect(member.effects).toEqual([]);
    expect(member.state.term).toBe(2);
    member.timeout();
    expect(member.sent('pre-vote-request').map(({ to }) => to)).toEqual(['c']);
  });
});
