import { describe, expect, it } from 'vitest';
import {
  createConfiguration,
  incarnationOf as knownIncarnation,
  type MemberId,
  type Message,
} from '../../../src/raft/index.ts';
import { configAppend, configsAt, leaderOf } from './changing.ts';
import {
  ack,
  appendOf,
  configOf,
  incarnationOf,
  type MemberInit,
  makeLeader,
  progress,
  TestMember,
} from './member.ts';

/** The incarnation of one whose store was emptied. */
const NEW = 1000;
/** Of a store that was made to join. */
const JOINED = 1001;

const ids: readonly MemberId[] = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

/** A configuration of members that have not met. */
function unmet(voters: readonly MemberId[], learners: readonly MemberId[] = []) {
  return createConfiguration({ voters, learners });
}

/** A first member of a new cluster. */
function newcomer(voters: readonly MemberId[], init: MemberInit = {}): TestMember {
  return new TestMember({
    terms: [1],
    configs: configsAt([1, unmet(voters)]),
    known: { admitted: false, pins: new Map() },
    ...init,
  });
}

function greetingReply(known = true, incarnation = incarnationOf('a')): Message {
  return { type: 'greeting-reply', term: 1, incarnation, known };
}

const voteRequest = (term: number) =>
  ({ type: 'vote-request', wallMs: 0, term, lastIndex: 9, lastTerm: 9, forced: false }) as const;
const preVoteRequest = { type: 'pre-vote-request', wallMs: 0, term: 8, campaign: 9 } as const;

describe('a first member of a new cluster', () => {
  it.each([1, 2, 3, 4, 5, 6, 7])('of %i takes part when a majority of the others knows it', (n) => {
    const voters = ids.slice(0, n);
    const member = newcomer(voters);
    const others = voters.slice(1);
    expect(member.effects.filter(({ type }) => type === 'send')).toHaveLength(others.length);
    const needed = others.length === 0 ? 0 : Math.floor(others.length / 2) + 1;
    for (const [at, from] of others.entries()) {
      expect(member.state.recognition.admitted).toBe(at >= needed);
      member.receive(from, greetingReply());
    }
    expect(member.state.recognition.admitted).toBe(true);
  });

  it('has it on disk that it takes part, and never greets again', () => {
    const member = newcomer(['a', 'b']);
    member.receive('b', greetingReply());
    const write = member.waiting.at(-1);
    expect(write?.known).toMatchObject({ admitted: true });
    member.writeAll();
    member.timeout();
    expect(member.sent('greeting')).toEqual([]);
    expect(member.state.role).toBe('pre-candidate');
  });

  it('counts each of the others once, and only for its own store', () => {
    const member = newcomer(['a', 'b', 'c', 'd', 'e']);
    for (const _ of [1, 2, 3]) member.receive('b', greetingReply());
    member.receive('c', greetingReply(true, NEW));
    member.receive('d', greetingReply(false, NEW));
    expect(member.state.recognition.admitted).toBe(false);
    member.receive('c', greetingReply());
    member.receive('d', greetingReply());
    expect(member.state.recognition.admitted).toBe(true);
  });

  it('greets again those that have not answered', () => {
    const member = newcomer(['a', 'b', 'c', 'd']);
    member.receive('b', greetingReply());
    member.writeAll();
    member.timeout();
    expect(member.sent('greeting').map(({ to }) => to)).toEqual(['c', 'd']);
  });

  it('takes no part before: no vote, no entry, no campaign', () => {
    const member = newcomer(['a', 'b', 'c']);
    const { term } = member.state;
    member.receive('b', voteRequest(5));
    member.receive('b', { ...preVoteRequest, lastIndex: 9, lastTerm: 9 });
    member.receive('b', ...appendOf({ term: 5, prev: [1, 1] }, [5]));
    member.receive('b', { type: 'timeout-now', term: 1, round: 1 });
    member.step({ type: 'campaign' });
    expect(member.effects).toEqual([]);
    expect(member.state).toMatchObject({ term, role: 'follower', log: { last: 1 } });
  });

  it('answers a greeting once the store of its sender is durable here', () => {
    const member = newcomer(['a', 'b', 'c']);
    member.receive('b', { type: 'greeting', term: 1 });
    const { after, message } = member.only('greeting-reply');
    const write = member.waiting.at(-1);
    expect(write?.known?.pins).toEqual(new Map([['b', incarnationOf('b')]]));
    expect(after).toBe(write?.write);
    expect(message).toMatchObject({ incarnation: incarnationOf('b'), known: true });
    // And shows itself to one that may have been down before.
    expect(member.sent('greeting').map(({ to }) => to)).toEqual(['b']);
  });

  it('whose store was emptied is refused by those who know it by another', () => {
    const member = newcomer(['a', 'b', 'c'], { incarnation: NEW });
    const peer = newcomer(['a', 'b', 'c'], { id: 'b' });
    peer.receive('a', { type: 'greeting', term: 1 });
    peer.writeAll();
    peer.receiveAs(NEW, 'a', { type: 'greeting', term: 1 });
    const { message } = peer.only('greeting-reply');
    expect(message).toMatchObject({ known: false, incarnation: NEW });
    expect(() => member.receive('b', message)).toThrow(
      expect.objectContaining({
        code: 'ERR_IDENTITY_TAKEN',
        outcome: 'not-applied',
        message: expect.stringMatching(/member b knows a .* join: true .* add it again/),
      }),
    );
  });

  it('that was removed meanwhile is refused, too', () => {
    const configs = configsAt([4, configOf({ voters: ['b', 'c'] })]);
    const peer = new TestMember({ id: 'b', terms: [1, 1, 1, 1], commit: 4, configs });
    peer.receive('a', { type: 'greeting', term: 1 });
    expect(peer.only('greeting-reply').message).toMatchObject({ known: false });
  });
});

