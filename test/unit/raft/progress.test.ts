import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createProgress,
  isOverdue,
  type Progress,
  recordMatch,
  recordSent,
  resend,
  restartStream,
} from '../../../src/raft/progress.ts';

function replicating(match: number, last: number): Progress {
  const progress = createProgress(match + 1, 0, 1);
  recordSent(progress, match);
  recordMatch(progress, match);
  for (let index = match + 1; index <= last; index++) recordSent(progress, index);
  return progress;
}

describe('the progress of a follower', () => {
  it('begins by probing, with nothing known to match', () => {
    expect(createProgress(8, 30, 1)).toEqual({
      mode: 'probe',
      match: 0,
      next: 8,
      stream: 1,
      sent: 0,
      sentAtHeartbeat: 0,
      missing: 0,
      patience: 1,
      commitSent: 0,
      contactMs: 30,
      catchUp: undefined,
      dropAtMs: Infinity,
      stranger: false,
      heardRound: 0,
      promisedUntilMs: -Infinity,
      wallOffsetMs: 0,
      sending: undefined,
      heldFrom: Infinity,
      inflight: [],
    });
  });

  it('keeps its next index while it probes, however much the probe holds', () => {
    const progress = createProgress(5, 0, 1);
    recordSent(progress, 9);
    expect(progress).toMatchObject({ mode: 'probe', next: 5, sent: 9, inflight: [9] });
  });

  it('replicates behind the probe once that has landed', () => {
    const progress = createProgress(5, 0, 1);
    recordSent(progress, 9);
    expect(recordMatch(progress, 9)).toBe(true);
    expect(progress).toMatchObject({ mode: 'replicate', match: 9, next: 10, inflight: [] });
  });

  it('goes on behind what it sent, also when only a part of that has landed', () => {
    const progress = createProgress(5, 0, 1);
    recordSent(progress, 9);
    expect(recordMatch(progress, 7)).toBe(true);
    expect(progress).toMatchObject({ match: 7, next: 10, inflight: [9] });
  });

  it('advances its next index with every append it sends', () => {
    const progress = replicating(3, 6);
    expect(progress).toMatchObject({ next: 7, sent: 6, inflight: [4, 5, 6] });
  });

  it('lets everything land that an acknowledgement covers', () => {
    const progress = replicating(3, 6);
    expect(recordMatch(progress, 5)).toBe(true);
    expect(progress).toMatchObject({ match: 5, next: 7, inflight: [6] });
  });

  it('takes a late, lower acknowledgement as no news', () => {
    const progress = replicating(3, 6);
    recordMatch(progress, 6);
    expect(recordMatch(progress, 4)).toBe(false);
    expect(progress).toMatchObject({ match: 6, next: 7, inflight: [] });
  });

  it('forgets what is on the way when its stream starts again', () => {
    const progress = replicating(3, 6);
    progress.sentAtHeartbeat = 6;
    restartStream(progress, 5);
    expect(progress).toMatchObject({
      ...{ mode: 'probe', match: 3, next: 5, stream: 2 },
      ...{ sent: 0, sentAtHeartbeat: 0, inflight: [] },
    });
  });

  it('never asks again for what is known to match', () => {
    const progress = replicating(3, 6);
    restartStream(progress, 1);
    expect(progress.next).toBe(4);
  });

  it('keeps its stream when it sends again: what is on the way may still arrive and count', () => {
    const progress = replicating(3, 6);
    progress.sentAtHeartbeat = 6;
    resend(progress, 5);
    expect(progress).toMatchObject({
      ...{ mode: 'probe', match: 3, next: 5, stream: 1 },
      ...{ sent: 0, sentAtHeartbeat: 0, inflight: [] },
    });
    expect(recordMatch(progress, 6)).toBe(true);
    expect(progress).toMatchObject({ mode: 'replicate', match: 6, next: 7 });
    resend(progress, 2);
    expect(progress.next).toBe(7);
  });

  it('has more patience each time, and all of it back as soon as something lands', () => {
    const progress = replicating(3, 6);
    const overdue = () => {
      const beats: number[] = [];
      for (let beat = 1; beat <= 300; beat++) if (isOverdue(progress)) beats.push(beat);
      return beats;
    };
    expect(overdue()).toEqual([1, 3, 7, 15, 31, 63, 127, 191, 255]);
    recordMatch(progress, 3);
    expect(isOverdue(progress)).toBe(false);
    recordMatch(progress, 4);
    expect(overdue().slice(0, 3)).toEqual([1, 3, 7]);
  });

  it('keeps match below next and never lets match or stream go back', () => {
    const action = fc.oneof(
      fc.record({ type: fc.constant('send'), value: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ type: fc.constant('match'), value: fc.nat(12) }),
      fc.record({ type: fc.constantFrom('restart', 'resend'), value: fc.nat(12) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const progress = createProgress(3, 0, 1);
        for (const { type, value } of actions) {
          const { match, stream } = progress;
          // One append at a time is on its way while probing.
          if (type === 'send' && progress.mode === 'probe' && progress.inflight.length > 0)
            continue;
          if (type === 'send') recordSent(progress, progress.next - 1 + value);
          // Only what was sent, or matched before, can be acknowledged.
          else if (type === 'match') recordMatch(progress, Math.min(value, progress.sent));
          else if (type === 'restart') restartStream(progress, value);
          else resend(progress, value);
          expect(progress.match).toBeGreaterThanOrEqual(match);
          expect(progress.stream).toBe(type === 'restart' ? stream + 1 : stream);
          expect(progress.next).toBeGreaterThan(progress.match);
          expect([...progress.inflight].sort((a, b) => a - b)).toEqual(progress.inflight);
          expect(progress.inflight.filter((index) => index <= progress.match)).toEqual([]);
        }
      }),
    );
  });
});
