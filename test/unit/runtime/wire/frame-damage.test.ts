import { describe, expect, it } from 'vitest';
import { CoxswainError } from '../../../../src/errors.ts';
import { createPrng, nextInteger } from '../../../../src/lib/prng.ts';
import type { Frame } from '../../../../src/runtime/wire/frame-codec.ts';
import { encodeMembers, OwnEntry } from '../../../../src/runtime/wire/index.ts';
import {
  append,
  appendFrame,
  codec,
  decodeFrame,
  encodeAgain,
  entries,
  frames,
  join,
  members,
  membersEntry,
  plain,
  sessionBodies,
  withU32,
} from './frames.ts';

const HEADER = 32;
const refused = expect.objectContaining({ code: 'ERR_FRAME' });

/** The frame, or undefined when it is refused in the one way that is allowed. */
function decode(bytes: Uint8Array): Frame | undefined {
  try {
    return decodeFrame(bytes);
  } catch (error) {
    if (error instanceof CoxswainError && error.code === 'ERR_FRAME') return undefined;
    throw error;
  }
}

function prototypeNames(): readonly string[] {
  return Object.getOwnPropertyNames(Object.prototype).sort();
}

describe('a damaged frame', () => {
  const names = prototypeNames();

  it.each(frames)('is refused when it is cut short anywhere: %s', (_, bytes) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(decode(bytes.subarray(0, length))).toBeUndefined();
    }
    expect(decode(bytes)).toBeDefined();
  });

  it.each(frames)('is refused when anything follows: %s', (_, bytes) => {
    for (const more of [Uint8Array.of(0), new Uint8Array(40), bytes]) {
      expect(decode(join(bytes, more))).toBeUndefined();
    }
  });

  it.each(frames)(
    'is refused or read as what it now says, after random changes: %s',
    (_, bytes) => {
      const prng = createPrng(bytes.length);
      let read = 0;
      for (let round = 0; round < 1000; round++) {
        const changed = Uint8Array.from(bytes);
        for (let count = nextInteger(prng, 1, 4); count > 0; count--) {
          changed[nextInteger(prng, HEADER, bytes.length)] = nextInteger(prng, 0, 256);
        }
        const frame = decode(changed);
        if (frame === undefined) continue;
        read++;
        // What was read is one meaning: encoded again it is read as the same.
        expect(plain(decodeFrame(encodeAgain(frame)))).toEqual(plain(frame));
      }
      expect(read).toBeGreaterThan(0);
      expect(prototypeNames()).toEqual(names);
    },
  );

  it('is refused when it is noise', () => {
    const prng = createPrng(99);
    for (let round = 0; round < 2000; round++) {
      const noise = new Uint8Array(nextInteger(prng, 0, 80));
      for (let at = 0; at < noise.length; at++) noise[at] = nextInteger(prng, 0, 256);
      expect(decode(noise)).toBeUndefined();
    }
  });

  it('with noise behind a sound header is refused or read, and nothing else', () => {
    const prng = createPrng(98);
    for (const [, bytes] of frames) {
      for (let round = 0; round < 1000; round++) {
        const noise = new Uint8Array(nextInteger(prng, 0, 80));
        for (let at = 0; at < noise.length; at++) noise[at] = nextInteger(prng, 0, 256) >> (at % 8);
        decode(join(bytes.subarray(0, HEADER), noise));
      }
    }
    expect(prototypeNames()).toEqual(names);
  });
});

describe('a length that cannot be', () => {
  const frame = (name: string) => frames.find(([each]) => each === name)?.[1] ?? new Uint8Array(0);
  /** Where the first length of a run, body, text or list stands. */
  const places: readonly (readonly [string, string, number])[] = [
    ['a run of entries', 'append', HEADER + 48],
    ['the body of an entry', 'append', HEADER + 48 + 21],
    ['a list of proposals', 'forward', HEADER + 8],
    ['the body of a proposal', 'forward', HEADER + 8 + 4 + 9],
    ['a list of results', 'forward-reply', HEADER + 16],
    ['a result', 'forward-reply', HEADER + 16 + 4 + 24],
    ['a list of failures', 'forward-reply', HEADER + 16 + 4 + 28 + 2 + 28],
    ['a message', 'forward-reply', HEADER + 16 + 4 + 28 + 2 + 28 + 4 + 17 + 1 + 14],
  ];

  it.each(places)('is refused for %s', (_, name, at) => {
    const bytes = frame(name);
    const value = new DataView(bytes.buffer).getUint32(at);
    expect(value).toBeGreaterThan(0);
    expect(value).toBeLessThan(10);
    for (const length of [0, value + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
      expect(() => codec.decode(withU32(bytes, at, length))).toThrow(refused);
    }
    expect(decode(withU32(bytes, at, value))).toBeDefined();
  });

  it('of no entries at all is not the length of a run', () => {
    const head = codec.encodeMessage({ ...append, until: append.from + 1 });
    const none = new Uint8Array(21);
    none.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7], 0);
    none[20] = 1;
    const one = codec.encodeEntries(entries.slice(2, 3));
    expect(decode(join(head, one))).toBeDefined();
    expect(() => codec.decode(join(head, none, one))).toThrow(refused);
  });

  it('of more entries than could ever follow is refused without looking for them', () => {
    const head = codec.encodeMessage({ ...append, until: 2 ** 53 - 1 });
    expect(() => codec.decode(join(head, codec.encodeEntries(entries)))).toThrow(refused);
  });
});

