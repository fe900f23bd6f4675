// The core's messages as bytes, after the header: their fields in order, numbers in eight bytes.
import { unreachable } from '../../lib/assert.ts';
import { type ByteReader, type ByteWriter, frameError } from '../../lib/bytes.ts';
import type { Append, Message, SnapshotAck, SnapshotChunk, VoteRequest } from '../../raft/index.ts';

/** A chunk has a frame of its own form. */
export type PlainMessage = Exclude<Message, SnapshotChunk>;

/** No message has more fields than this, of eight bytes each. */
export const MAX_FIELDS_BYTES: number = 8 * 8;

export function writeFields(writer: ByteWriter, message: PlainMessage): void {
  writer.u53(message.term);
  switch (message.type) {
    case 'pre-vote-request':
      writeNumbers(writer, [message.campaign, message.lastIndex, message.lastTerm]);
      return writer.u53(message.wallMs);
    case 'pre-vote-reply':
      writer.u53(message.campaign);
      return writer.u8(message.granted ? 1 : 0);
    case 'vote-request':
      writeNumbers(writer, [message.lastIndex, message.lastTerm, message.wallMs]);
      return writer.u8(message.forced ? 1 : 0);
    case 'vote-reply':
      return writer.u8(message.granted ? 1 : 0);
    case 'append': {
      const { stream, prevIndex, prevTerm, until, commit } = message;
      return writeNumbers(writer, [stream, prevIndex, prevTerm, until, commit]);
    }
    case 'append-ack':
      return writeNumbers(writer, [message.stream, message.match]);
    case 'append-reject': {
      const { stream, prevIndex, hintIndex, hintTerm } = message;
      return writeNumbers(writer, [stream, prevIndex, hintIndex, hintTerm]);
    }
    case 'heartbeat': {
      const { stream, round, commit, sent } = message;
      return writeNumbers(writer, [stream, round, commit, sent]);
    }
    case 'heartbeat-ack': {
      const { stream, round, sent, received, match, patienceMs, wallMs } = message;
      return writeNumbers(writer, [stream, round, sent, received, match, patienceMs, wallMs]);
    }
    case 'commit-notice':
      return writer.u53(message.commit);
    case 'timeout-now':
      return writer.u53(message.round);
    case 'read-request':
      return writeNumbers(writer, [message.boot, message.upTo, message.atMs]);
    case 'read-reply': {
      const { incarnation, boot, upTo, atMs, index } = message;
      return writeNumbers(writer, [incarnation, boot, upTo, atMs, index]);
    }
    case 'snapshot-ack':
      writeNumbers(writer, [message.stream, message.stored, message.next, message.answers]);
      return writer.u8(message.refused ? 1 : 0);
    case 'snapshot-request':
      return writer.u53(message.index);
    case 'greeting-reply':
      writer.u53(message.incarnation);
      return writer.u8(message.known ? 1 : 0);
    case 'greeting':
    case 'stale-term':
      return;
    default:
      unreachable(message);
  }
}

export function readFields(reader: ByteReader, type: PlainMessage['type']): PlainMessage {
  const term = reader.u53();
  const u53 = () => reader.u53();
  switch (type) {
    case 'pre-vote-request':
      return { type, term, campaign: u53(), lastIndex: u53(), lastTerm: u53(), wallMs: u53() };
    case 'pre-vote-reply':
      return { type, term, campaign: u53(), granted: reader.flag() };
    case 'vote-request':
      return readVoteRequest(reader, term);
    case 'vote-reply':
      return { type, term, granted: reader.flag() };
    case 'append':
      return readAppend(reader, term);
    case 'append-ack':
      return { type, term, stream: u53(), match: u53() };
    case 'append-reject':
      return { type, term, stream: u53(), prevIndex: u53(), hintIndex: u53(), hintTerm: u53() };
    case 'heartbeat':
      return { type, term, stream: u53(), round: u53(), commit: u53(), sent: u53() };
    case 'heartbeat-ack': {
      const [stream, round, sent, received, match] = [u53(), u53(), u53(), u53(), u53()];
      const [patienceMs, wallMs] = [u53(), u53()];
      return { type, term, stream, round, sent, received, match, patienceMs, wallMs };
    }
    case 'commit-notice':
      return { type, term, commit: u53() };
    case 'timeout-now':
      return { type, term, round: u53() };
    case 'read-request':
      return { type, term, boot: u53(), upTo: u53(), atMs: u53() };
    case 'read-reply': {
      const [incarnation, boot, upTo, atMs, index] = [u53(), u53(), u53(), u53(), u53()];
      return { type, term, incarnation, boot, upTo, atMs, index };
    }
    case 'snapshot-ack':
      return readSnapshotAck(reader, term);
    case 'snapshot-request':
      return { type, term, index: u53() };
    case 'greeting-reply':
      return { type, term, incarnation: u53(), known: reader.flag() };
    case 'greeting':
    case 'stale-term':
      return { type, term };
    default:
      return unreachable(type);
  }
}

function readVoteRequest(reader: ByteReader, term: number): VoteRequest {
  const [lastIndex, lastTerm, wallMs] = [reader.u53(), reader.u53(), reader.u53()];
  return { type: 'vote-request', term, lastIndex, lastTerm, forced: reader.flag(), wallMs };
}

function readSnapshotAck(reader: ByteReader, term: number): SnapshotAck {
  const [stream, stored] = [reader.u53(), reader.u53()];
  const [next, answers] = [reader.u53(), reader.u53()];
  const refused = reader.flag();
  return { type: 'snapshot-ack', term, stream, stored, next, answers, refused };
}

function readAppend(reader: ByteReader, term: number): Append {
  const [stream, prevIndex, prevTerm] = [reader.u53(), reader.u53(), reader.u53()];
  const [until, commit] = [reader.u53(), reader.u53()];
  const from = prevIndex + 1;
  if (until < from || prevTerm > term) throw frameError(`an append of [${from}, ${until})`);
  return { type: 'append', term, stream, prevIndex, prevTerm, from, until, commit };
}

function writeNumbers(writer: ByteWriter, numbers: readonly number[]): void {
  for (const number of numbers) writer.u53(number);
}
