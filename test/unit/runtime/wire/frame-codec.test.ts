import { describe, expect, it } from 'vitest';
import type { EntryKind } from '../../../../src/contracts/index.ts';
import { frameKinds } from '../../../../src/runtime/wire/header.ts';
import {
  encodeMembers,
  encodeVerify,
  encodeVersion,
  OwnEntry,
} from '../../../../src/runtime/wire/index.ts';
import {
  append,
  appendFrame,
  codec,
  codecOf,
  decodeFrame,
  entries,
  forward,
  forwardReply,
  frames,
  join,
  members,
  messages,
  plain,
  sessionBodies,
} from './frames.ts';

describe('a frame', () => {
  it.each(messages)('brings back the message it holds: $type', (message) => {
    const frame = decodeFrame(join(codec.encodeMessage(message)));
    expect(frame).toEqual({ type: 'message', message, entries: [] });
  });

  it('brings back an append with its entries', () => {
    const frame = decodeFrame(appendFrame());
    expect(plain(frame)).toEqual({
      type: 'message',
      message: append,
      entries: entries.map(({ index, term, timeMs, kind, size, body }) => {
        return { index, term, timeMs, kind, size, body };
      }),
    });
  });

  it('brings back an append without entries', () => {
    const message = { ...append, until: append.from };
    expect(decodeFrame(join(codec.encodeMessage(message)))).toEqual({
      ...{ type: 'message', message, entries: [] },
    });
  });

  it('brings back forwarded proposals and their answers', () => {
    expect(decodeFrame(join(codec.encodeForward(forward)))).toEqual(forward);
    expect(decodeFrame(join(codec.encodeForwardReply(forwardReply)))).toEqual(forwardReply);
    const empty = { ...forwardReply, applied: [], failed: [] };
    expect(decodeFrame(join(codec.encodeForwardReply(empty)))).toEqual(empty);
  });

  it('brings back entries of every kind', () => {
    const kinds: readonly EntryKind[] = [
      ...(['command', 'noop', 'members', 'session-open', 'session-close'] as const),
      ...(['fence', 'verify', 'tick', 'version', 'session-command'] as const),
    ];
    const some = kinds.map((kind, at) => {
      const session = sessionBodies.find(([each]) => each === kind)?.[1] ?? Uint8Array.of(at);
      const version = encodeVersion({ features: 1, machineVersion: 2 });
      const fixed = kind === 'members' ? encodeMembers(members) : session;
      const other = kind === 'verify' ? encodeVerify(undefined) : fixed;
      const body = kind === 'version' ? version : other;
      return new OwnEntry(11 + at, { term: 5, timeMs: 1, kind }, body);
    });
    const frame = decodeFrame(appendFrame({ ...append, until: 11 + kinds.length }, some));
    expect(frame.type === 'message' ? frame.entries.map(({ kind }) => kind) : []).toEqual(kinds);
  });

  it('is tested here for every kind there is', () => {
    const tested = new Set(frames.map(([name]) => name));
    expect(Object.keys(frameKinds).filter((kind) => !tested.has(kind))).toEqual([]);
    // Numbers are part of the format: no two kinds may share one.
    expect(new Set(Object.values(frameKinds)).size).toBe(Object.keys(frameKinds).length);
  });

  it('starts with magic, version, kind, group, cluster, incarnation and boot', () => {
    const bytes = join(codec.encodeMessage({ type: 'stale-term', term: 258 }));
    expect(Buffer.from(bytes).toString('hex')).toBe(
      ['4358', '01', '0b', '00000000', '00ff10203040a0b1', '001abbccddeeff01']
        .concat(['0000010000000003', '0000000000000102'])
        .join(''),
    );
  });

  it.each([
    ['0c', { type: 'timeout-now', term: 258, round: 3 }, ['0000000000000003']],
    ['0d', { type: 'greeting', term: 258 }, []],
    [
      '0e',
      { type: 'greeting-reply', term: 258, incarnation: 2 ** 53 - 1, known: true },
      ['001fffffffffffff', '01'],
    ],
    [
      '03',
      { type: 'vote-request', wallMs: 0, term: 258, lastIndex: 3, lastTerm: 4, forced: true },
      ['0000000000000003', '0000000000000004', '0000000000000000', '01'],
    ],
    [
      '12',
      {
        type: 'snapshot-ack',
        term: 258,
        stream: 3,
        stored: 4,
        next: 5,
        answers: 6,
        refused: true,
      },
      ['0000000000000003', '0000000000000004', '0000000000000005', '0000000000000006', '01'],
    ],
    ['13', { type: 'snapshot-request', term: 258, index: 3 }, ['0000000000000003']],
  ] as const)('keeps its bytes from version to version: kind %s', (kind, message, fields) => {
    const hex = Buffer.from(codec.encodeMessage(message)).toString('hex');
    expect(hex.slice(6, 8)).toBe(kind);
    expect(hex.slice(64)).toBe(`0000000000000102${fields.join('')}`);
  });

  it('says which store it comes from, and how often that had been opened', () => {
    for (const source of [
      { incarnation: 2 ** 53 - 1, boot: 1 },
      { incarnation: 1, boot: 2 ** 50 },
    ]) {
      const bytes = join(codecOf(source).encodeMessage({ type: 'greeting', term: 5 }));
      expect(codec.decode(bytes)).toMatchObject(source);
    }
  });

  it('leaves bodies where they arrived, without a copy', () => {
    const bytes = appendFrame();
    const frame = decodeFrame(bytes);
    const [first] = frame.type === 'message' ? frame.entries : [];
    expect(first?.body.buffer).toBe(bytes.buffer);
  });

  it('is not changed by frames that are encoded after it', () => {
    const one = codec.encodeMessage({ type: 'stale-term', term: 1 });
    const copy = join(one);
    for (let term = 2; term < 1000; term++) codec.encodeMessage({ type: 'stale-term', term });
    expect(one).toEqual(copy);
  });
});

