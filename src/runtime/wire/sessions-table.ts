// The table of sessions as bytes, for snapshots: all of it, exactly, in the order in which it is
// held. What a restored member answers a retry is what any other would.
import { CoxswainError } from '../../errors.ts';
import { ByteReader, ByteWriter, frameError } from '../../lib/bytes.ts';
import {
  createSessions,
  type Kept,
  SESSION_WINDOW,
  type SessionRecord,
  type Sessions,
} from '../../raft/index.ts';

const FORMAT = 1;
const CHUNK_BYTES = 64 * 1024;
/** format u8 · calmUntilMs f64 · sessions u32. */
const TABLE_BYTES = 1 + 8 + 4;
/** id u53 · idleMs u53 · lastTimeMs u53 · floor u53 · kept u32. */
const SESSION_BYTES = 4 * 8 + 4;
/** sequence u53 · index u53 · term u53 · checksum u53 · has a result u8 · its length u32. */
const KEPT_BYTES = 4 * 8 + 1 + 4;

/**
 * The table as it is at this call, in chunks of at most 64 KiB. Short results are copied, long ones
 * are views: the bytes of a result never change.
 */
export function encodeSessions(sessions: Sessions): Uint8Array[] {
  const out = new Chunks();
  const writer = out.room(TABLE_BYTES);
  writer.u8(FORMAT);
  writeFloat(writer, sessions.calmUntilMs);
  writer.u32(sessions.open.size);
  for (const [id, record] of sessions.open) {
    const session = out.room(SESSION_BYTES);
    session.u53(id);
    session.u53(record.idleMs);
    session.u53(record.lastTimeMs);
    session.u53(record.floor);
    session.u32(record.kept.size);
    for (const [sequence, kept] of record.kept) {
      const each = out.room(KEPT_BYTES);
      each.u53(sequence);
      each.u53(kept.index);
      each.u53(kept.term);
      each.u53(kept.checksum);
      each.u8(kept.result === undefined ? 0 : 1);
      each.u32(kept.result?.length ?? 0);
      if (kept.result !== undefined) out.bytes(kept.result);
    }
  }
  return out.end();
}

/**
 * The table that `encodeSessions` was given; keeps no view of `bytes`. Throws ERR_STORE_FORMAT on a
 * newer format, else ERR_FRAME on bytes that it did not make.
 */
export function decodeSessions(bytes: Uint8Array): Sessions {
  const reader = new ByteReader(bytes);
  const format = reader.u8();
  if (format > FORMAT) {
    const message = `sessions of format ${format}; this build reads up to ${FORMAT}`;
    throw new CoxswainError('ERR_STORE_FORMAT', message);
  }
  if (format !== FORMAT) throw frameError(`sessions of format ${format}`);
  const sessions = createSessions();
  sessions.calmUntilMs = readFloat(reader);
  for (let count = reader.count(SESSION_BYTES); count > 0; count--) {
    const id = reader.u53();
    if (id === 0 || sessions.open.has(id)) throw frameError(`session ${id}, or twice`);
    sessions.open.set(id, readSession(reader));
  }
  reader.end();
  return sessions;
}

function readSession(reader: ByteReader): SessionRecord {
  const [idleMs, lastTimeMs, floor] = [reader.u53(), reader.u53(), reader.u53()];
  const kept = new Map<number, Kept>();
  for (let count = reader.count(KEPT_BYTES); count > 0; count--) {
    const sequence = reader.u53();
    if (sequence <= floor || sequence > floor + SESSION_WINDOW || kept.has(sequence)) {
      throw frameError(`sequence ${sequence} above the floor ${floor}, or twice`);
    }
    kept.set(sequence, readKept(reader));
  }
  return { idleMs, lastTimeMs, floor, kept };
}

function readKept(reader: ByteReader): Kept {
  const [index, term, checksum] = [reader.u53(), reader.u53(), reader.u53()];
  const hasResult = reader.flag();
  const result = reader.bytes(reader.u32());
  if (!hasResult && result.length > 0) throw frameError('a result that is none');
  // A copy: a view would keep the whole table in memory for as long as one result is known.
  return { index, term, checksum, result: hasResult ? Uint8Array.from(result) : undefined };
}

/** Not a u53: it is infinite at first, and the sum of two times, each of 53 bits. */
function writeFloat(writer: ByteWriter, value: number): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  writer.bytes(bytes);
}

function readFloat(reader: ByteReader): number {
  const bytes = Uint8Array.from(reader.bytes(8));
  const value = new DataView(bytes.buffer).getFloat64(0);
  if (!(value >= 0)) throw frameError(`sessions that are calm until ${value}`);
  return value;
}

/** Blocks of equal size that are filled one after another. */
class Chunks {
  readonly #done: Uint8Array[] = [];
  #chunk: Uint8Array = new Uint8Array(CHUNK_BYTES);
  #writer: ByteWriter = new ByteWriter(this.#chunk);
  #left = CHUNK_BYTES;

  /** Where to write the next `bytes`, exactly. */
  room(bytes: number): ByteWriter {
    if (bytes > this.#left) this.#flush(bytes);
    this.#left -= bytes;
    return this.#writer;
  }

  bytes(value: Uint8Array): void {
    if (value.length <= CHUNK_BYTES / 4) {
      this.room(value.length).bytes(value);
      return;
    }
    this.#flush(0);
    for (let at = 0; at < value.length; at += CHUNK_BYTES) {
      this.#done.push(value.subarray(at, at + CHUNK_BYTES));
    }
  }

  end(): Uint8Array[] {
    this.#flush(0);
    return this.#done;
  }

  /** Ends the chunk that is being written; the next has room for `bytes` at least. */
  #flush(bytes: number): void {
    const written = this.#writer.block();
    if (written.length > 0) this.#done.push(written);
    // A long result between short ones leaves room, which the next ones can have.
    this.#chunk =
      this.#left < bytes ? new Uint8Array(CHUNK_BYTES) : this.#chunk.subarray(written.length);
    this.#writer = new ByteWriter(this.#chunk);
    this.#left = this.#chunk.length;
  }
}
