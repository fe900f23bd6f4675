import { describe, expect, it } from 'vitest';
import { createConfiguration } from '../../../../src/raft/index.ts';
import {
  decodeMembers,
  encodeMembers,
  firstMembers,
  type MembersEntry,
} from '../../../../src/runtime/wire/members-entry.ts';
import { withU32 } from './frames.ts';

const entry: MembersEntry = {
  members: [
    { id: 'a', address: '10.0.0.1:7' },
    { id: 'bé', address: '' },
    { id: 'c', address: 'c'.repeat(1000) },
    { id: 'd', address: 'd' },
  ],
  config: {
    voters: ['a', 'bé'],
    outgoing: ['a', 'c'],
    learners: ['d'],
    joining: [{ id: 'd', replaces: 'bé' }],
    incarnations: new Map([
      ['a', 1],
      ['d', 2 ** 53 - 1],
    ]),
  },
};

const refused = expect.objectContaining({ code: 'ERR_FRAME' });

describe('a members entry', () => {
  it('brings back who is a member, where and as what', () => {
    expect(decodeMembers(encodeMembers(entry))).toEqual(entry);
  });

  it('keeps its bytes from version to version', () => {
    const one = { members: [{ id: 'a', address: 'x:1' }] };
    const config = createConfiguration({ voters: ['a'], incarnations: new Map([['a', 258]]) });
    expect(Buffer.from(encodeMembers({ ...one, config })).toString('hex')).toBe(
      '00000001' + '01' + '0000000000000102' + '01' + '61' + '00000003' + '783a31',
    );
  });

  it('is refused when it is cut short anywhere, or goes on', () => {
    const bytes = encodeMembers(entry);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeMembers(bytes.subarray(0, length))).toThrow(refused);
    }
    expect(() => decodeMembers(Uint8Array.of(...bytes, 0))).toThrow(refused);
  });

  it.each([
    ['the count', 0],
    ['the address', 15],
  ])('is refused when %s is a length that cannot be', (_, at) => {
    const bytes = encodeMembers(entry);
    for (const length of [0, 2 ** 31, 2 ** 32 - 1]) {
      expect(() => decodeMembers(withU32(bytes, at, length))).toThrow(refused);
    }
  });

  it('is refused when a part in the cluster is unknown', () => {
    const bytes = encodeMembers(entry);
    expect(bytes[4]).toBe(3);
    for (const part of [0, 8, 9, 16, 20, 0x83]) {
      expect(() => decodeMembers(bytes.with(4, part))).toThrow(refused);
    }
  });

  it('is refused when an id is not UTF-8: two of them could read as one', () => {
    const bytes = encodeMembers(entry);
    expect(bytes[14]).toBe('a'.charCodeAt(0));
    expect(() => decodeMembers(bytes.with(14, 0xff))).toThrow(refused);
  });
});

describe('the first members', () => {
  it('give equal bytes on every member, in whatever order they are named', () => {
    const members = ['b', 'a', 'é', 'C'].map((id) => ({ id, address: `${id}:1` }));
    const bytes = encodeMembers(firstMembers(members));
    expect(encodeMembers(firstMembers([...members].reverse()))).toEqual(bytes);
    const voters = ['C', 'a', 'b', 'é'];
    expect(decodeMembers(bytes).config).toEqual(createConfiguration({ voters }));
  });

  it('are taken as they are: the list that was passed is not sorted', () => {
    const members = ['b', 'a'].map((id) => ({ id, address: id }));
    firstMembers(members);
    expect(members.map(({ id }) => id)).toEqual(['b', 'a']);
  });
});
