import { describe, expect, it } from 'vitest';
import {
  clusterIdOf,
  decodeIdentity,
  encodeIdentity,
  newIncarnation,
} from '../../../src/runtime/identity.ts';

const members = ['a', 'b', 'c'].map((id) => ({ id, address: `${id}:1` }));
const identity = {
  ...{ clusterId: '00ff10203040a0b1', id: 'a', incarnation: 'fedcba9876543210' },
  boot: 2 ** 40 + 3,
};

const corrupt = expect.objectContaining({ code: 'ERR_STORE_CORRUPT' });

describe('a cluster id', () => {
  it('is 16 hexadecimal digits that no version may change', () => {
    expect(clusterIdOf('orders', members)).toBe('f42e5b78a59cb41f');
  });

  it('does not depend on the order of the members, nor on their addresses', () => {
    const moved = members.map(({ id }) => ({ id, address: `${id}.example:9` })).reverse();
    expect(clusterIdOf('orders', moved)).toBe(clusterIdOf('orders', members));
  });

  it('is another one for another name or other members', () => {
    const more = [...members, { id: 'd', address: 'd:1' }];
    const ids = [
      clusterIdOf('orders', members),
      clusterIdOf('orders2', members),
      clusterIdOf('orders', more),
      clusterIdOf('orders', members.slice(1)),
      // Names and ids that look alike when they are written one behind another.
      clusterIdOf('a', [{ id: 'b,c', address: '' }]),
      clusterIdOf(
        'a',
        ['b', 'c'].map((id) => ({ id, address: '' })),
      ),
      clusterIdOf('a,b', [{ id: 'c', address: '' }]),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('an incarnation', () => {
  it('is 16 hexadecimal digits, other ones each time', () => {
    const made = Array.from({ length: 100 }, newIncarnation);
    expect(made.filter((each) => !/^[0-9a-f]{16}$/.test(each))).toEqual([]);
    expect(new Set(made).size).toBe(100);
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
      '01' + '00ff10203040a0b1' + 'fedcba9876543210' + '0000010000000003' + '0161',
    );
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
    expect(() => decodeIdentity(record.with(record.length - 1, 0xff))).toThrow(corrupt);
  });

  it('that is empty is damaged, not one of a newer format', () => {
    expect(() => decodeIdentity(new Uint8Array(0))).toThrow(corrupt);
  });
});
