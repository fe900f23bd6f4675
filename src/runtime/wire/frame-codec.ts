// Whole frames: what the rest of the runtime sends and receives. Bytes end here.
import type { LogEntry } from '../../contracts/index.ts';
import { unreachable } from '../../lib/assert.ts';
import { ByteReader, ByteWriter, frameError, SlabAllocator } from '../../lib/bytes.ts';
import type { Message, SnapshotChunk } from '../../raft/index.ts';
import { isJoinerClusterId } from '../cluster-id.ts';
import { decodeEntries, encodeEntries } from './entries.ts';
import {
  type Forward,
  type ForwardReply,
  forwardBytes,
  forwardReplyBytes,
  readForward,
  readForwardReply,
  writeForward,
  writeForwardReply,
} from './forward-fields.ts';
import {
  type FrameKind,
  type FrameOrigin,
  HEADER_BYTES,
  readHeader,
  writeHeader,
} from './header.ts';
import { MAX_FIELDS_BYTES, type PlainMessage, readFields, writeFields } from './message-fields.ts';
import {
  type Report,
  readCapabilities,
  readDigestReport,
  reportBytes,
  writeReport,
} from './report-fields.ts';
import type { SizedEntry } from './sized-entry.ts';
import { chunkBytes, readChunk, writeChunk } from './snapshot-chunk.ts';

export type Frame =
  | { readonly type: 'message'; readonly message: Message; readonly entries: readonly SizedEntry[] }
  | Forward
  | ForwardReply
  | Report;

/** A frame, and the store that it comes from. */
export interface ReceivedFrame {
  readonly incarnation: number;
  /** How often that store had been opened. */
  readonly boot: number;
  readonly frame: Frame;
}

/** Whose frames a codec writes, and whose it reads. */
export interface CodecIdentity {
  /** 16 hexadecimal digits. */
  readonly clusterId: string;
  readonly incarnation: number;
  readonly boot: number;
}

const NO_ENTRIES: readonly SizedEntry[] = Object.freeze([]);

const CLUSTER_BYTES = 8;
/** The half of a cluster's id that stands for its name. */
const NAME_BYTES = 4;

export class FrameCodec {
  #origin: FrameOrigin;
  /** How many bytes of the cluster's id are known. */
  #known: number;
  readonly #joined: (clusterId: string) => void;
  readonly #slab = new SlabAllocator();

  /** `joined` is told the id of the cluster, once, when only the half of its name was known. */
  constructor(identity: CodecIdentity, joined: (clusterId: string) => void) {
    const { boot, clusterId, incarnation } = identity;
    this.#origin = { cluster: bytesOf(clusterId), incarnation, boot };
    this.#known = isJoinerClusterId(clusterId) ? NAME_BYTES : CLUSTER_BYTES;
    this.#joined = joined;
  }

  /** Header and fields of a core message; an append's entries follow as a part of their own. */
  encodeMessage(message: PlainMessage): Uint8Array {
    return this.#build(message.type, MAX_FIELDS_BYTES, (writer) => writeFields(writer, message));
  }

  /** A chunk without its bytes, which follow as a part of their own. */
  encodeChunk(chunk: SnapshotChunk, header: Uint8Array): Uint8Array {
    const bytes = chunkBytes(chunk, header);
    return this.#build('snapshot-chunk', bytes, (writer) => writeChunk(writer, chunk, header));
  }

  encodeEntries(entries: readonly LogEntry[]): Uint8Array {
    return encodeEntries(entries, this.#slab);
  }

  encodeForward(forward: Forward): Uint8Array {
    const bytes = forwardBytes(forward);
    return this.#build('forward', bytes, (writer) => writeForward(writer, forward));
  }

  encodeForwardReply(reply: ForwardReply): Uint8Array {
    const bytes = forwardReplyBytes(reply);
    return this.#build('forward-reply', bytes, (writer) => writeForwardReply(writer, reply));
  }

  encodeReport(report: Report): Uint8Array {
    return this.#build(report.type, reportBytes(report), (writer) => writeReport(writer, report));
  }

  /** Throws ERR_FRAME, and nothing else, on anything that this version does not write. */
  decode(bytes: Uint8Array): ReceivedFrame {
    const reader = new ByteReader(bytes);
    const { boot, cluster, incarnation, kind } = readHeader(reader);
    for (let at = 0; at < this.#known; at++) {
      if (cluster[at] !== this.#origin.cluster[at]) {
        throw frameError('it belongs to another cluster');
      }
    }
    const frame = decodeKind(reader, kind);
    reader.end();
    if (this.#known < CLUSTER_BYTES) this.#join(cluster, kind);
    return { boot, incarnation, frame };
  }

  /** Only a leader speaks to who is no member yet: it has added this one. */
  #join(cluster: Uint8Array, kind: FrameKind): void {
    if (kind !== 'append' && kind !== 'heartbeat' && kind !== 'snapshot-chunk') {
      throw frameError('this member joins no cluster yet');
    }
    this.#origin = { ...this.#origin, cluster: Uint8Array.from(cluster) };
    this.#known = CLUSTER_BYTES;
    this.#joined(Buffer.from(cluster).toString('hex'));
  }

  #build(kind: FrameKind, bodyBytes: number, write: (writer: ByteWriter) => void): Uint8Array {
    const block = this.#slab.take(HEADER_BYTES + bodyBytes);
    const writer = new ByteWriter(block);
    writeHeader(writer, kind, this.#origin);
    write(writer);
    return writer.block();
  }
}

function decodeKind(reader: ByteReader, kind: FrameKind): Frame {
  switch (kind) {
    case 'forward':
      return readForward(reader);
    case 'forward-reply':
      return readForwardReply(reader);
    case 'digest-report':
      return readDigestReport(reader);
    case 'capabilities':
      return readCapabilities(reader);
    case 'append': {
      const message = readFields(reader, kind);
      if (message.type !== 'append') throw frameError('not an append');
      return { type: 'message', message, entries: decodeEntries(reader, message) };
    }
    case 'snapshot-chunk':
      return { type: 'message', message: readChunk(reader), entries: NO_ENTRIES };
    case 'pre-vote-request':
    case 'pre-vote-reply':
    case 'vote-request':
    case 'vote-reply':
    case 'append-ack':
    case 'append-reject':
    case 'heartbeat':
    case 'heartbeat-ack':
    case 'commit-notice':
    case 'timeout-now':
    case 'read-request':
    case 'read-reply':
    case 'snapshot-ack':
    case 'snapshot-request':
    case 'greeting':
    case 'greeting-reply':
    case 'stale-term':
      return { type: 'message', message: readFields(reader, kind), entries: NO_ENTRIES };
    default:
      return unreachable(kind);
  }
}

function bytesOf(clusterId: string): Uint8Array {
  return Uint8Array.from(Buffer.from(clusterId, 'hex'));
}
