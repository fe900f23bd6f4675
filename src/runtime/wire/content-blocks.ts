// A snapshot's bytes in blocks: length u32 · checksum u64 · payload, and an end mark. Each checksum
// is seeded by the one before, the first by the snapshot's id: a block of another snapshot, or of
// another place, is as wrong as a damaged one.
import { CoxswainError } from '../../errors.ts';
import { ByteReader, ByteWriter } from '../../lib/bytes.ts';
import { type Checksum, loadChecksum } from '../../lib/checksum.ts';

/** Longest payload of a block. */
const BLOCK_BYTES = 64 * 1024;
/** length u32, 0 in the end mark · checksum u64. */
const HEADER_BYTES = 4 + 8;
/** blocks u53 · bytes of all payloads u53. */
const END_BYTES = 8 + 8;

const NOTHING = new Uint8Array(0);

/** Fills one block at a time, and remembers no more than that one. */
export class BlockPacker {
  readonly #checksum: Checksum;
  readonly #chain: Chain;
  #block: Uint8Array = new Uint8Array(HEADER_BYTES + BLOCK_BYTES);
  #used = 0;

  constructor(id: string, checksum: Checksum) {
    this.#checksum = checksum;
    this.#chain = startChain(id, checksum);
  }

  /** The blocks that `chunk` makes full. Takes from it only when the next one is wanted. */
  *pack(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + BLOCK_BYTES - this.#used);
      this.#block.set(part, HEADER_BYTES + this.#used);
      this.#used += part.length;
      at += part.length;
      if (this.#used === BLOCK_BYTES) yield this.#seal();
    }
  }