describe('a member that is met for the first time', () => {
  it('counts once it is durable here which store it runs on', () => {
    const member = new TestMember({ terms: [1], configs: configsAt([1, unmet(['a', 'b', 'c'])]) });
    member.pass(250);
    member.timeout();
    const term = member.state.term;
    member.receive('b', { type: 'pre-vote-reply', term, campaign: term + 1, granted: true });
    expect(member.state.role).toBe('candidate');
    member.receive('b', { type: 'vote-reply', term: term + 1, granted: true });
    expect(member.state.role).toBe('candidate');
    member.writeAll();
    member.receive('b', { type: 'vote-reply', term: term + 1, granted: true });
    expect(member.state.role).toBe('leader');
  });

  it('is known by that store from then on: answers from another count for nothing', () => {
    const member = leaderOf();
    const { last } = member.state.log;
    member.propose(1);
    member.writeAll();
    const reply = { type: 'append-ack', term: 2, stream: 1, match: last + 1 } as const;
    member.receiveAs(NEW, 'b', reply);
    expect(progress(member, 'b')).toMatchObject({ match: last, stranger: true });
    expect(member.state.commit).toBe(last);
    member.receiveAs(NEW, 'b', { ...reply, term: 77 });
    expect(member.state).toMatchObject({ role: 'leader', term: 2 });
    ack(member, 'b', last + 1);
    expect(progress(member, 'b').stranger).toBe(false);
    expect(member.state.commit).toBe(last + 1);
  });

  it('as a stranger elects nobody', () => {
    const member = new TestMember({ terms: [1] });
    member.pass(250);
    member.timeout();
    for (const from of ['b', 'c']) {
      member.receiveAs(NEW, from, { type: 'pre-vote-reply', term: 1, campaign: 2, granted: true });
    }
    expect(member.state.role).toBe('pre-candidate');
  });

  it('as a learner is met by its answers to this leader, not by frames of one before it', () => {
    const config = { ...unmet(['a'], ['l']), incarnations: new Map([['a', incarnationOf('a')]]) };
    const member = new TestMember({ terms: [1], configs: configsAt([1, config]) });
    makeLeader(member);
    member.writeAll();
    const { stream } = progress(member, 'l');
    member.receiveAs(NEW, 'l', { type: 'append-ack', term: 2, stream: stream + 1, match: 0 });
    member.receiveAs(NEW, 'l', { type: 'vote-reply', term: 2, granted: true });
    // Who had its id before answered another leader, long ago, on a stream of the same number.
    member.receiveAs(NEW, 'l', { type: 'append-ack', term: 1, stream, match: 1 });
    expect(knownIncarnation(member.state, 'l')).toBeUndefined();
    member.receive('l', { type: 'append-ack', term: 2, stream, match: 0 });
    expect(knownIncarnation(member.state, 'l')).toBe(incarnationOf('l'));
  });

  it('is nobody if it is no member', () => {
    const member = leaderOf();
    member.receive('x', { type: 'append-ack', term: 2, stream: 1, match: 1 });
    expect(knownIncarnation(member.state, 'x')).toBeUndefined();
    expect(member.effects).toEqual([]);
  });
});

