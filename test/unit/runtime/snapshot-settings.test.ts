import { describe, expect, it } from 'vitest';
import {
  checkSnapshotSettings,
  defaultSnapshotSettings,
  snapshotOptions,
} from '../../../src/runtime/snapshot-settings.ts';

const MIB = 1024 * 1024;

describe('settings of snapshots', () => {
  it('that are left out, or undefined, are the defaults', () => {
    expect(checkSnapshotSettings({}, 16 * MIB)).toEqual(defaultSnapshotSettings);
    const given = { everyEntries: 5, maxBytesPerSec: undefined, keepEntries: undefined as never };
    expect(checkSnapshotSettings(given, 16 * MIB)).toEqual({
      ...{ ...defaultSnapshotSettings, everyEntries: 5 },
    });
  });

  it('may keep nothing', () => {
    const none = { keepEntries: 0, maxHeldBytes: 0 };
    expect(checkSnapshotSettings(none, 16 * MIB)).toMatchObject(none);
  });

  it('give pieces a length that a frame has room for, unless the host says one', () => {
    for (const frame of [8192, 64 * 1024, 256 * 1024, 300 * 1024]) {
      const { chunkBytes } = checkSnapshotSettings({}, frame);
      expect(chunkBytes).toBeGreaterThan(0);
      expect(chunkBytes).toBeLessThan(frame);
      expect(checkSnapshotSettings({ chunkBytes }, frame).chunkBytes).toBe(chunkBytes);
      expect(() => checkSnapshotSettings({ chunkBytes: chunkBytes + 1 }, frame)).toThrow(
        expect.objectContaining({
          code: 'ERR_INVALID_OPTION',
          message: expect.stringMatching(/^snapshot\.chunkBytes is /),
        }),
      );
    }
  });

  it('reach the core as numbers: no limit is the largest', () => {
    const { maxBytesPerSec, ...rest } = snapshotOptions(defaultSnapshotSettings);
    expect(maxBytesPerSec).toBe(Number.MAX_SAFE_INTEGER);
    expect({ ...rest, maxBytesPerSec: undefined }).toEqual(defaultSnapshotSettings);
    expect(snapshotOptions({ ...defaultSnapshotSettings, maxBytesPerSec: 7 })).toMatchObject({
      maxBytesPerSec: 7,
    });
  });
});
