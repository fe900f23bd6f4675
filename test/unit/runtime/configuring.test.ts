import { describe, expect, it } from 'vitest';
import type { CoxswainError } from '../../../src/errors.ts';
import { changeOptions, type OptionChanges } from '../../../src/runtime/configuring.ts';
import { defaultLimits } from '../../../src/runtime/options.ts';
import { defaultSnapshotSettings } from '../../../src/runtime/snapshot-settings.ts';

function settings() {
  return {
    ...{ heartbeatMs: 100, electionMinMs: 1000, requestTimeoutMs: 10_000 },
    limits: { ...defaultLimits },
    sessions: { max: 10, idleMs: 1000 },
    stall: { storeMs: 1000, applyMs: 1000, loopMs: 1000 },
    snapshot: { ...defaultSnapshotSettings },
    lease: { maxClockDrift: 0.05 },
    maxClockOffsetMs: 60_000,
    verifyEveryEntries: 10_000,
    transport: { supports: { maxFrameBytes: 2 ** 24 } },
  };
}

function refusal(changes: object): CoxswainError {
  const current = settings();
  try {
    changeOptions(current, changes as OptionChanges);
  } catch (error) {
    expect(current).toEqual(settings());
    return error as CoxswainError;
  }
  throw new Error('it was not refused');
}

describe('changes of options', () => {
  it('can lift the limit of what snapshots may take again', () => {
    const current = settings();
    changeOptions(current, { snapshot: { maxBytesPerSec: 1000 } });
    changeOptions(current, { snapshot: { keepEntries: 3 } });
    expect(current.snapshot.maxBytesPerSec).toBe(1000);
    changeOptions(current, { snapshot: { maxBytesPerSec: undefined } as never });
    expect(current.snapshot).toEqual({ ...defaultSnapshotSettings, keepEntries: 3 });
  });

  it('are of what is named, and leave the rest', () => {
    const current = settings();
    changeOptions(current, {
      ...{ heartbeatMs: 500, requestTimeoutMs: 5, maxClockOffsetMs: 7, lease: {} },
      limits: { maxQueuedReads: 3, maxMembers: undefined } as never,
      ...{ sessions: { max: 4 }, stall: { applyMs: 9 }, snapshot: { keepEntries: 3 } },
    });
    expect(current).toEqual({
      ...settings(),
      ...{ heartbeatMs: 500, requestTimeoutMs: 5, maxClockOffsetMs: 7 },
      limits: { ...defaultLimits, maxQueuedReads: 3 },
      ...{ sessions: { max: 4, idleMs: 1000 } },
      stall: { storeMs: 1000, applyMs: 9, loopMs: 1000 },
      snapshot: { ...defaultSnapshotSettings, keepEntries: 3 },
    });
  });

  it('are seen by whoever holds a part of them', () => {
    const current = settings();
    const { lease, limits } = current;
    changeOptions(current, { lease: { maxClockDrift: 0.2 }, limits: { memoryWindowBytes: 5 } });
    expect([lease.maxClockDrift, limits.memoryWindowBytes]).toEqual([0.2, 5]);
  });

  it.each([
    ['heartbeatMs', { heartbeatMs: 501 }],
    ['heartbeatMs', { heartbeatMs: 0 }],
    ['requestTimeoutMs', { requestTimeoutMs: 1.5 }],
    ['limits.maxQueuedReads', { limits: { maxQueuedReads: 0 } }],
    ['limits.maxAppendBytes', { limits: { maxAppendBytes: 2 ** 30 } }],
    ['limits.maxCommandBytes', { limits: { maxCommandBytes: 10 } }],
    ['limits.other', { limits: { other: 10 } }],
    ['limits', { limits: 5 }],
    ['sessions.max', { sessions: { max: 0 } }],
    ['sessions', { sessions: null }],
    ['stall.loopMs', { stall: { loopMs: 0 } }],
    ['stall', { stall: 1 }],
    ['snapshot.everyBytes', { snapshot: { everyBytes: 0 } }],
    ['snapshot.chunkBytes', { snapshot: { chunkBytes: 2 ** 24 } }],
    ['snapshot', { snapshot: 'never' }],
    ['lease.maxClockDrift', { lease: { maxClockDrift: 1 } }],
    ['lease', { lease: 'x' }],
    ['maxClockOffsetMs', { maxClockOffsetMs: 0 }],
    ['unheardOf', { unheardOf: 1 }],
    ['configure', 5 as never],
  ])('are refused, all of them, if %s is no good: %o', (name, bad) => {
    const changes = typeof bad === 'object' ? { requestTimeoutMs: 77, ...bad } : bad;
    const error = refusal(changes);
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message.startsWith(`${name} is `)).toBe(true);
  });

  it.each(['electionTimeoutMs', 'id', 'cluster', 'storage', 'seed'])(
    'are refused if they are of %s, which needs the node to be opened anew',
    (name) => {
      const error = refusal({ requestTimeoutMs: 77, [name]: [1000, 2000] });
      expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
      expect(error.message).toMatch(new RegExp(`^${name} is .*open it anew`));
    },
  );
});
