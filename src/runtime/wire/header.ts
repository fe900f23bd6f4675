// The first 32 bytes of every frame: what it is, for whom, and from which store. Anything else is
// not ours to read.
import { type ByteReader, type ByteWriter, frameError } from '../../lib/bytes.ts';

/** Version of the frames this build writes; it reads no other. */
export const PROTOCOL_VERSION = 1;

const MAGIC = 0x4358;
const SINGLE_GROUP = 0;
export const HEADER_BYTES = 32;

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
  'timeout-now': 12,
  greeting: 13,
  'greeting-reply': 14,
  'read-request': 15,
  'read-reply': 16,
  'snapshot-chunk': 17,
  'snapshot-ack': 18,
  'snapshot-request': 19,
  forward: 32,
  'forward-reply': 33,
  'digest-report': 34,
  capabilities: 35,
} as const;

export type FrameKind = keyof typeof frameKinds;

const kindsByNumber: ReadonlyMap<number, FrameKind> = new Map(
  Object.entries(frameKinds).map(([kind, number]) => [number, kind as FrameKind]),
);

/** Whose frame it is: cluster, of 8 bytes, store, and how often that was opened. */
export interface FrameOrigin {
  readonly cluster: Uint8Array;
  readonly incarnation: number;
  readonly boot: number;
}

export interface FrameHeader extends FrameOrigin {
  readonly kind: FrameKind;
}

/** magic u16 · version u8 · kind u8 · group u32 · cluster u64 · incarnation u53 · boot u53. */
export function writeHeader(writer: ByteWriter, kind: FrameKind, origin: FrameOrigin): void {
  writer.u8(MAGIC >> 8);
  writer.u8(MAGIC & 0xff);
  writer.u8(PROTOCOL_VERSION);
  writer.u8(frameKinds[kind]);
  writer.u32(SINGLE_GROUP);
  writer.bytes(origin.cluster);
  writer.u53(origin.incarnation);
  writer.u53(origin.boot);
}

/** Which cluster it is from is for the caller to judge. */
export function readHeader(reader: ByteReader): FrameHeader {
  const magic = (reader.u8() << 8) | reader.u8();
  if (magic !== MAGIC) throw frameError('it does not start with the magic number');
  const version = reader.u8();
  if (version !== PROTOCOL_VERSION) {
    throw frameError(`format version ${version}; this build reads ${PROTOCOL_VERSION}`);
  }
  const number = reader.u8();
  const group = reader.u32();
  if (group !== SINGLE_GROUP) throw frameError(`unknown group ${group}`);
  const cluster = reader.bytes(8);
  const kind = kindsByNumber.get(number);
  if (kind === undefined) throw frameError(`unknown frame kind ${number}`);
  const incarnation = reader.u53();
  if (incarnation === 0) throw frameError('it comes from no store');
  return { kind, cluster, incarnation, boot: reader.u53() };
}
