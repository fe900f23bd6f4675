import { describe, expect, it } from 'vitest';
import {
  decodeAnswer,
  decodeFence,
  decodeSessionClose,
  decodeSessionCommand,
  decodeSessionOpen,
  encodeAnswer,
  encodeFence,
  encodeSessionClose,
  encodeSessionCommand,
  encodeSessionOpen,
  SESSION_COMMAND_BYTES,
} from '../../../../src/runtime/wire/index.ts';

const refused = expect.objectContaining({ code: 'ERR_FRAME' });
const name = { session: 2 ** 40 + 1, sequence: 2 ** 53 - 1, floor: 2 ** 53 - 2 };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('the body of a session’s entry', () => {
  it('is what it was when it is read again', () => {
    const opening = { idleMs: 2 ** 53 - 1, max: 2 ** 32 - 1 };
    expect(decodeSessionOpen(encodeSessionOpen(opening))).toEqual(opening);
    expect(decodeSessionClose(encodeSessionClose(77))).toBe(77);
    expect(decodeFence(encodeFence(name))).toEqual(name);
    const command = Uint8Array.of(1, 2, 3);
    const body = encodeSessionCommand(name, command);
    expect(body.length).toBe(SESSION_COMMAND_BYTES + 3);
    expect(decodeSessionCommand(body)).toEqual({ ...name, command });
    const empty = encodeSessionCommand(name, new Uint8Array(0));
    expect(decodeSessionCommand(empty).command).toHaveLength(0);
  });

  it('keeps its format', () => {
    expect(hex(encodeSessionOpen({ idleMs: 258, max: 3 }))).toBe('01000000000000010200000003');
    expect(hex(encodeSessionClose(5))).toBe('0000000000000005');
    const body = encodeSessionCommand({ session: 1, sequence: 3, floor: 2 }, Uint8Array.of(0xab));
    expect(hex(body)).toBe('000000000000000100000000000000030000000000000002ab');
  });

  it('is refused when it is cut short anywhere, and most when anything follows', () => {
    const bodies = [
      [encodeSessionOpen({ idleMs: 1, max: 1 }), decodeSessionOpen],
      [encodeSessionClose(5), decodeSessionClose],
      [encodeFence(name), decodeFence],
      [encodeSessionCommand(name, new Uint8Array(0)), decodeSessionCommand],
    ] as const;
    for (const [body, decode] of bodies) {
      for (let length = 0; length < body.length; length++) {
        expect(() => decode(body.subarray(0, length))).toThrow(refused);
      }
      if (decode === decodeSessionCommand) continue;
      expect(() => decode(Uint8Array.of(...body, 0))).toThrow(refused);
    }
  });

  it('is refused when it cannot be meant', () => {
    expect(() => decodeSessionOpen(encodeSessionOpen({ idleMs: 0, max: 1 }))).toThrow(refused);
    expect(() => decodeSessionOpen(encodeSessionOpen({ idleMs: 1, max: 0 }))).toThrow(refused);
    const later = encodeSessionOpen({ idleMs: 1, max: 1 }).with(0, 2);
    expect(() => decodeSessionOpen(later)).toThrow(/format 2/);
    expect(() => decodeSessionClose(encodeSessionClose(0))).toThrow(refused);
    const nobody = { ...name, session: 0 };
    expect(() => decodeFence(encodeFence(nobody))).toThrow(refused);
    for (const floor of [5, 6]) {
      const below = { session: 1, sequence: 5, floor };
      expect(() => decodeFence(encodeFence(below))).toThrow(refused);
      expect(() => decodeSessionCommand(encodeSessionCommand(below, Uint8Array.of(1)))).toThrow(
        refused,
      );
    }
  });
});

describe('an answer', () => {
  it.each([
    { applied: false, index: 0, term: 0, result: undefined },
    { applied: true, index: 7, term: 2 ** 50, result: undefined },
    { applied: true, index: 2 ** 50, term: 7, result: new Uint8Array(0) },
    { applied: true, index: 1, term: 1, result: Uint8Array.of(5, 6) },
  ])('is what it was when it is read again: %o', (answer) => {
    expect(decodeAnswer(encodeAnswer(answer))).toEqual(answer);
  });

  it('is refused when this version does not write it', () => {
    const answer = encodeAnswer({ applied: true, index: 7, term: 3, result: undefined });
    expect(() => decodeAnswer(answer.with(0, 3))).toThrow(refused);
    expect(() => decodeAnswer(Uint8Array.of(...answer, 0))).toThrow(refused);
    for (let length = 0; length < answer.length; length++) {
      expect(() => decodeAnswer(answer.subarray(0, length))).toThrow(refused);
    }
  });
});
