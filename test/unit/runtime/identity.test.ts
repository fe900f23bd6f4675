import { describe, expect, it } from 'vitest';
import {
  decodeIdentity,
  encodeIdentity,
  incarnationText,
  newIncarnation,
  type StoreIdentity,
} from '../../../src/runtime/identity.ts';

const identity: StoreIdentity = {
  ...{ clusterId: '00ff10203040a0b1', id: 'a', incarnation: 0x1a_bbcc_ddee_ff01 },
  ...{ boot: 2 ** 40 + 3, patienceMs: 1000, repairFrom: 7, admitted: true },
  pins: new Map([
    ['b', 2 ** 53 - 1],
    ['é', 1],
  ]),
};

const corrupt = expect.objectContaining({ code: 'ERR_STORE_CORRUPT' });

describe('an incarnation', () => {
  it('is a whole number of 53 bits and never 0, another one each time', () => {
    const made = Array.from({ length: 100 }, (_, at) => newIncarnation(at % 2 === 0));
    expect(made.filter((each) => !Number.isSafeInteger(each) || each <= 0)).toEqual([]);
    expect(new Set(made).size).toBe(100);
    expect(made.some((each) => each > 2 ** 52)).toBe(true);
    expect(made.some((each) => each < 2 ** 52)).toBe(true);
    // Even for first members, odd for those that join: whoever meets them can tell.
    expect(made.every((each, at) => each % 2 === at % 2)).toBe(true);
  });

  it('is shown as 14 hexadecimal digits', () => {
    expect(incarnationText(258)).toBe('00000000000102');
    expect(incarnationText(2 ** 53 - 1)).toBe('1fffffffffffff');
  });
});

describe('an identity record', () => {
  it.each(['a', 'é', 'x'.repeat(255), '👩‍🚀'])('brings back what it holds: id %s', (id) => {
    const record = encodeIdentity({ ...identity, id });
    expect(decodeIdentity(record)).toEqual({ ...identity, id });
  });

  it('brings back an id that begins with a byte order mark', () => {
    const id = '\ufeffa';
    expect(decodeIdentity(encodeIdentity({ ...identity, id })).id).toBe(id);
  });

  it('keeps its bytes from version to version', () => {
    expect(Buffer.from(encodeIdentity(identity)).toString('hex')).toBe(
      [
        '01',
        '00ff10203040a0b1',
        '001abbccddeeff01',
        '0000010000000003',
        '00000000000003e8',
        '0000000000000007',
        '01',
        '0161',
      ]
        .concat(['00000002', '0162', '001fffffffffffff', '02c3a9', '0000000000000001'])
        .join(''),
    );
  });

  it('brings back a member that takes no part yet and has met nobody', () => {
    const first = { ...identity, admitted: false, pins: new Map() };
    expect(decodeIdentity(encodeIdentity(first))).toEqual(first);
  });

  it('of a newer format is refused as such, and the versions are named', () => {
    const record = encodeIdentity(identity).with(0, 2);
    expect(() => decodeIdentity(record)).toThrow(
      expect.objectContaining({
        code: 'ERR_STORE_FORMAT',
        message: expect.stringMatching(/version 2.*reads 1/),
      }),
    );
  });

  it('that is cut short, goes on or has no id is damaged', () => {
    const record = encodeIdentity(identity);
    for (let length = 1; length < record.length; length++) {
      expect(() => decodeIdentity(record.subarray(0, length))).toThrow(corrupt);
    }
    expect(() => decodeIdentity(Uint8Array.of(...record, 0))).toThrow(corrupt);
    expect(() => decodeIdentity(record.with(43, 0xff))).toThrow(corrupt);
    expect(record[41]).toBe(1);
    expect(() => decodeIdentity(record.with(41, 2))).toThrow(corrupt);
  });

  it('that is empty is damaged, not one of a newer format', () => {
    expect(() => decodeIdentity(new Uint8Array(0))).toThrow(corrupt);
  });
});
