// Pieces of snapshots as frames: what is read of them is what was sent, or they are refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SnapshotChunk } from '../../../../src/raft/index.ts';
import type { ReceivedChunk } from '../../../../src/runtime/wire/snapshot-chunk.ts';
import { encodeSnapshotHeader, headOf } from '../../../../src/runtime/wire/snapshot-header.ts';
import {
  chunk,
  chunkFrame,
  decodeFrame,
  members,
  piece,
  snapshotHeader,
  withU32,
} from './frames.ts';

const HEADER = 32;
/** Where term, stream, ask, from, until, index, its term and the length stand, then the id. */
const AT = { from: 24, until: 32, index: 40, lastTerm: 48, bytes: 56, id: 64 } as const;
const ID_END = HEADER + AT.id + 2 + chunk.head.id.length;

const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'ERR_FRAME', message: expect.stringMatching(message) });

function read(bytes: Uint8Array): ReceivedChunk {
  const frame = decodeFrame(bytes);
  if (frame.type !== 'message') throw new Error(frame.type);
  expect(frame.entries).toEqual([]);
  return frame.message as ReceivedChunk;
}

/** The frame, with one of its first numbers changed. */
function withNumber(place: keyof typeof AT, value: number): Uint8Array {
  const at = HEADER + AT[place];
  const high = withU32(chunkFrame(), at, Math.floor(value / 2 ** 32));
  return withU32(high, at + 4, value % 2 ** 32);
}

describe('a piece of a snapshot', () => {
  it('brings the snapshot’s whole description, and its bytes without a copy', () => {
    const bytes = chunkFrame();
    const received = read(bytes);
    expect(received).toEqual({ ...chunk, header: snapshotHeader, bytes: piece });
    expect(received.bytes.buffer).toBe(bytes.buffer);
  });

  it('is read as it was sent, whatever is in it', () => {
    const count = fc.nat({ max: 2 ** 40 });
    const chunks = fc.record({
      ...{ stream: count, from: count, behind: count, index: fc.integer({ min: 1, max: 2 ** 40 }) },
      ...{ lastTerm: count, later: count, timeMs: count },
      id: fc.stringMatching(/^[a-z0-9-]{1,120}$/),
      bytes: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(chunks, (made) => {
        const { behind, bytes, from, id, index, lastTerm, later, stream, timeMs } = made;
        const header = encodeSnapshotHeader({
          ...{ timeMs, machineVersion: 1, configIndex: Math.ceil(index / 2), members },
        });
        const until = from + bytes.length;
        const sent: SnapshotChunk = {
          ...{ type: 'snapshot-chunk', term: lastTerm + later, stream, ask: 0, from, until },
          head: headOf({ id, index, term: lastTerm, header, bytes: until + behind }),
        };
        expect(read(chunkFrame(sent, bytes, header))).toEqual({ ...sent, header, bytes });
      }),
    );
  });
});

describe('a piece that cannot be is refused', () => {
  it.each([
    ['it ends before it begins', withNumber('until', 999), /bytes \[1000, 999\)/],
    ['it ends behind the snapshot', withNumber('bytes', 1004), /of 1004/],
    ['it has other bytes than it says', withNumber('until', 1006), /5 bytes for \[1000, 1006\)/],
    ['it is of no entry', withNumber('index', 0), /entry 0/],
    ['its members are newer than it', withNumber('index', 3), /entry 3/],
    ['it is of a term to come', withNumber('lastTerm', 8), /term 8, in term 7/],
    ['its bytes are cut off', chunkFrame().subarray(0, -1), /./],
    ['more bytes follow', chunkFrame(chunk, Uint8Array.of(...piece, 6)), /./],
  ])('when %s', (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(refused(message));
  });

  it.each(['', 'A', 'a/b', '..', 'a\n', 'é', 'a'.repeat(121)])(
    'when its snapshot is named so that no file may be: %j',
    (id) => {
      const head = { ...chunk.head, id };
      expect(() => read(chunkFrame({ ...chunk, head }))).toThrow(refused(/is named|./));
    },
  );

  it('when its header is longer than any may be, though all of it is there', () => {
    const header = new Uint8Array(128 * 1024 + 1);
    header.set(snapshotHeader);
    expect(() => read(chunkFrame(chunk, piece, header))).toThrow(refused(/header of 131073 bytes/));
  });

  it.each([0xffff_ffff, 0x7fff_ffff, 2 ** 17, 6])(
    'when a length says %d, without room taken for it',
    (length) => {
      for (const at of [ID_END, ID_END + 4 + snapshotHeader.length]) {
        expect(() => read(withU32(chunkFrame(), at, length))).toThrow(refused(/./));
      }
    },
  );

  it.each([0, 2, 255])('when its header is of format %d, as a damaged frame is', (format) => {
    const header = snapshotHeader.with(0, format);
    expect(() => read(chunkFrame(chunk, piece, header))).toThrow(refused(/format/));
  });

  it('or read, whatever its header is', () => {
    const headers = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.nat(snapshotHeader.length - 1), fc.nat(255))
        .map(([at, value]) => snapshotHeader.with(at, value)),
    );
    fc.assert(
      fc.property(headers, (header) => {
        const bytes = chunkFrame(chunk, piece, header);
        try {
          expect(read(bytes).header).toEqual(header);
        } catch (error) {
          expect(error).toEqual(refused(/./));
        }
      }),
      { numRuns: 500 },
    );
  });
});
