// What the two clocks tell about each other, and whose wall clock may lead.
import { describe, expect, it } from 'vitest';
import { doClocksAgree, isFresh, leaseUntil, nextDeadline } from '../../../src/raft/index.ts';
import { change, hearBeats, leaderOf } from './changing.ts';
import {
  appendOf,
  heartbeatAck,
  type MemberInit,
  makeLeader,
  progress,
  TestMember,
  testOptions,
} from './member.ts';

const WALL_MS = 1_000_000_000_000;
const YEARS_MS = 10 * 365 * 86_400_000;
const { maxClockOffsetMs } = testOptions;

/** Tells a member its wall clock, which is `aheadMs` ahead of where it was at time 0. */
function tell(member: TestMember, aheadMs = 0): void {
  member.step({ type: 'clocks', wallMs: WALL_MS + member.now + aheadMs });
}

/** A leader with a lease that knows its wall clock. */
function leaseholder(init: MemberInit = {}): TestMember {
  const member = leaderOf(init);
  tell(member);
  member.timeout();
  hearBeats(member, 'b', 'c');
  expect(leaseUntil(member.state)).toBeGreaterThan(member.now);
  return member;
}

/** A follower of b that has just been told what is committed. */
function freshFollower(): TestMember {
  const member = new TestMember({ terms: [1], term: 1, commit: 1, applied: 1 });
  tell(member);
  const [append] = appendOf({ term: 1, prev: [1, 1], commit: 1 });
  member.receive('b', append);
  ask(member, 1);
  answer(member, 1);
  expect(isFresh(member.state, 0, member.now)).toBe(true);
  return member;
}

function ask(member: TestMember, upTo: number): void {
  member.step({ type: 'read', upTo });
}

function answer(member: TestMember, upTo: number, atMs = member.now): void {
  const { boot, incarnation, term } = member.state;
  member.receive('b', { type: 'read-reply', term, incarnation, boot, upTo, atMs, index: 1 });
}

