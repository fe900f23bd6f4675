import { describe, expect, it } from 'vitest';
import {
  decodeSnapshotHeader,
  encodeSnapshotHeader,
  firstMembers,
  type SnapshotHeader,
} from '../../../../src/runtime/wire/index.ts';

const members = firstMembers(['c', 'a', 'b'].map((id) => ({ id, address: `${id}:1` })));
const header: SnapshotHeader = { timeMs: 2 ** 45, machineVersion: 3, configIndex: 77, members };
const bad = expect.objectContaining({ code: 'ERR_FRAME' });

describe('the header of a snapshot (S9)', () => {
  it('brings back log time, version and members', () => {
    expect(decodeSnapshotHeader(encodeSnapshotHeader(header))).toEqual(header);
    const most = { timeMs: 2 ** 53 - 1, machineVersion: 2 ** 32 - 1, configIndex: 2 ** 53 - 1 };
    const extremes = { ...most, members };
    expect(decodeSnapshotHeader(encodeSnapshotHeader(extremes))).toEqual(extremes);
  });

  it('keeps its bytes from version to version', () => {
    const bytes = encodeSnapshotHeader({ ...header, members: firstMembers([]) });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      `01${'0000200000000000'}${'00000003'}${'000000000000004d'}${'00000000'}`,
    );
  });

  it('of a newer format is told apart from a damaged one', () => {
    const bytes = encodeSnapshotHeader(header);
    bytes[0] = 2;
    expect(() => decodeSnapshotHeader(bytes)).toThrow(
      expect.objectContaining({ code: 'ERR_STORE_FORMAT' }),
    );
    bytes[0] = 0;
    expect(() => decodeSnapshotHeader(bytes)).toThrow(bad);
  });

  it('is refused when it is short, long, or of a machine without a version', () => {
    const bytes = encodeSnapshotHeader(header);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSnapshotHeader(bytes.subarray(0, length))).toThrow(bad);
    }
    expect(() => decodeSnapshotHeader(Uint8Array.of(...bytes, 0))).toThrow(bad);
    const none = encodeSnapshotHeader({ ...header, machineVersion: 0 });
    expect(() => decodeSnapshotHeader(none)).toThrow(bad);
  });
});