describe('an append that contradicts itself', () => {
  it('is refused when it ends before it begins', () => {
    const bytes = appendFrame({ ...append, until: append.from - 1 }, []);
    expect(() => codec.decode(bytes)).toThrow(refused);
  });

  it('is refused when its entries are fewer or more than it says', () => {
    expect(() => codec.decode(appendFrame({ ...append, until: 15 }))).toThrow(refused);
    expect(() => codec.decode(appendFrame({ ...append, until: 17 }))).toThrow(refused);
  });

  it('is refused when the terms of its entries go back', () => {
    const [first, , third] = entries;
    if (first === undefined || third === undefined) throw new Error('too few entries');
    const back = [third, first];
    expect(() => codec.decode(appendFrame({ ...append, until: 13 }, back))).toThrow(refused);
    // Also behind what it says comes before.
    expect(() => codec.decode(appendFrame({ ...append, prevTerm: 6 }))).toThrow(refused);
  });

  it('is refused when an entry, or what comes before, is newer than its leader', () => {
    expect(() => codec.decode(appendFrame({ ...append, term: 6 }))).toThrow(refused);
    const empty = { ...append, until: append.from, prevTerm: 8 };
    expect(() => codec.decode(appendFrame(empty, []))).toThrow(refused);
  });

  it('is refused when a members entry does not decode, wherever it stands', () => {
    const body = encodeMembers(members);
    const bodies = [
      new Uint8Array(0),
      body.subarray(1),
      Uint8Array.of(...body, 0),
      body.with(4, 8),
    ];
    for (const bad of bodies) {
      for (const some of [[membersEntry(11, bad)], [membersEntry(11), membersEntry(12, bad)]]) {
        const frame = appendFrame({ ...append, until: 11 + some.length }, some);
        expect(() => codec.decode(frame)).toThrow(refused);
      }
    }
  });

  it('is refused when an entry of a session does not decode, and so is a request for it', () => {
    for (const [kind, body] of sessionBodies) {
      const bodies = [body.subarray(1), new Uint8Array(0), body.with(0, 0xff)];
      if (kind !== 'session-command') bodies.push(Uint8Array.of(...body, 0));
      const frameOf = (some: Uint8Array) =>
        appendFrame({ ...append, until: 12 }, [
          new OwnEntry(11, { term: 7, timeMs: 5, kind }, some),
        ]);
      const forwardOf = (some: Uint8Array) =>
        codec.encodeForward({
          ...{ type: 'forward', term: 7 },
          requests: [{ request: 1, kind, body: some }],
        });
      expect(decode(frameOf(body))).toBeDefined();
      expect(decode(forwardOf(body))).toBeDefined();
      for (const bad of bodies) {
        expect(() => codec.decode(frameOf(bad))).toThrow(refused);
        expect(() => codec.decode(forwardOf(bad))).toThrow(refused);
      }
    }
  });

  it('is refused when an entry is of a kind that is not known', () => {
    const bytes = appendFrame();
    const at = HEADER + 48 + 4 + 16;
    expect(bytes[at]).toBe(1);
    for (const kind of [0, 11, 255]) {
      expect(() => codec.decode(bytes.with(at, kind))).toThrow(refused);
    }
  });
});

describe('an answer that this version does not write', () => {
  const reply = frames.find(([name]) => name === 'forward-reply')?.[1] ?? new Uint8Array(0);
  /** Of the first failure: request u53, index u53, flags, code. */
  const failure = HEADER + 16 + 4 + 28 + 2 + 28 + 4;

  it('is refused when its error has no code', () => {
    expect(reply[failure + 18]).toBe('E'.charCodeAt(0));
    expect(() => codec.decode(reply.with(failure + 18, 'X'.charCodeAt(0)))).toThrow(refused);
  });

  it('is refused when its flags are unknown', () => {
    expect(reply[failure + 16]).toBe(2);
    for (const flags of [4, 6, 0x82]) {
      expect(() => codec.decode(reply.with(failure + 16, flags))).toThrow(refused);
    }
  });
});
