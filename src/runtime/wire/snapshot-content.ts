// What is in a snapshot: the library's own part, then the machine's, in blocks that are checked.
import type { SnapshotSource } from '../../contracts/index.ts';
import { CoxswainError } from '../../errors.ts';
import { ByteReader, ByteWriter, joinBytes } from '../../lib/bytes.ts';
import { loadChecksum } from '../../lib/checksum.ts';
import { BlockPacker, ContentReader } from './content-blocks.ts';

/** Before the library's part: its version u32 · its length u53. */
const LIBRARY_HEADER_BYTES = 4 + 8;
const LIBRARY_VERSION = 1;
/** Longest part of the library: a bound on what a reader keeps. */
const MAX_LIBRARY_BYTES = 512 * 1024 * 1024;

export interface SnapshotContent {
  readonly library: Uint8Array;
  /**
   * The machine's part, cut elsewhere than it was given. Sound as far as it has come; whole once it
   * has come to its end. Who does not read it to the end calls `return`: then the source is let go.
   */
  readonly machine: AsyncGenerator<Uint8Array, void, undefined>;
}

/**
 * A snapshot's content, block by block. The machine is asked for no more than the block that is
 * wanted needs, and let go when nobody wants another. Throws a TypeError on what is no Uint8Array.
 */
export async function* encodeContent(
  id: string,
  library: readonly Uint8Array[],
  machine: SnapshotSource,
): AsyncGenerator<Uint8Array, void, undefined> {
  const packer = new BlockPacker(id, await loadChecksum());
  for (const chunk of [libraryHeader(library), ...library]) {
    for (const block of packer.pack(chunk)) yield block;
  }
  if (isAsyncIterable(machine)) {
    for await (const chunk of machine) {
      for (const block of packer.pack(checkChunk(chunk))) yield block;
    }
  } else {
    for (const chunk of chunksOf(machine)) {
      for (const block of packer.pack(checkChunk(chunk))) yield block;
    }
  }
  for (const block of packer.end()) yield block;
}

/**
 * Reads what `encodeContent` made, as soon as the library's part is there. Damaged bytes are given
 * to nobody: on the first of them `machine`, or this call, throws ERR_STORE_CORRUPT, and on a newer
 * version ERR_STORE_FORMAT.
 */
export async function decodeContent(
  id: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<SnapshotContent> {
  // One generator for both parts: once it has given the first, letting it go lets go of `chunks`.
  const parts = readParts(await ContentReader.open(id), chunks);
  const { value: library } = await parts.next();
  return { library: library ?? new Uint8Array(0), machine: parts };
}

async function* readParts(
  reader: ContentReader,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const library = new LibraryPart(reader);
  let isRead = false;
  for await (const chunk of chunks) {
    for (const payload of reader.push(chunk)) {
      const rest = isRead ? payload : library.take(payload);
      if (!isRead && library.isWhole) {
        isRead = true;
        yield library.join();
      }
      if (rest.length > 0) yield rest;
    }
  }
  reader.end();
  if (!isRead) throw reader.fail("the library's part is cut off");
}

/** Collects the payloads up to where the machine's part begins. */
class LibraryPart {
  readonly #reader: ContentReader;
  readonly #header = new Uint8Array(LIBRARY_HEADER_BYTES);
  #headerBytes = 0;
  #parts: Uint8Array[] = [];
  #missing = 0;

  constructor(reader: ContentReader) {
    this.#reader = reader;
  }

  get isWhole(): boolean {
    return this.#headerBytes === LIBRARY_HEADER_BYTES && this.#missing === 0;
  }

  /** Gives what belongs to the machine. */
  take(payload: Uint8Array): Uint8Array {
    const rest = this.#takeHeader(payload);
    const part = rest.subarray(0, this.#missing);
    if (part.length > 0) this.#parts.push(new Uint8Array(part));
    this.#missing -= part.length;
    return rest.subarray(part.length);
  }

  join(): Uint8Array {
    const parts = this.#parts;
    this.#parts = [];
    return joinBytes(parts);
  }

  #takeHeader(payload: Uint8Array): Uint8Array {
    if (this.#headerBytes === LIBRARY_HEADER_BYTES) return payload;
    const part = payload.subarray(0, LIBRARY_HEADER_BYTES - this.#headerBytes);
    this.#header.set(part, this.#headerBytes);
    this.#headerBytes += part.length;
    if (this.#headerBytes === LIBRARY_HEADER_BYTES) this.#missing = this.#readHeader();
    return payload.subarray(part.length);
  }

  #readHeader(): number {
    const reader = new ByteReader(this.#header);
    const version = reader.u32();
    if (version > LIBRARY_VERSION) {
      const message = `a snapshot of version ${version}; this build reads up to ${LIBRARY_VERSION}`;
      throw new CoxswainError('ERR_STORE_FORMAT', message);
    }
    if (version === 0) throw this.#reader.fail('a version of 0');
    const [high, low] = [reader.u32(), reader.u32()];
    const length = high * 0x1_0000_0000 + low;
    if (length > MAX_LIBRARY_BYTES) throw this.#reader.fail(`a library's part of ${length} bytes`);
    return length;
  }
}

function libraryHeader(library: readonly Uint8Array[]): Uint8Array {
  const length = library.reduce((sum, chunk) => sum + chunk.length, 0);
  if (length > MAX_LIBRARY_BYTES) {
    throw new RangeError(`the library's part of a snapshot has ${length} bytes, over 512 MiB`);
  }
  const writer = new ByteWriter(new Uint8Array(LIBRARY_HEADER_BYTES));
  writer.u32(LIBRARY_VERSION);
  writer.u53(length);
  return writer.block();
}

function isAsyncIterable(source: SnapshotSource): source is AsyncIterable<Uint8Array> {
  return typeof source === 'object' && source !== null && Symbol.asyncIterator in source;
}

function chunksOf(source: Uint8Array | Iterable<Uint8Array>): Iterable<Uint8Array> {
  if (source instanceof Uint8Array) return [source];
  if (typeof source === 'object' && source !== null && Symbol.iterator in source) return source;
  throw new TypeError(`a snapshot is a Uint8Array or gives some, and not ${nameOf(source)}`);
}

/** A machine is a host's code, and may be no TypeScript. */
function checkChunk(chunk: Uint8Array): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError(`a snapshot's chunk is a Uint8Array, and not ${nameOf(chunk)}`);
}

function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return value.constructor?.name ?? 'a nameless object';
}
