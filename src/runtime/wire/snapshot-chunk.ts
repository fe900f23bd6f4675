// A piece of a snapshot as bytes: which snapshot, described in full, and where in it. So any piece
// may be the first that a member sees.
import type { StoredSnapshot } from '../../contracts/index.ts';
import { CoxswainError } from '../../errors.ts';
import { type ByteReader, type ByteWriter, frameError } from '../../lib/bytes.ts';
import type { SnapshotChunk, SnapshotHead } from '../../raft/index.ts';
import { headOf } from './snapshot-header.ts';
import { readText, textBytes, writeText } from './text.ts';

/** As it arrives: with the description and the bytes, of which the core knows nothing. */
export interface ReceivedChunk extends SnapshotChunk {
  readonly header: Uint8Array;
  readonly bytes: Uint8Array;
}

const ID = /^[a-z0-9-]{1,120}$/u;
const MAX_HEADER_BYTES = 128 * 1024;

/** Of all but the piece itself. */
export function chunkBytes({ head }: SnapshotChunk, header: Uint8Array): number {
  return 8 * 8 + textBytes(head.id) + 4 + header.length + 4;
}
/** term, stream, ask, from, until, index, its term, length u53 · id · header · piece. */
export function writeChunk(writer: ByteWriter, chunk: SnapshotChunk, header: Uint8Array): void {
  const { ask, from, head, stream, term, until } = chunk;
  for (const number of [term, stream, ask, from, until, head.index, head.term, head.bytes]) {
    writer.u53(number);
  }
  writeText(writer, head.id);
  writer.u32(header.length);
  writer.bytes(header);
  writer.u32(until - from);
}

/** Throws ERR_FRAME. */
export function readChunk(reader: ByteReader): ReceivedChunk {
  const [term, stream, ask] = [reader.u53(), reader.u53(), reader.u53()];
  const [from, until] = [reader.u53(), reader.u53()];
  const [index, lastTerm, length] = [reader.u53(), reader.u53(), reader.u53()];
  const id = readText(reader);
  if (!ID.test(id)) throw frameError(`a snapshot is named ${JSON.stringify(id)}`);
  const headerLength = reader.u32();
  if (headerLength > MAX_HEADER_BYTES) throw frameError(`a header of ${headerLength} bytes`);
  const header = reader.bytes(headerLength);
  const head = readHead({ id, index, term: lastTerm, header, bytes: length });
  if (lastTerm > term || index === 0 || head.config.index > index) {
    throw frameError(`a snapshot of entry ${index}, term ${lastTerm}, in term ${term}`);
  }
  if (until < from || until > length) throw frameError(`bytes [${from}, ${until}) of ${length}`);
  const size = reader.u32();
  if (size !== until - from) throw frameError(`${size} bytes for [${from}, ${until})`);
  const bytes = reader.bytes(size);
  return { type: 'snapshot-chunk', term, stream, head, ask, from, until, header, bytes };
}

/** A header of a newer format is here as bad as a damaged one: it is no store's, but a peer's. */
function readHead(snapshot: StoredSnapshot): SnapshotHead {
  try {
    return headOf(snapshot);
  } catch (cause) {
    if (cause instanceof CoxswainError && cause.code === 'ERR_STORE_FORMAT') {
      throw frameError(cause.message);
    }
    throw cause;
  }
}
