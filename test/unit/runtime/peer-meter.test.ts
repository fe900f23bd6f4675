import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../src/raft/index.ts';
import { createCounting } from '../../../src/runtime/metrics/counters.ts';
import { latencyHistogram } from '../../../src/runtime/metrics/histogram.ts';
import { PeerMeter } from '../../../src/runtime/metrics/peer-meter.ts';
import { TestMember } from '../raft/member.ts';
import { ones } from '../raft/snapshots.ts';

describe('what is measured of a follower', () => {
  const { log } = new TestMember({ terms: ones(20) }).state;
  const at = (match: number, stream: number) => ({ match, stream }) as Progress;

  function measured(): {
    meter: PeerMeter;
    ack: (match: number, stream: number, ms: number) => void;
  } {
    const [meter, counting, all] = [new PeerMeter(), createCounting(), latencyHistogram()];
    meter.sent({ from: 1, until: 3, stream: 1 }, 1000, counting);
    return {
      meter,
      ack: (match, stream, ms) => meter.acknowledged(at(match, stream), log, ms, counting, all),
    };
  }

  it('is how long an append took to its acknowledgement', () => {
    const { meter, ack } = measured();
    ack(2, 1, 1004);
    expect(meter.replicationMs.snapshot()).toMatchObject({ count: 1, max: 4 });
  });

  it('is not how long it was away: it comes back by a snapshot, or by a stream anew', () => {
    const { meter, ack } = measured();
    ack(10, 2, 6000);
    expect(meter.replicationMs.snapshot().count).toBe(0);
  });
});
