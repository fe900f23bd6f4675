// Snapshots over lines that are slow for bulk traffic: what is sent, and that it ends.
import { describe, expect, it } from 'vitest';
import { heartbeatAck, progress } from './member.ts';
import { BYTES, SnapshotLine } from './snapshot-line.ts';
import { sendingLeader } from './snapshots.ts';

const LONG_MS = 300_000;
/** Chunks and their window, of the lines below: a round trip for each window, one to begin. */
const ROUNDS = BYTES / 100 / 4 + 1;

describe('a line for bulk traffic that is slower than heartbeats', () => {
  it.each([45, 195, 700, 2000])('takes a snapshot in one go: %i ms', (bulkMs) => {
    const line = new SnapshotLine({ bulkMs });
    const tookMs = line.run(LONG_MS);
    expect(line.isDone).toBe(true);
    expect(line.bytesSent).toBe(BYTES);
    expect(tookMs).toBeLessThan(1.5 * ROUNDS * (2 * bulkMs + 4));
  });
});

describe('a receiver', () => {
  it('with a slow disk is not asked with every heartbeat how far it is (O6)', () => {
    const line = new SnapshotLine({ bulkMs: 2, storeMs: 2000 });
    line.run(LONG_MS);
    expect(line.isDone).toBe(true);
    expect(line.questions).toBeLessThan(10 * (BYTES / 100));
  });

  it('that has room for less at a time is not sent everything many times (O6)', () => {
    const [leader, follower] = [{ maxInflightChunks: 64 }, { maxInflightChunks: 4 }];
    const line = new SnapshotLine({ bulkMs: 2, storeMs: 30, leader, follower });
    line.run(LONG_MS);
    expect(line.isDone).toBe(true);
    expect(line.bytesSent).toBeLessThan(3 * BYTES);
  });

  it('that says what cannot be is not believed', () => {
    const leader = sendingLeader();
    const { stream } = progress(leader, 'b');
    const { term } = leader.state;
    const said = { type: 'snapshot-ack', term, stream, answers: 1, refused: false } as const;
    leader.receive('b', { ...said, stored: 0, next: 5000 });
    leader.receive('b', { ...said, stored: 200, next: 100 });
    expect(progress(leader, 'b').sending).toMatchObject({ stored: 0, next: 0, answered: 0 });
  });

  it('that refused a snapshot is not sent it again for a late answer', () => {
    const leader = sendingLeader();
    for (let beat = 0; beat < 2; beat++) {
      leader.timeout();
      for (const id of ['b', 'c']) leader.receive(id, heartbeatAck(leader, id));
    }
    const { sending, stream } = progress(leader, 'b');
    const asked = sending?.asked ?? 0;
    expect(asked).toBeGreaterThan(1);
    const said = { type: 'snapshot-ack', term: leader.state.term, stream, stored: 0, next: 0 };
    leader.receive('b', { ...said, type: 'snapshot-ack', answers: 0, refused: true });
    for (let answers = 1; answers <= asked; answers++) {
      leader.receive('b', { ...said, type: 'snapshot-ack', answers, refused: false });
      expect(leader.sent('snapshot-chunk')).toEqual([]);
    }
  });
});
