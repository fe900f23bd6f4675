// Bytes in and out: a writer that fills slabs, a reader that checks every bound.
import { CoxswainError } from '../errors.ts';

const SLAB_BYTES = 1024 * 1024;

/**
 * Carves blocks out of larger ones: far cheaper than a fresh block for each frame. A block is never
 * handed out twice, so it may be kept; keeping a small one keeps its slab.
 */
export class SlabAllocator {
  #slab: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #used = 0;

  take(bytes: number): Uint8Array {
    if (bytes > SLAB_BYTES / 4) return new Uint8Array(bytes);
    if (this.#used + bytes > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#used = 0;
    }
    const block = this.#slab.subarray(this.#used, this.#used + bytes);
    this.#used += bytes;
    return block;
  }
}

/** Writes big-endian fields one after another into a block of known size. */
export class ByteWriter {
  readonly #target: Uint8Array;
  #at = 0;

  constructor(target: Uint8Array) {
    this.#target = target;
  }

  /** What was written so far. */
  block(): Uint8Array {
    return this.#target.subarray(0, this.#at);
  }

  u8(value: number): void {
    this.#target[this.#at++] = value;
  }

  u32(value: number): void {
    const target = this.#target;
    target[this.#at++] = value >>> 24;
    target[this.#at++] = value >>> 16;
    target[this.#at++] = value >>> 8;
    target[this.#at++] = value;
  }

  /** A whole number from 0 to 2^53 - 1, in eight bytes. */
  u53(value: number): void {
    this.u32(Math.floor(value / 0x1_0000_0000));
    this.u32(value >>> 0);
  }

  bytes(value: Uint8Array): void {
    this.#target.set(value, this.#at);
    this.#at += value.length;
  }
}

/** Reads what ByteWriter wrote; throws ERR_FRAME on anything short, long or out of range. */
export class ByteReader {
  readonly #source: Uint8Array;
  #at: number;

  constructor(source: Uint8Array, at = 0) {
    this.#source = source;
    this.#at = at;
  }

  get remaining(): number {
    return this.#source.length - this.#at;
  }

  u8(): number {
    this.#need(1);
    return this.#source[this.#at++] ?? 0;
  }

  u32(): number {
    this.#need(4);
    const source = this.#source;
    const high = ((source[this.#at] ?? 0) << 24) | ((source[this.#at + 1] ?? 0) << 16);
    const low = ((source[this.#at + 2] ?? 0) << 8) | (source[this.#at + 3] ?? 0);
    this.#at += 4;
    return (high | low) >>> 0;
  }

  u53(): number {
    const high = this.u32();
    if (high > 0x1f_ffff) throw frameError('a number is over 2^53');
    return high * 0x1_0000_0000 + this.u32();
  }

  /** What is being read. */
  get source(): Uint8Array {
    return this.#source;
  }

  /** Passes over `count` bytes, and returns where they start. */
  skip(count: number): number {
    this.#need(count);
    const at = this.#at;
    this.#at += count;
    return at;
  }

  /** A view, not a copy. */
  bytes(count: number): Uint8Array {
    this.#need(count);
    const view = this.#source.subarray(this.#at, this.#at + count);
    this.#at += count;
    return view;
  }

  flag(): boolean {
    const value = this.u8();
    if (value > 1) throw frameError(`a flag is ${value}`);
    return value === 1;
  }

  /** A count, u32, of items of at least `leastBytes` each: never more than can follow. */
  count(leastBytes: number): number {
    const count = this.u32();
    if (count * leastBytes > this.remaining) throw frameError(`${count} items cannot follow`);
    return count;
  }

  end(): void {
    if (this.remaining > 0) throw frameError(`${this.remaining} bytes too many`);
  }

  #need(count: number): void {
    if (count > this.remaining) throw frameError(`${count - this.remaining} bytes missing`);
  }
}

/** One block of all the parts, in order. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const block = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    block.set(part, at);
    at += part.length;
  }
  return block;
}

export function frameError(message: string, cause?: unknown): CoxswainError {
  return new CoxswainError('ERR_FRAME', message, cause === undefined ? {} : { cause });
}