describe('a process that was suspended', () => {
  it('has no lease, and none by rounds that were sent before (K3)', () => {
    const member = leaseholder();
    const late = heartbeatAck(member, 'b');
    tell(member, 8000);
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
    member.receive('b', late);
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
    member.timeout();
    hearBeats(member, 'b');
    expect(leaseUntil(member.state)).toBeGreaterThan(member.now);
  });

  it('leads on: what it has asked a majority does not depend on time', () => {
    const member = leaseholder();
    ask(member, 1);
    const answers = ['b', 'c'].map((id) => [id, heartbeatAck(member, id)] as const);
    tell(member, 8000);
    for (const [id, late] of answers) member.receive(id, late);
    expect(member.state.reading.granted).toBe(1);
    expect(member.state.role).toBe('leader');
  });

  it('does not know how fresh its machine is (K3)', () => {
    const member = freshFollower();
    tell(member, 8000);
    expect(isFresh(member.state, 100_000, member.now)).toBe(false);
  });

  it('is not told so by an answer to what it asked before (K3)', () => {
    const member = freshFollower();
    ask(member, 2);
    const askedMs = member.now;
    tell(member, 3_600_000);
    member.pass(1);
    answer(member, 2, askedMs);
    expect(member.state.reading.granted).toBe(2);
    expect(isFresh(member.state, 100_000, member.now)).toBe(false);
    ask(member, 3);
    answer(member, 3);
    expect(isFresh(member.state, 0, member.now)).toBe(true);
  });

  it('is not told so as a leader by a round that it began before (K3)', () => {
    const member = leaseholder();
    member.step({ type: 'applied', index: member.state.commit });
    ask(member, 1);
    tell(member, 8000);
    member.pass(1);
    hearBeats(member, 'b');
    expect(member.state.reading.granted).toBe(1);
    expect(isFresh(member.state, 100_000, member.now)).toBe(false);
    ask(member, 2);
    hearBeats(member, 'b');
    expect(isFresh(member.state, 0, member.now)).toBe(true);
  });

  it('shows it by either clock: one that was set back, too', () => {
    const member = leaseholder();
    tell(member, -8000);
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('clocks that differ a little', () => {
  it.each([5, -5])('by %i ms show nothing', (aheadMs) => {
    const member = leaseholder();
    const until = leaseUntil(member.state);
    tell(member, aheadMs);
    expect(leaseUntil(member.state)).toBe(until);
  });

  it('by as much again, before a new reading, do', () => {
    const member = leaseholder();
    tell(member, 5);
    tell(member, 6);
    expect(leaseUntil(member.state)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('creep apart for as long as they like', () => {
    const member = leaseholder();
    for (let at = 1; at <= 2000; at++) {
      member.timeout();
      // A hundredth of a ms in every ten: 1,000 in a million.
      tell(member, at * 0.01);
      hearBeats(member, 'b');
      expect(leaseUntil(member.state)).toBeGreaterThan(member.now);
    }
  });

  it('agree as long as nobody has told what the wall clock says', () => {
    const member = leaderOf();
    expect(doClocksAgree(member.state, member.now, WALL_MS)).toBe(true);
    member.step({ type: 'clocks', wallMs: 0 });
    expect(member.state.clocks).toBeUndefined();
  });
});

describe('a leader whose wall clock is set', () => {
  it.each([maxClockOffsetMs + 1, -maxClockOffsetMs - 1, YEARS_MS, -YEARS_MS])(
    'by %i ms takes nothing, and leads no more (RA25)',
    (aheadMs) => {
      const member = leaseholder();
      const { last, lastTimeMs } = member.state.log;
      const bodies = [{ length: 1 }];
      member.step({ type: 'propose', bodies, wallMs: WALL_MS + member.now + aheadMs });
      expect(member.state).toMatchObject({ role: 'follower', leader: undefined });
      expect(member.state.log).toMatchObject({ last, lastTimeMs });
    },
  );

  it('by no more than that leads on', () => {
    const member = leaseholder();
    tell(member, maxClockOffsetMs);
    expect(member.state.role).toBe('leader');
  });

  it('little by little finds that a majority disagrees, at a heartbeat', () => {
    const member = leaseholder();
    for (const aheadMs of [40_000, 80_000]) tell(member, aheadMs);
    expect(member.state.role).toBe('leader');
    for (const id of ['b', 'c']) {
      member.receive(id, heartbeatAck(member, id, { wallMs: WALL_MS + member.now }));
    }
    member.timeout();
    expect(member.state.role).toBe('follower');
  });
});

describe('a leader', () => {
  const answerWith = (member: TestMember, ...offsets: readonly (number | undefined)[]) => {
    member.timeout();
    for (const [at, offsetMs] of offsets.entries()) {
      const id = ['b', 'c', 'd', 'e'][at] ?? '';
      const wallMs = offsetMs === undefined ? 0 : WALL_MS + member.now + offsetMs;
      member.receive(id, heartbeatAck(member, id, { wallMs }));
    }
    member.timeout();
  };
  const voters = ['a', 'b', 'c', 'd', 'e'];

  it('leads with a wall clock that a majority takes for right', () => {
    const member = leaseholder({ voters });
    answerWith(member, YEARS_MS, -YEARS_MS, maxClockOffsetMs, -maxClockOffsetMs);
    expect(member.state.role).toBe('leader');
  });

  it('does not when a majority does not', () => {
    const member = leaseholder({ voters });
    answerWith(member, YEARS_MS, -YEARS_MS, maxClockOffsetMs + 1, 0);
    expect(member.state.role).toBe('follower');
  });

  it('takes those who do not tell for right', () => {
    const member = leaseholder({ voters });
    answerWith(member, YEARS_MS, -YEARS_MS, undefined, undefined);
    expect(member.state.role).toBe('leader');
  });

  it('that does not know its own leads on', () => {
    const member = leaderOf({ voters });
    answerWith(member, 0, 0, 0, 0);
    expect(member.state.role).toBe('leader');
  });

  it('does not go by an acknowledgement that comes late', () => {
    const member = leaseholder();
    const late = heartbeatAck(member, 'b', { wallMs: WALL_MS + member.now - maxClockOffsetMs });
    member.timeout();
    const { now } = member;
    for (const id of ['b', 'c']) {
      member.receive(id, heartbeatAck(member, id, { wallMs: WALL_MS + now }));
    }
    member.pass(5);
    member.receive('b', late);
    expect(progress(member, 'b').wallOffsetMs).toBe(0);
  });

  it('needs it of each half of a joint configuration', () => {
    const wrong = YEARS_MS;
    const leadsWith = (...offsets: readonly number[]) => {
      const member = leaseholder({ voters });
      change(member, { remove: ['d', 'e'] });
      answerWith(member, ...offsets);
      return member.state.role === 'leader';
    };
    expect(leadsWith(0, 0, wrong, wrong)).toBe(true);
    expect(leadsWith(wrong, wrong, 0, 0)).toBe(false);
    expect(leadsWith(wrong, 0, wrong, wrong)).toBe(false);
  });
});

describe('a voter', () => {
  const log = { lastIndex: 9, lastTerm: 9 };
  const voterAt = (aheadMs?: number) => {
    const member = new TestMember({ id: 'b', terms: [1] });
    if (aheadMs !== undefined) tell(member, aheadMs);
    return member;
  };
  const preVote = (member: TestMember, wallMs: number) => {
    member.receive('c', { type: 'pre-vote-request', term: 1, campaign: 2, ...log, wallMs });
    return member.only('pre-vote-reply').message.granted;
  };
  const vote = (member: TestMember, wallMs: number, forced: boolean) => {
    member.receive('c', { type: 'vote-request', term: 2, forced, ...log, wallMs });
    return member.only('vote-reply').message.granted;
  };

  it.each([
    [maxClockOffsetMs, true],
    [-maxClockOffsetMs, true],
    [maxClockOffsetMs + 1, false],
    [-maxClockOffsetMs - 1, false],
    [YEARS_MS, false],
  ])('asked by one whose wall clock is %i ms ahead: %s (RA25)', (aheadMs, granted) => {
    const wallMs = WALL_MS + 1000 + aheadMs;
    expect(preVote(voterAt(0), wallMs)).toBe(granted);
    expect(vote(voterAt(0), wallMs, false)).toBe(granted);
    expect(vote(voterAt(0), wallMs, true)).toBe(granted);
  });

  it('takes a wall clock for right that it cannot compare', () => {
    expect(preVote(voterAt(), WALL_MS + YEARS_MS)).toBe(true);
    expect(preVote(voterAt(0), 0)).toBe(true);
    expect(vote(voterAt(), WALL_MS + YEARS_MS, false)).toBe(true);
    expect(vote(voterAt(0), 0, true)).toBe(true);
  });

  it('tells its own as it goes on between two readings', () => {
    const member = voterAt(0);
    member.pass(50.5);
    const parts = { term: 1, stream: 1, round: 1, commit: 0, sent: 0 };
    member.receive('c', { type: 'heartbeat', ...parts });
    expect(member.only('heartbeat-ack').message.wallMs).toBe(WALL_MS + 1050);
  });
});

describe('a wall clock that jumps by years, again and again (K1)', () => {
  const jump = (member: TestMember, at: number) =>
    tell(member, at % 2 === 0 ? YEARS_MS : -YEARS_MS);

  it('moves no deadline of a follower, and grants no vote sooner', () => {
    const member = new TestMember({ id: 'b', terms: [1], term: 1 });
    const parts = { term: 1, stream: 1, round: 1, commit: 0, sent: 0 };
    member.receive('a', { type: 'heartbeat', ...parts });
    const due = nextDeadline(member.state);
    for (let at = 0; at < 50; at++) {
      member.pass(1);
      jump(member, at);
      member.step({ type: 'timeout' });
      member.receive('c', {
        ...{ type: 'pre-vote-request', term: 1, campaign: 2, lastIndex: 9, lastTerm: 9 },
        wallMs: 0,
      });
      expect(member.only('pre-vote-reply').message.granted).toBe(false);
    }
    expect(nextDeadline(member.state)).toBe(due);
    expect(member.state).toMatchObject({ role: 'follower', leader: 'a' });
  });

  it('keeps no member from standing, winning and answering reads', () => {
    const member = new TestMember({ terms: [1] });
    jump(member, 0);
    makeLeader(member);
    member.writeAll();
    expect(member.state.role).toBe('leader');
  });
});

describe('a candidate', () => {
  /** It has asked for votes, and its own is not counted yet. */
  function candidate(): TestMember {
    const member = new TestMember({ voters: ['a', 'b', 'c'] });
    tell(member);
    member.step({ type: 'campaign' });
    const { term } = member.state;
    const campaign = term + 1;
    member.receive('b', { type: 'pre-vote-reply', term, campaign, granted: true });
    expect(member.state.role).toBe('candidate');
    return member;
  }

  it('whose clock is set wrong meanwhile does not win by the votes it gets (K1, RA25)', () => {
    const member = candidate();
    tell(member, YEARS_MS);
    const { term } = member.state;
    member.receive('b', { type: 'vote-reply', term, granted: true });
    member.receive('c', { type: 'vote-reply', term, granted: true });
    expect(member.state.role).toBe('follower');
  });

  it('whose clock is set by a little goes on', () => {
    const member = candidate();
    tell(member, maxClockOffsetMs);
    expect(member.state.role).toBe('candidate');
  });
});
