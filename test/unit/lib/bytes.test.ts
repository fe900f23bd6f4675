import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CoxswainError } from '../../../src/errors.ts';
import { ByteReader, ByteWriter, frameError, SlabAllocator } from '../../../src/lib/bytes.ts';

function write(bytes: number, fill: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(bytes));
  fill(writer);
  return writer.block();
}

const frame = expect.objectContaining({ code: 'ERR_FRAME' });

describe('bytes written', () => {
  it('are big-endian, one field after another', () => {
    const block = write(32, (writer) => {
      writer.u8(0x01);
      writer.u32(0x0203_0405);
      writer.u53(0x06_0708_090a);
      writer.bytes(Uint8Array.of(0xff, 0xfe));
      writer.u8(0xff);
    });
    expect([...block]).toEqual([1, 2, 3, 4, 5, 0, 0, 0, 6, 7, 8, 9, 10, 0xff, 0xfe, 0xff]);
  });

  it.each([0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1])('give %d back from four bytes', (value) => {
    expect(new ByteReader(write(4, (writer) => writer.u32(value))).u32()).toBe(value);
  });

  it.each([0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 45 + 7, 2 ** 53 - 1])(
    'give %d back from eight bytes',
    (value) => {
      expect(new ByteReader(write(8, (writer) => writer.u53(value))).u53()).toBe(value);
    },
  );

  it('give every number back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(0xff), fc.nat(0xffff_ffff), (large, byte, small) => {
        const block = write(13, (writer) => {
          writer.u53(large);
          writer.u8(byte);
          writer.u32(small);
        });
        const reader = new ByteReader(block);
        expect([reader.u53(), reader.u8(), reader.u32()]).toEqual([large, byte, small]);
        reader.end();
      }),
    );
  });

  it('end where the last field ends', () => {
    const writer = new ByteWriter(new Uint8Array(10));
    writer.u8(7);
    expect(writer.block()).toEqual(Uint8Array.of(7));
  });
});

describe('a reader', () => {
  it('begins where it is told, and counts what remains', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3, 4, 5), 2);
    expect([reader.remaining, reader.u8(), reader.remaining]).toEqual([3, 3, 2]);
    expect([reader.skip(1), reader.u8(), reader.remaining]).toEqual([3, 5, 0]);
    reader.end();
  });

  it('hands out views, not copies', () => {
    const source = Uint8Array.of(1, 2, 3);
    const view = new ByteReader(source, 1).bytes(2);
    source[1] = 9;
    expect([...view]).toEqual([9, 3]);
  });

  it.each([
    ['u8', 0],
    ['u32', 3],
    ['u53', 7],
    ['flag', 0],
  ] as const)('refuses a %s in %d bytes', (field, bytes) => {
    expect(() => new ByteReader(new Uint8Array(bytes))[field]()).toThrow(frame);
  });

  it('refuses a block or a jump past the end', () => {
    expect(() => new ByteReader(Uint8Array.of(1, 2)).bytes(3)).toThrow(frame);
    expect(() => new ByteReader(Uint8Array.of(1, 2)).skip(3)).toThrow(frame);
    expect(() => new ByteReader(Uint8Array.of(1, 2)).bytes(2 ** 32 - 1)).toThrow(frame);
  });

  it('refuses a number over 2^53', () => {
    const over = Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 0);
    expect(() => new ByteReader(over).u53()).toThrow(frame);
    expect(() => new ByteReader(new Uint8Array(8).fill(0xff)).u53()).toThrow(frame);
  });

  it('refuses a flag that is neither 0 nor 1', () => {
    expect(new ByteReader(Uint8Array.of(0)).flag()).toBe(false);
    expect(new ByteReader(Uint8Array.of(1)).flag()).toBe(true);
    expect(() => new ByteReader(Uint8Array.of(2)).flag()).toThrow(frame);
  });

  it('refuses bytes that are left over', () => {
    expect(() => new ByteReader(Uint8Array.of(1)).end()).toThrow(frame);
  });

  it('has not moved when it refused', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2));
    expect(() => reader.u32()).toThrow(frame);
    expect([reader.u8(), reader.u8()]).toEqual([1, 2]);
  });
});

describe('a slab', () => {
  it('gives each block its own bytes, of the length that was asked for', () => {
    const slab = new SlabAllocator();
    const sizes = [10, 0, 300_000, 1, 250_000, 250_000, 250_000, 250_000, 250_000, 2_000_000];
    const blocks = sizes.map((bytes, at) => slab.take(bytes).fill(at + 1));
    expect(blocks.map((block) => block.length)).toEqual(sizes);
    const spoiled = blocks.filter((block, at) => !block.every((byte) => byte === at + 1));
    expect(spoiled).toEqual([]);
  });

  it('carves small blocks out of one buffer and gives a large one its own', () => {
    const slab = new SlabAllocator();
    const [one, other, large] = [slab.take(10), slab.take(10), slab.take(500_000)];
    expect(one.buffer).toBe(other.buffer);
    expect(large.buffer).not.toBe(one.buffer);
    expect(large.buffer.byteLength).toBe(500_000);
  });
});

describe('a frame error', () => {
  it('carries the code and its cause', () => {
    const cause = new Error('why');
    const error = frameError('it is short', cause);
    expect(error).toBeInstanceOf(CoxswainError);
    expect(error).toMatchObject({ code: 'ERR_FRAME', message: 'it is short', cause });
    expect(frameError('it is short').cause).toBeUndefined();
  });
});