  /** What is left, and the end mark. */
  *end(): Generator<Uint8Array, void, undefined> {
    if (this.#used > 0) yield this.#seal();
    const mark = endMark(this.#chain);
    const block = new Uint8Array(HEADER_BYTES + END_BYTES);
    block.set(mark, HEADER_BYTES);
    writeHeader(block, 0, link(this.#chain, this.#checksum, 0, mark));
    yield block;
  }

  #seal(): Uint8Array {
    const until = HEADER_BYTES + this.#used;
    // A short block keeps no long one in memory.
    const block = until < this.#block.length ? this.#block.slice(0, until) : this.#block;
    const sum = link(this.#chain, this.#checksum, this.#used, block.subarray(HEADER_BYTES));
    writeHeader(block, this.#used, sum);
    this.#block = new Uint8Array(HEADER_BYTES + BLOCK_BYTES);
    this.#used = 0;
    return block;
  }
}

/** Checks what BlockPacker made, in pieces cut anywhere. */
export class ContentReader {
  readonly #id: string;
  readonly #checksum: Checksum;
  readonly #chain: Chain;
  /** Bytes of a block that is not whole yet: room for twice what has arrived, at most. */
  #held: Uint8Array = NOTHING;
  #heldBytes = 0;
  /** Bytes before the block that is being read. */
  #offset = 0;
  #isEnded = false;
  #fault: CoxswainError | undefined;

  static async open(id: string): Promise<ContentReader> {
    return new ContentReader(id, await loadChecksum());
  }

  constructor(id: string, checksum: Checksum) {
    this.#id = id;
    this.#checksum = checksum;
    this.#chain = startChain(id, checksum);
  }

  /**
   * The next piece; gives the payloads that are whole and sound by now, as views, of the piece too.
   * Throws ERR_STORE_CORRUPT on anything else, and from then on.
   */
  push(bytes: Uint8Array): Uint8Array[] {
    if (this.#fault !== undefined) throw this.#fault;
    const payloads: Uint8Array[] = [];
    for (let rest = bytes; rest.length > 0; ) {
      if (this.#isEnded) throw this.fail('more follows its end');
      rest = this.#heldBytes === 0 ? this.#readWhole(rest, payloads) : this.#hold(rest, payloads);
    }
    return payloads;
  }

  /** There is no more. Throws ERR_STORE_CORRUPT unless the end mark has come. */
  end(): void {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#heldBytes > 0) throw this.fail(`it is cut off after ${this.#heldBytes} bytes more`);
    if (!this.#isEnded) throw this.fail('its end is missing');
  }

  /** The error for what is wrong in the block that is being read. */
  fail(what: string): CoxswainError {
    const message = `snapshot ${this.#id} is damaged at byte ${this.#offset}: ${what}`;
    this.#fault ??= new CoxswainError('ERR_STORE_CORRUPT', message);
    return this.#fault;
  }

  /** The block at the beginning of `bytes`, if it is there as a whole; what follows it. */
  #readWhole(bytes: Uint8Array, payloads: Uint8Array[]): Uint8Array {
    const total = this.#totalOf(bytes);
    if (total > bytes.length) return this.#hold(bytes, payloads);
    this.#check(bytes.subarray(0, total), payloads);
    return bytes.subarray(total);
  }

  /** Adds to the block that is not whole yet; what it does not need. */
  #hold(bytes: Uint8Array, payloads: Uint8Array[]): Uint8Array {
    const header = Math.max(0, HEADER_BYTES - this.#heldBytes);
    this.#keep(bytes.subarray(0, header));
    const rest = bytes.subarray(header);
    const total = this.#totalOf(this.#held.subarray(0, this.#heldBytes));
    const taken = this.#heldBytes < HEADER_BYTES ? 0 : total - this.#heldBytes;
    this.#keep(rest.subarray(0, taken));
    if (this.#heldBytes === total) {
      const block = this.#held.subarray(0, total);
      this.#held = NOTHING;
      this.#heldBytes = 0;
      this.#check(block, payloads);
    }
    return rest.subarray(taken);
  }

  #keep(bytes: Uint8Array): void {
    const needed = this.#heldBytes + bytes.length;
    if (needed > this.#held.length) {
      const bigger = new Uint8Array(Math.max(needed, 2 * this.#heldBytes));
      bigger.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = bigger;
    }
    this.#held.set(bytes, this.#heldBytes);
    this.#heldBytes = needed;
  }

  /** Length of the block that begins so; more than is there when that cannot be told. */
  #totalOf(bytes: Uint8Array): number {
    if (bytes.length < HEADER_BYTES) return HEADER_BYTES;
    const length = new ByteReader(bytes).u32();
    if (length > BLOCK_BYTES) throw this.fail(`a block of ${length} bytes`);
    return HEADER_BYTES + (length === 0 ? END_BYTES : length);
  }

  #check(block: Uint8Array, payloads: Uint8Array[]): void {
    const reader = new ByteReader(block);
    const length = reader.u32();
    const expected = readU64(reader);
    const payload = block.subarray(HEADER_BYTES);
    const mark = endMark(this.#chain);
    if (link(this.#chain, this.#checksum, length, payload) !== expected) {
      throw this.fail('its checksum is another');
    }
    if (length > 0) payloads.push(payload);
    else if (payload.some((byte, at) => byte !== mark[at])) throw this.fail('its end is another');
    else this.#isEnded = true;
    this.#offset += block.length;
  }
}

/** What came so far. */
interface Chain {
  seed: bigint;
  blocks: number;
  bytes: number;
}

function startChain(id: string, checksum: Checksum): Chain {
  return { seed: checksum(Buffer.from(id), 0n), blocks: 0, bytes: 0 };
}

/** The checksum of the next block. The length is part of it: no payload passes for an end mark. */
function link(chain: Chain, checksum: Checksum, length: number, payload: Uint8Array): bigint {
  chain.seed = checksum(payload, chain.seed ^ BigInt(length));
  chain.blocks++;
  chain.bytes += length;
  return chain.seed;
}

function endMark({ blocks, bytes }: Chain): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(END_BYTES));
  writer.u53(blocks);
  writer.u53(bytes);
  return writer.block();
}

function writeHeader(block: Uint8Array, length: number, checksum: bigint): void {
  const writer = new ByteWriter(block);
  writer.u32(length);
  writer.u32(Number(checksum >> 32n));
  writer.u32(Number(checksum & 0xffff_ffffn));
}

function readU64(reader: ByteReader): bigint {
  const high = BigInt(reader.u32());
  return (high << 32n) | BigInt(reader.u32());
}
