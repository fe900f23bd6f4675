import { describe, expect, it } from 'vitest';
import { termAt } from '../../../src/raft/index.ts';
import { exchange, type Letter } from './exchange.ts';
import { ack, makeLeader, progress, progressOf, settledLeader, TestMember } from './member.ts';

function count(letters: readonly Letter[], type: string): number {
  return letters.filter(({ message }) => message.type === type).length;
}

function beat(leader: TestMember): void {
  leader.pass(leader.state.options.heartbeatMs);
  leader.timeout();
}

/** A leader `a` and a follower `b` that have agreed; `c` is silent. */
function pair(): [leader: TestMember, follower: TestMember] {
  const leader = new TestMember();
  const follower = new TestMember({ id: 'b' });
  makeLeader(leader);
  exchange([leader, follower], leader);
  expect(progress(leader, 'b')).toMatchObject({ match: 1, mode: 'replicate' });
  return [leader, follower];
}

describe('a lost append', () => {
  it('is told by the second heartbeat after it, and sent again', () => {
    const [leader, follower] = pair();
    beat(leader);
    exchange([leader, follower], leader);
    leader.propose(1);
    exchange([leader, follower], leader, ({ message }) => message.type === 'append');
    expect(follower.state.log.last).toBe(1);
    // It may still be on its way: the next heartbeat does not ask for what came since the last.
    beat(leader);
    expect(count(exchange([leader, follower], leader), 'append')).toBe(0);
    beat(leader);
    expect(count(exchange([leader, follower], leader), 'append')).toBe(1);
    expect(follower.state.log.last).toBe(2);
    expect(progress(leader, 'b')).toMatchObject({ match: 2, stream: 1 });
    expect(leader.state.commit).toBe(2);
  });

  it('is told also when it was the first of its stream', () => {
    const leader = new TestMember();
    const follower = new TestMember({ id: 'b' });
    makeLeader(leader);
    exchange([leader, follower], leader, ({ message }) => message.type === 'append');
    for (let times = 0; times < 2; times++) {
      beat(leader);
      exchange([leader, follower], leader);
    }
    expect(progress(leader, 'b')).toMatchObject({ match: 1, stream: 1, mode: 'replicate' });
    expect(follower.state.log.last).toBe(1);
  });

  it('that probed is repeated where it was, not from the start of the log', () => {
    const terms = Array.from({ length: 50 }, () => 1);
    const leader = new TestMember({ terms });
    const follower = new TestMember({ id: 'b', terms });
    makeLeader(leader);
    exchange([leader, follower], leader, ({ message }) => message.type === 'append');
    beat(leader);
    const letters = exchange([leader, follower], leader);
    const appends = letters.flatMap(({ message }) => (message.type === 'append' ? [message] : []));
    expect(appends).toMatchObject([{ prevIndex: 50, from: 51, until: 52 }]);
    expect(progress(leader, 'b').match).toBe(51);
  });

  it('is sent again less and less often while nothing arrives', () => {
    const [leader, follower] = pair();
    leader.propose(1);
    const sent: number[] = [];
    for (let beats = 1; beats <= 40; beats++) {
      beat(leader);
      const isAppend = (letter: Letter) => {
        if (letter.message.type === 'append') sent.push(beats);
        return letter.message.type === 'append';
      };
      exchange([leader, follower], leader, (letter) => letter.to === 'b' && isAppend(letter));
    }
    // From the second heartbeat on, with twice the silence each time.
    expect(sent).toHaveLength(5);
    const gaps = sent.slice(1).map((at, place) => at - (sent[place] ?? 0));
    expect(gaps).toEqual([...gaps].sort((x, y) => x - y));
    expect(Math.max(...gaps)).toBeGreaterThanOrEqual(2 * Math.min(...gaps));
    // What arrives at last counts, and the next loss is noticed as soon as the first one was.
    beat(leader);
    exchange([leader, follower], leader);
    for (let beats = 0; beats < 40 && progress(leader, 'b').match < 2; beats++) {
      beat(leader);
      exchange([leader, follower], leader);
    }
    expect(progress(leader, 'b')).toMatchObject({ match: 2, patience: 1, missing: 0 });
  });

  it('holds up later ones only until then', () => {
    const [leader, follower] = pair();
    leader.propose(1);
    exchange([leader, follower], leader, ({ message }) => message.type === 'append');
    leader.propose(1);
    const letters = exchange([leader, follower], leader);
    // The gap is refused and filled, without a heartbeat.
    expect(count(letters, 'append-reject')).toBe(1);
    expect(follower.state.log.last).toBe(3);
    expect(progress(leader, 'b').match).toBe(3);
  });
});

