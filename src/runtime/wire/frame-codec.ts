// Whole frames: what the rest of the runtime sends and receives. Bytes end here.
import type { LogEntry } from '../../contracts/index.ts';
import { unreachable } from '../../lib/assert.ts';
import { ByteReader, ByteWriter, frameError, SlabAllocator } from '../../lib/bytes.ts';
import type { Message } from '../../raft/index.ts';
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
import { type FrameKind, HEADER_BYTES, readHeader, writeHeader } from './header.ts';
import { MAX_FIELDS_BYTES, readFields, writeFields } from './message-fields.ts';
import type { SizedEntry } from './sized-entry.ts';

export type Frame =
  | { readonly type: 'message'; readonly message: Message; readonly entries: readonly SizedEntry[] }
  | Forward
  | ForwardReply;

const NO_ENTRIES: readonly SizedEntry[] = Object.freeze([]);

export class FrameCodec {
  readonly #clusterId: Uint8Array;
  readonly #slab = new SlabAllocator();

  /** `clusterId`: 16 hexadecimal digits. */
  constructor(clusterId: string) {
    this.#clusterId = Uint8Array.from(Buffer.from(clusterId, 'hex'));
  }

  /** Header and fields of a core message; an append's entries follow as a part of their own. */
  encodeMessage(message: Message): Uint8Array {
    return this.#build(message.type, MAX_FIELDS_BYTES, (writer) => writeFields(writer, message));
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

  /** Throws ERR_FRAME, and nothing else, on anything that this version does not write. */
  decode(bytes: Uint8Array): Frame {
    const reader = new ByteReader(bytes);
    const kind = readHeader(reader, this.#clusterId);
    const frame = decodeKind(reader, kind);
    reader.end();
    return frame;
  }

  #build(kind: FrameKind, bodyBytes: number, write: (writer: ByteWriter) => void): Uint8Array {
    const block = this.#slab.take(HEADER_BYTES + bodyBytes);
    const writer = new ByteWriter(block);
    writeHeader(writer, kind, this.#clusterId);
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
    case 'append': {
      const message = readFields(reader, kind);
      if (message.type !== 'append') throw frameError('not an append');
      return { type: 'message', message, entries: decodeEntries(reader, message) };
    }
    case 'pre-vote-request':
    case 'pre-vote-reply':
    case 'vote-request':
    case 'vote-reply':
    case 'append-ack':
    case 'append-reject':
    case 'heartbeat':
    case 'heartbeat-ack':
    case 'commit-notice':
    case 'stale-term':
      return { type: 'message', message: readFields(reader, kind), entries: NO_ENTRIES };
    default:
      return unreachable(kind);
  }
}