describe('an empty store', () => {
  const asked = (init: MemberInit) => {
    const member = new TestMember({ incarnation: NEW, ...init });
    member.receive('b', { ...preVoteRequest, lastIndex: 9, lastTerm: 9 });
    member.receive('b', voteRequest(9));
    return [...member.sent('pre-vote-reply'), ...member.sent('vote-reply')];
  };

  it('that was never told of the members gives no vote: it may have had one before', () => {
    expect(asked({ configs: [] })).toEqual([]);
  });

  it('under the id of a voter that runs on another gives none either', () => {
    expect(asked({ terms: [1] })).toEqual([]);
  });

  it('that was made to join is none of the first voters, whose stores nobody has named', () => {
    const config = configOf({ incarnations: new Map() });
    const init: MemberInit = { terms: [1], configs: [{ index: 1, config }] };
    expect(asked({ ...init, incarnation: JOINED })).toEqual([]);
    const member = new TestMember({ ...init, incarnation: JOINED });
    member.pass(1000);
    member.step({ type: 'campaign' });
    expect(member.state.role).toBe('follower');
    expect(asked({ ...init, incarnation: NEW })).not.toEqual([]);
  });

  it('that was made to join is not met as one of them, whatever it says it holds', () => {
    const config = configOf({ incarnations: new Map([['a', incarnationOf('a')]]) });
    const leader = new TestMember({ terms: [1], configs: [{ index: 1, config }] });
    makeLeader(leader);
    leader.writeAll();
    const { last } = leader.state.log;
    const ack = { type: 'append-ack', term: leader.state.term, match: last } as const;
    leader.receiveAs(JOINED, 'c', { ...ack, stream: progress(leader, 'c').stream });
    expect(progress(leader, 'c')).toMatchObject({ match: 0, stranger: true });
    expect(leader.state.recognition.pins.has('c')).toBe(false);
  });

  it('as a learner gives one if it is asked: it may have become a voter (M5)', () => {
    const member = new TestMember({ id: 'd', learners: ['d'], terms: [1] });
    member.receive('b', voteRequest(9));
    expect(member.only('vote-reply').message.granted).toBe(true);
  });

  it('under the id of a voter that runs on another does not stand', () => {
    const member = new TestMember({ terms: [1], incarnation: NEW });
    member.pass(1000);
    member.step({ type: 'timeout' });
    member.step({ type: 'campaign' });
    expect(member.state.role).toBe('follower');
  });

  it('is let in under an id that was removed and added again while somebody looked away', () => {
    // c was known here as one store. It is removed and added again, and both come at once.
    const member = new TestMember({
      terms: [1],
      term: 2,
      commit: 1,
      configs: configsAt([1, unmet(['a', 'b', 'c'])]),
      known: { admitted: true, pins: new Map([['c', incarnationOf('c')]]) },
    });
    const removed = unmet(['a', 'b']);
    const added = unmet(['a', 'b'], ['c']);
    const entries = [
      [2, removed],
      [2, added],
    ] as const;
    member.receive('b', ...configAppend({ term: 2, prev: [1, 1], commit: 3 }, entries));
    expect(member.state.commit).toBe(3);
    expect(knownIncarnation(member.state, 'c')).toBeUndefined();
    expect(member.waiting.at(-1)?.known?.pins).toEqual(new Map([['b', incarnationOf('b')]]));
  });

  it('that was added stays known when that is committed', () => {
    const { incarnations } = configOf({ voters: ['a', 'b'] });
    const first = { ...unmet(['a', 'b']), incarnations };
    const added = { ...unmet(['a', 'b'], ['c']), incarnations };
    const configs = configsAt([1, first], [2, added]);
    const member = new TestMember({ terms: [1, 1], commit: 1, configs });
    makeLeader(member);
    member.writeAll();
    ack(member, 'c', 0);
    member.writeAll();
    ack(member, 'b', member.state.log.last);
    expect(member.state.configs).toEqual(configsAt([2, added]));
    expect(knownIncarnation(member.state, 'c')).toBe(incarnationOf('c'));
  });

  it('is let in also when only its removal is known to be committed', () => {
    const member = new TestMember({
      terms: [1],
      term: 2,
      commit: 1,
      configs: configsAt([1, unmet(['a', 'b', 'c'])]),
      known: { admitted: true, pins: new Map([['c', incarnationOf('c')]]) },
    });
    const entries = [
      [2, unmet(['a', 'b'])],
      [2, unmet(['a', 'b'], ['c'])],
    ] as const;
    member.receive('b', ...configAppend({ term: 2, prev: [1, 1], commit: 2 }, entries));
    expect(knownIncarnation(member.state, 'c')).toBeUndefined();
  });
});
