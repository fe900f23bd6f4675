import { describe, expect, it } from 'vitest';
import { leaseUntil, nextDeadline, type RaftOptions } from '../../../src/raft/index.ts';
import { hearBeats, leaderOf } from './changing.ts';
import { ack, progress, settledLeader, TestMember, testOptions } from './member.ts';

function configure(member: TestMember, changes: Partial<RaftOptions>): void {
  member.step({ type: 'configure', options: { ...member.state.options, ...changes } });
}

/** What a voter promised, less what another clock may be faster, less what jumps go unseen. */
const lengthMs = (drift: number) => 100 * (1 - drift) - 10;

describe('options that change while a member runs', () => {
  it('leave the election timeout as it is: it was promised', () => {
    const member = new TestMember();
    configure(member, { electionMinMs: 5, electionMaxMs: 7, heartbeatMs: 20 });
    const { electionMaxMs, electionMinMs } = testOptions;
    expect(member.state.options).toEqual({
      ...testOptions,
      ...{ electionMaxMs, electionMinMs, heartbeatMs: 20 },
    });
  });

  it('cut a lease when other clocks may be faster, at least to what it would be now', () => {
    const member = leaderOf();
    member.timeout();
    const sentMs = member.now;
    hearBeats(member, 'b');
    expect(leaseUntil(member.state)).toBe(sentMs + lengthMs(0.05));
    configure(member, { maxClockDrift: 0.3 });
    expect(leaseUntil(member.state)).toBeLessThanOrEqual(sentMs + lengthMs(0.3));
    hearBeats(member, 'c');
    expect(leaseUntil(member.state)).toBeCloseTo(sentMs + lengthMs(0.3));
  });

  it('make no lease longer that was given before', () => {
    const member = leaderOf();
    member.timeout();
    const sentMs = member.now;
    hearBeats(member, 'b');
    configure(member, { maxClockDrift: 0 });
    expect(leaseUntil(member.state)).toBe(sentMs + lengthMs(0.05));
  });

  it('bring the next heartbeat forward, and never put it off', () => {
    const member = leaderOf();
    member.timeout();
    const dueMs = nextDeadline(member.state);
    configure(member, { heartbeatMs: 50 });
    expect(nextDeadline(member.state)).toBe(dueMs);
    configure(member, { heartbeatMs: 3 });
    expect(nextDeadline(member.state)).toBe(member.now + 3);
    member.timeout();
    expect(nextDeadline(member.state)).toBe(member.now + 3);
  });

  it('narrow the window of appends that are under way, and lose none of them', () => {
    const member = leaderOf();
    for (let at = 0; at < 4; at++) member.propose(1);
    expect(progress(member, 'b').inflight).toHaveLength(4);
    configure(member, { maxInflightAppends: 2 });
    const { last } = member.state.log;
    expect(progress(member, 'b').inflight).toEqual([last - 1, last]);
    member.propose(1);
    ack(member, 'b', last - 1);
    expect(member.sentTo('b')).toMatchObject([{ type: 'append', from: last + 1 }]);
  });

  it('bound what is not committed by what they say now', () => {
    const member = leaderOf();
    configure(member, { maxUncommittedBytes: 1 });
    member.propose(10);
    const { last } = member.state.log;
    member.propose(10);
    expect(member.state.log.last).toBe(last);
    configure(member, { maxUncommittedBytes: 10_000 });
    member.propose(10);
    expect(member.state.log.last).toBe(last + 1);
  });

  it('judge clocks by the new bound at the next heartbeat', () => {
    const member = settledLeader({ terms: [1] });
    for (const id of ['b', 'c']) progress(member, id).wallOffsetMs = 5000;
    configure(member, { maxClockOffsetMs: 1000 });
    member.timeout();
    expect(member.state.role).toBe('follower');
  });
});
