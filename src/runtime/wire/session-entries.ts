// The bodies of entries that belong to sessions, and what is answered for them.
import type { EntryKind } from '../../contracts/index.ts';
import { ByteReader, ByteWriter, frameError } from '../../lib/bytes.ts';
import type { SequenceName } from '../../raft/index.ts';

/** Bytes before the command of a `session-command`: session, sequence and floor, u53 each. */
export const SESSION_COMMAND_BYTES: number = 8 + 8 + 8;

const OPEN_FORMAT = 1;

export interface SessionOpening {
  readonly idleMs: number;
  /** Sessions at a time: a count. */
  readonly max: number;
}

export interface SessionCommand extends SequenceName {
  /** A view of the entry's body. */
  readonly command: Uint8Array;
}

/** What is known of a sequence. */
export interface SessionAnswer {
  /** False: it was not, and never will be. */
  readonly applied: boolean;
  /** Where it was applied; 0 when it was not. */
  readonly index: number;
  readonly term: number;
  /** Encoded; undefined when there is none to give. */
  readonly result: Uint8Array | undefined;
}

/** format u8 · idleMs u53 · max u32. */
export function encodeSessionOpen({ idleMs, max }: SessionOpening): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(1 + 8 + 4));
  writer.u8(OPEN_FORMAT);
  writer.u53(idleMs);
  writer.u32(max);
  return writer.block();
}

/** Throws ERR_FRAME on bytes that `encodeSessionOpen` did not make; so do the others. */
export function decodeSessionOpen(body: Uint8Array): SessionOpening {
  const reader = new ByteReader(body);
  const format = reader.u8();
  if (format !== OPEN_FORMAT) throw frameError(`a session of format ${format}`);
  const opening = { idleMs: reader.u53(), max: reader.u32() };
  reader.end();
  if (opening.idleMs === 0 || opening.max === 0) throw frameError('a session without room or time');
  return opening;
}

export function encodeSessionClose(session: number): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(8));
  writer.u53(session);
  return writer.block();
}

export function decodeSessionClose(body: Uint8Array): number {
  const reader = new ByteReader(body);
  const session = readSession(reader);
  reader.end();
  return session;
}

export function encodeSessionCommand(name: SequenceName, command: Uint8Array): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(SESSION_COMMAND_BYTES + command.length));
  writeName(writer, name);
  writer.bytes(command);
  return writer.block();
}

export function decodeSessionCommand(body: Uint8Array): SessionCommand {
  const reader = new ByteReader(body);
  const { floor, sequence, session } = readName(reader);
  return { session, sequence, floor, command: reader.bytes(reader.remaining) };
}

export function encodeFence(name: SequenceName): Uint8Array {
  return encodeSessionCommand(name, new Uint8Array(0));
}

export function decodeFence(body: Uint8Array): SequenceName {
  const reader = new ByteReader(body);
  const name = readName(reader);
  reader.end();
  return name;
}

/** Throws ERR_FRAME when the body of an entry of this kind could not be applied. */
export function checkSessionEntry(kind: EntryKind, body: Uint8Array): void {
  switch (kind) {
    case 'session-open':
      decodeSessionOpen(body);
      break;
    case 'session-close':
      decodeSessionClose(body);
      break;
    case 'session-command':
      decodeSessionCommand(body);
      break;
    case 'fence':
      decodeFence(body);
      break;
    default:
  }
}

const CLOSED = 0;
const WITHOUT_RESULT = 1;
const WITH_RESULT = 2;

/** what u8 · index u53 · term u53 · result. */
export function encodeAnswer({ applied, index, result, term }: SessionAnswer): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(1 + 8 + 8 + (result?.length ?? 0)));
  if (applied) writer.u8(result === undefined ? WITHOUT_RESULT : WITH_RESULT);
  else writer.u8(CLOSED);
  writer.u53(index);
  writer.u53(term);
  if (result !== undefined) writer.bytes(result);
  return writer.block();
}

export function decodeAnswer(bytes: Uint8Array): SessionAnswer {
  const reader = new ByteReader(bytes);
  const what = reader.u8();
  if (what > WITH_RESULT) throw frameError(`an answer of kind ${what}`);
  const [index, term] = [reader.u53(), reader.u53()];
  const result = what === WITH_RESULT ? reader.bytes(reader.remaining) : undefined;
  reader.end();
  return { applied: what !== CLOSED, index, term, result };
}

function writeName(writer: ByteWriter, { floor, sequence, session }: SequenceName): void {
  writer.u53(session);
  writer.u53(sequence);
  writer.u53(floor);
}

function readName(reader: ByteReader): SequenceName {
  const session = readSession(reader);
  const [sequence, floor] = [reader.u53(), reader.u53()];
  if (floor >= sequence) throw frameError(`sequence ${sequence} at the floor ${floor}`);
  return { session, sequence, floor };
}

function readSession(reader: ByteReader): number {
  const session = reader.u53();
  if (session === 0) throw frameError('a session without an id');
  return session;
}
