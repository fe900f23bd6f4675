// What went wrong, or could, when a store is emptied, when leadership is handed over, and with the
// lease in the meantime: one test for each planted bug that no search finds.
import { describe, expect, it } from 'vitest';
import { createConfiguration, leaseUntil, type Message } from '../../../src/raft/index.ts';
import {
  ack,
  appendOf,
  incarnationOf,
  keepAlive,
  progress,
  settledLeader,
  TestMember,
} from './member.ts';

/** Nobody's store is known. */
const unmet = createConfiguration({ voters: ['a', 'b', 'c'] });

const MARGIN_MS = 95 - 10;

function newcomer(): TestMember {
  return new TestMember({
    configs: [{ index: 1, config: unmet }],
    terms: [1],
    commit: 1,
    known: { admitted: false, pins: new Map() },
  });
}

/** A follower of b in term 2. */
function follower(): TestMember {
  const member = new TestMember({ terms: [1], commit: 1 });
  member.receive('b', ...appendOf({ term: 2, prev: [1, 1] }, [2]));
  member.writeAll();
  return member;
}

describe('a store', () => {
  it('is known durably before anything that its member says counts', () => {
    const configs = [{ index: 0, config: unmet }];
    const known = { admitted: true, pins: new Map([['b', incarnationOf('b')]]) };
    const member = new TestMember({ configs, known });
    member.pass(200);
    member.timeout();
    member.receive('b', { type: 'pre-vote-reply', term: 0, campaign: 1, granted: true });
    member.writeAll();
    member.receive('c', { type: 'vote-reply', term: 1, granted: true });
    expect(member.state.role).toBe('candidate');
    member.writeAll();
    member.receive('c', { type: 'vote-reply', term: 1, granted: true });
    expect(member.state.role).toBe('leader');
  });

  it('that was emptied does not answer for the one it was', () => {
    const leader = settledLeader();
    leader.propose(10);
    const { match, stream } = progress(leader, 'c');
    const { log, term } = leader.state;
    const message: Message = { type: 'append-ack', term, stream, match: log.last };
    leader.step({ type: 'receive', from: 'c', incarnation: 999, message, entries: [] });
    expect(progress(leader, 'c')).toMatchObject({ match, stranger: true });
  });

  it('of a first member is known to a majority of the others before it takes part', () => {
    const member = newcomer();
    const known = {
      type: 'greeting-reply',
      term: 1,
      incarnation: incarnationOf('a'),
      known: true,
    } as const;
    expect(member.state.recognition.admitted).toBe(false);
    member.receive('b', known);
    expect(member.state.recognition.admitted).toBe(false);
    member.receive('c', known);
    expect(member.state.recognition.admitted).toBe(true);
  });

  it('is said to be known only when it durably is', () => {
    const member = newcomer();
    member.receive('b', { type: 'greeting', term: 1 });
    const [write] = member.waiting;
    expect(write?.known?.pins.get('b')).toBe(incarnationOf('b'));
    expect(member.only('greeting-reply').after).toBe(write?.write);
  });

  it('is forgotten with its member', () => {
    const pins = new Map([
      ['b', incarnationOf('b')],
      ['c', incarnationOf('c')],
    ]);
    const leader = settledLeader({ known: { admitted: true, pins } });
    const config = { ...leader.state.config, voters: ['a', 'b'] };
    leader.change(config);
    leader.writeAll();
    ack(leader, 'b', leader.state.log.last);
    expect([...leader.state.recognition.pins.keys()]).toEqual(['b']);
  });
});

describe('a handover', () => {
  it('waits for the log to be whole, and takes no proposals until then', () => {
    const leader = settledLeader();
    leader.propose(10);
    const { last } = leader.state.log;
    leader.step({ type: 'transfer', to: 'b' });
    expect(leader.sent('timeout-now')).toEqual([]);
    leader.propose(10);
    expect(leader.state.log.last).toBe(last);
    ack(leader, 'b', last);
    expect(leader.only('timeout-now').to).toBe('b');
  });

  it('to a member that is gone is given up', () => {
    const leader = settledLeader();
    leader.propose(10);
    const { last } = leader.state.log;
    leader.step({ type: 'transfer', to: 'b' });
    keepAlive(leader, 200, 'c');
    leader.propose(10);
    expect(leader.state.log.last).toBe(last + 1);
  });

  it('has its votes beside a live leader, and nobody else has', () => {
    const member = follower();
    const request = {
      type: 'vote-request',
      wallMs: 0,
      term: 3,
      lastIndex: 2,
      lastTerm: 2,
    } as const;
    member.receive('c', { ...request, forced: false });
    expect(member.effects).toEqual([]);
    member.receive('c', { ...request, forced: true });
    expect(member.only('vote-reply').message.granted).toBe(true);
  });

  it('is what a candidate speaks of only if a leader asked it to stand', () => {
    const asked = follower();
    const beat = { type: 'heartbeat', term: 2, stream: 1, commit: 0, sent: 0 } as const;
    asked.receive('b', { ...beat, round: 1 });
    asked.receive('b', { type: 'timeout-now', term: 2, round: 1 });
    expect(asked.sent('vote-request').map(({ message }) => message.forced)).toEqual([true, true]);
    const other = follower();
    other.timeout();
    other.receive('b', { type: 'pre-vote-reply', term: 2, campaign: 3, granted: true });
    expect(other.sent('vote-request').map(({ message }) => message.forced)).toEqual([false, false]);
  });

  it('is called off for who has heard a later round', () => {
    const member = follower();
    const beat = { type: 'heartbeat', term: 2, stream: 1, commit: 0, sent: 0 } as const;
    member.receive('b', { ...beat, round: 5 });
    member.receive('b', { type: 'timeout-now', term: 2, round: 4 });
    expect(member.state.role).toBe('follower');
    member.receive('b', { type: 'timeout-now', term: 2, round: 5 });
    expect(member.state.role).toBe('candidate');
  });
});

describe('the lease', () => {
  it('starts when the round was sent, not when it is answered', () => {
    const leader = settledLeader();
    leader.timeout();
    const sentMs = leader.now;
    leader.pass(9);
    const { round = 0 } = leader.state.leading ?? {};
    const answer = {
      type: 'heartbeat-ack',
      patienceMs: 100,
      wallMs: 0,
      sent: 0,
      received: 0,
      match: 0,
    } as const;
    const { stream } = progress(leader, 'b');
    leader.receive('b', { ...answer, term: leader.state.term, stream, round });
    expect(leaseUntil(leader.state)).toBe(sentMs + MARGIN_MS);
  });

  it('ends with a handover, and begins again when its target knows it is called off', () => {
    const leader = settledLeader();
    keepAlive(leader, 20, 'b', 'c');
    expect(leaseUntil(leader.state)).toBeGreaterThan(leader.now);
    leader.propose(10);
    leader.step({ type: 'transfer', to: 'b' });
    expect(leaseUntil(leader.state)).toBe(-Infinity);
    ack(leader, 'b', leader.state.log.last);
    keepAlive(leader, 220, 'c');
    expect(leader.state.leading?.handover).toBeUndefined();
    expect(leaseUntil(leader.state)).toBe(-Infinity);
    keepAlive(leader, 10, 'b', 'c');
    expect(leaseUntil(leader.state)).toBeGreaterThan(leader.now);
  });
});
