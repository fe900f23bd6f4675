import { describe, expect, it, test } from 'vitest';
import {
  type Comparison,
  decodeVerify,
  encodeVerify,
} from '../../../../src/runtime/wire/verify-entry.ts';

const refused = expect.objectContaining({ code: 'ERR_FRAME' });
const digest = '00112233445566778899aabbccddeeff';
const verdict: Comparison = { index: 2 ** 53 - 1, lastEqual: 7, digest, odd: ['b', 'é'] };

describe('the body of a `verify` entry', () => {
  it.each([
    ['nothing that was compared', undefined],
    ['a verdict', verdict],
    ['what a majority had', { ...verdict, odd: [] }],
    ['that no majority was equal', { ...verdict, digest: undefined, odd: [] }],
  ])('brings back %s', (_, compared) => {
    expect(decodeVerify(encodeVerify(compared))).toEqual(compared);
  });

  it('keeps its bytes from version to version', () => {
    expect(Buffer.from(encodeVerify({ ...verdict, index: 9, odd: ['b'] })).toString('hex')).toBe(
      `010100000000000000090000000000000007${digest}000000010162`,
    );
  });

  test.each([
    ['of another format', encodeVerify(verdict).with(0, 2)],
    ['of an unknown kind', encodeVerify(verdict).with(1, 3)],
    ['cut short', encodeVerify(verdict).subarray(0, 30)],
    ['that goes on', Uint8Array.of(...encodeVerify(undefined), 0)],
    ['with more members than it holds', encodeVerify(verdict).with(36, 9)],
    ['that is equal where it is not', encodeVerify({ ...verdict, index: 7 })],
    ['of no bytes', new Uint8Array(0)],
  ])('%s is refused', (_, body) => {
    expect(() => decodeVerify(body)).toThrow(refused);
  });
});
