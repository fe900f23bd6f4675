import { describe, expect, it } from 'vitest';
import { decodeVersion, encodeVersion } from '../../../../src/runtime/wire/index.ts';

const refused = expect.objectContaining({ code: 'ERR_FRAME' });

describe('the body of a version entry', () => {
  it('is what it was when it is read again, and keeps its format', () => {
    const body = encodeVersion({ features: 1, machineVersion: 258 });
    expect(Buffer.from(body).toString('hex')).toBe('0000000100000102');
    expect(decodeVersion(body)).toEqual({ features: 1, machineVersion: 258 });
    const most = { features: 2 ** 32 - 1, machineVersion: 2 ** 32 - 1 };
    expect(decodeVersion(encodeVersion(most))).toEqual(most);
  });

  it('is refused when it is cut short, goes on, or names no version', () => {
    const body = encodeVersion({ features: 1, machineVersion: 1 });
    for (let length = 0; length < body.length; length++) {
      expect(() => decodeVersion(body.subarray(0, length))).toThrow(refused);
    }
    expect(() => decodeVersion(Uint8Array.of(...body, 0))).toThrow(refused);
    for (const none of [{ features: 0 }, { machineVersion: 0 }]) {
      const zero = encodeVersion({ features: 1, machineVersion: 1, ...none });
      expect(() => decodeVersion(zero)).toThrow(refused);
    }
  });
});