describe('a lost acknowledgement', () => {
  it('is replaced by the answer to a heartbeat', () => {
    const [leader, follower] = pair();
    leader.propose(1);
    exchange([leader, follower], leader, ({ message }) => message.type === 'append-ack');
    expect(follower.state.log.durable).toBe(2);
    expect(leader.state.commit).toBe(1);
    beat(leader);
    const letters = exchange([leader, follower], leader);
    expect(count(letters, 'append')).toBe(0);
    expect(progress(leader, 'b')).toMatchObject({ match: 2, stream: 1, inflight: [] });
    expect(leader.state.commit).toBe(2);
  });

  it('does not stop a full window for ever', () => {
    const [leader, follower] = pair();
    for (let times = 0; times < 6; times++) {
      leader.propose(1);
      exchange([leader, follower], leader, ({ message }) => message.type === 'append-ack');
    }
    expect(follower.state.log.last).toBe(5);
    beat(leader);
    exchange([leader, follower], leader);
    expect([follower.state.log.last, leader.state.commit]).toEqual([7, 7]);
  });
});

describe('a lost refusal', () => {
  it('is asked for again', () => {
    const leader = new TestMember({ terms: [1, 1, 2], term: 3 });
    const follower = new TestMember({ id: 'b', terms: [1], term: 3 });
    makeLeader(leader);
    exchange([leader, follower], leader, ({ message }) => message.type === 'append-reject');
    expect(progress(leader, 'b').match).toBe(0);
    for (let times = 0; times < 3; times++) {
      beat(leader);
      exchange([leader, follower], leader);
    }
    expect(progress(leader, 'b').match).toBe(4);
  });
});

describe('a follower that has diverged', () => {
  it('by many entries of several terms is brought back in few round trips (R5)', () => {
    const shared = Array.from({ length: 100 }, () => 1);
    const foreign = [2, 4, 6, 8, 10].flatMap((term) => Array.from({ length: 2000 }, () => term));
    const own = [3, 5, 7, 9, 11].flatMap((term) => Array.from({ length: 2000 }, () => term));
    const options = { maxAppendBytes: 1_000_000, maxInflightBytes: 1_000_000 };
    const leader = new TestMember({ terms: [...shared, ...own], options });
    const follower = new TestMember({ id: 'b', terms: [...shared, ...foreign] });
    makeLeader(leader);
    const letters = exchange([leader, follower], leader);
    // One for each term of the two logs at most, not one for each entry.
    expect(count(letters, 'append-reject')).toBeLessThanOrEqual(10);
    const { last } = leader.state.log;
    expect(last).toBe(10_101);
    expect(follower.state.log.last).toBe(last);
    const terms = [100, 101, 5000, 10_100, 10_101];
    expect(terms.map((index) => termAt(follower.state.log, index))).toEqual(
      terms.map((index) => termAt(leader.state.log, index)),
    );
    expect(progress(leader, 'b').match).toBe(last);
  });
});

describe('a leader without contact', () => {
  function leaderOf(init: ConstructorParameters<typeof TestMember>[0] = {}): TestMember {
    const member = settledLeader(init);
    beat(member);
    return member;
  }

  /** Beats until `ms` have passed, with one of `heard` answering each time. */
  function wait(member: TestMember, ms: number, heard: readonly string[] = []): void {
    const end = member.now + ms;
    while (member.now < end && member.state.role === 'leader') {
      for (const id of heard) ack(member, id, progress(member, id).match);
      beat(member);
    }
  }

  it('to a quorum lets go after the shortest election timeout (check-quorum)', () => {
    const member = leaderOf();
    const { term } = member.state;
    for (const [id] of progressOf(member)) ack(member, id, 1);
    wait(member, 90);
    expect(member.state.role).toBe('leader');
    wait(member, 20);
    expect(member.state).toMatchObject({ role: 'follower', leader: undefined, term });
    expect(member.state.electionDueMs).toBeGreaterThanOrEqual(member.now + 100);
  });

  it('to one of two stays, as it and the other are a quorum', () => {
    const member = leaderOf();
    wait(member, 1000, ['c']);
    expect(member.state.role).toBe('leader');
  });

  it('to all but its learners lets go', () => {
    const member = leaderOf({ learners: ['l', 'm', 'n'] });
    wait(member, 150, ['l', 'm', 'n']);
    expect(member.state.role).toBe('follower');
  });

  it('to the quorum of one half lets go', () => {
    const member = new TestMember({ outgoing: ['d', 'e', 'f'] });
    makeLeader(member);
    wait(member, 80, ['b', 'c', 'd']);
    expect(member.state.role).toBe('leader');
    wait(member, 70, ['b', 'c', 'd']);
    expect(member.state.role).toBe('follower');
  });

  it('stays when it is the only voter', () => {
    const member = leaderOf({ voters: ['a'], learners: ['l'] });
    wait(member, 1000);
    expect(member.state.role).toBe('leader');
  });

  it('counts nothing that came from an earlier term as contact', () => {
    const member = leaderOf({ terms: [1] });
    const end = member.now + 150;
    while (member.now < end && member.state.role === 'leader') {
      member.receive('b', { type: 'append-ack', term: 1, stream: 1, match: 1 });
      beat(member);
    }
    expect(member.state.role).toBe('follower');
  });
});