describe('a frame of another sender', () => {
  const bytes = join(codec.encodeMessage({ type: 'stale-term', term: 5 }));
  const refused = (message: RegExp) =>
    expect.objectContaining({ code: 'ERR_FRAME', message: expect.stringMatching(message) });

  function changed(at: number, value: number): Uint8Array {
    return bytes.with(at, value);
  }

  it('is refused when it belongs to another cluster', () => {
    const other = codecOf({ clusterId: '00ff10203040a0b2' });
    expect(() => other.decode(bytes)).toThrow(refused(/another cluster/));
    for (let at = 8; at < 16; at++) {
      expect(() => codec.decode(changed(at, 0x77))).toThrow(refused(/another cluster/));
    }
    for (const [, frame] of frames) expect(() => other.decode(frame)).toThrow(refused(/cluster/));
  });

  it('is refused when it comes from no store', () => {
    const bytes = join(codecOf({ incarnation: 0 }).encodeMessage({ type: 'greeting', term: 5 }));
    expect(() => codec.decode(bytes)).toThrow(refused(/no store/));
  });

  it('is refused when it does not start as ours do', () => {
    expect(() => codec.decode(changed(0, 0x44))).toThrow(refused(/magic/));
    expect(() => codec.decode(changed(1, 0))).toThrow(refused(/magic/));
  });

  it('is refused when its format is newer, and the versions are named', () => {
    expect(() => codec.decode(changed(2, 2))).toThrow(refused(/version 2.*reads 1/));
  });

  it('is refused when its group or kind is not known', () => {
    expect(() => codec.decode(changed(7, 1))).toThrow(refused(/group 1/));
    for (const kind of [0, 20, 31, 36, 255]) {
      expect(() => codec.decode(changed(3, kind))).toThrow(refused(/kind/));
    }
  });
});
