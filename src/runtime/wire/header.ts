// The first 16 bytes of every frame: what it is, and for whom. Anything else is not ours to read.
import { type ByteReader, type ByteWriter, frameError } from '../../lib/bytes.ts';

/** Version of the frames this build writes; it reads no other. */
export const PROTOCOL_VERSION = 1;

const MAGIC = 0x4358;
const SINGLE_GROUP = 0;
export const HEADER_BYTES = 16;

/** What a frame carries. Numbers are part of the format and are never used again. */
export const frameKinds = {
  'pre-vote-request': 1,
  'pre-vote-reply': 2,
  'vote-request': 3,
  'vote-reply': 4,
  append: 5,
  'append-ack': 6,
  'append-reject': 7,
  heartbeat: 8,
  'heartbeat-ack': 9,
  'commit-notice': 10,
  'stale-term': 11,
  forward: 32,
  'forward-reply': 33,
} as const;

export type FrameKind = keyof typeof frameKinds;

const kindsByNumber: ReadonlyMap<number, FrameKind> = new Map(
  Object.entries(frameKinds).map(([kind, number]) => [number, kind as FrameKind]),
);

/** magic u16 · version u8 · kind u8 · group u32 · cluster u64. `clusterId`: 8 bytes. */
export function writeHeader(writer: ByteWriter, kind: FrameKind, clusterId: Uint8Array): void {
  writer.u8(MAGIC >> 8);
  writer.u8(MAGIC & 0xff);
  writer.u8(PROTOCOL_VERSION);
  writer.u8(frameKinds[kind]);
  writer.u32(SINGLE_GROUP);
  writer.bytes(clusterId);
}

export function readHeader(reader: ByteReader, clusterId: Uint8Array): FrameKind {
  const magic = (reader.u8() << 8) | reader.u8();
  if (magic !== MAGIC) throw frameError('it does not start with the magic number');
  const version = reader.u8();
  if (version !== PROTOCOL_VERSION) {
    throw frameError(`format version ${version}; this build reads ${PROTOCOL_VERSION}`);
  }
  const number = reader.u8();
  const group = reader.u32();
  if (group !== SINGLE_GROUP) throw frameError(`unknown group ${group}`);
  const cluster = reader.bytes(clusterId.length);
  if (!cluster.every((byte, at) => byte === clusterId[at])) {
    throw frameError('it belongs to another cluster');
  }
  const kind = kindsByNumber.get(number);
  if (kind === undefined) throw frameError(`unknown frame kind ${number}`);
  return kind;
}
