import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SnapshotSource } from '../../../../src/contracts/index.ts';
import { joinBytes } from '../../../../src/lib/bytes.ts';
import { type Checksum, loadChecksum } from '../../../../src/lib/checksum.ts';
import { BlockPacker } from '../../../../src/runtime/wire/content-blocks.ts';
import { ContentReader, decodeContent, encodeContent } from '../../../../src/runtime/wire/index.ts';

const BLOCK = 64 * 1024;
const corrupt = expect.objectContaining({ code: 'ERR_STORE_CORRUPT' });

let checksum: Checksum;

beforeAll(async () => {
  checksum = await loadChecksum();
});

function patternOf(length: number, step = 7): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * step + (at >> 8)) % 251);
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(Uint8Array.from(chunk));
  return joinBytes(parts);
}

async function* from(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function encode(id: string, library: readonly Uint8Array[], machine: SnapshotSource) {
  return collect(encodeContent(id, library, machine));
}

async function decode(id: string, ...chunks: readonly Uint8Array[]) {
  const { library, machine } = await decodeContent(id, from(...chunks));
  return { library, machine: await collect(machine) };
}

/** Blocks of these payloads, one each, and the end mark. */
function blocksOf(id: string, ...payloads: readonly Uint8Array[]): Uint8Array[] {
  const packer = new BlockPacker(id, checksum);
  return [...payloads.flatMap((payload) => [...packer.pack(payload)]), ...packer.end()];
}

/** What a reader makes of it: its payloads, or the message of its error. */
function readAll(id: string, pieces: readonly Uint8Array[]): Uint8Array | string {
  const reader = new ContentReader(id, checksum);
  try {
    const payloads = pieces.flatMap((piece) => reader.push(piece));
    reader.end();
    return joinBytes(payloads);
  } catch (error) {
    expect(error).toEqual(corrupt);
    return (error as Error).message;
  }
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const sorted = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  sorted.sort((a, b) => a - b);
  return sorted.slice(1).map((end, at) => bytes.subarray(sorted[at], end));
}

describe('the content of a snapshot', () => {
  it.each([
    ['nothing', [], new Uint8Array(0)],
    ['a machine alone', [], patternOf(10)],
    ['a library alone', [patternOf(3), new Uint8Array(0), patternOf(4)], []],
    ['a block, exactly', [], patternOf(BLOCK - 12)],
    ['a byte more', [], patternOf(BLOCK - 11)],
    ['long ones', [patternOf(100_000), patternOf(70_000, 5)], patternOf(300_000)],
  ])('comes back: %s', async (_, library, machine) => {
    const bytes = await encode('s', library, machine);
    const found = await decode('s', bytes);
    expect(Buffer.compare(found.library, joinBytes(library))).toBe(0);
    const expected = machine instanceof Uint8Array ? machine : new Uint8Array(0);
    expect(Buffer.compare(found.machine, expected)).toBe(0);
  });

  it('is the same however the machine gives it', async () => {
    const machine = patternOf(200_000);
    const parts = cutAt(machine, [0, 1, 2, 3, 65_000, 65_536, 131_072, 140_000]);
    const whole = await encode('s', [patternOf(9)], machine);
    for (const source of [parts, new Set(parts), from(...parts), Buffer.from(machine)]) {
      expect(Buffer.compare(await encode('s', [patternOf(9)], source), whole)).toBe(0);
    }
  });

  it('keeps its bytes from version to version', async () => {
    const bytes = await encode('a-1', [Uint8Array.of(7)], Uint8Array.of(8, 9));
    expect(Buffer.from(bytes).toString('hex')).toBe(
      [
        '0000000f0573e185128e930a',
        '000000010000000000000001070809',
        '00000000f81cbefbb04eef7d',
        '0000000000000001000000000000000f',
      ].join(''),
    );
  });

  it('comes in blocks of 64 KiB at most', async () => {
    const sizes: number[] = [];
    for await (const block of encodeContent('s', [], patternOf(200_000))) sizes.push(block.length);
    expect(sizes).toEqual([BLOCK + 12, BLOCK + 12, BLOCK + 12, 200_012 - 3 * BLOCK + 12, 28]);
  });

  it('is the same wherever the pieces are cut', async () => {
    const library = patternOf(3000);
    const bytes = await encode('s', [library], patternOf(130_000));
    const cuts = fc.array(fc.nat(bytes.length), { maxLength: 30 });
    const property = fc.asyncProperty(cuts, async (places) => {
      const found = await decode('s', ...cutAt(bytes, places));
      expect(Buffer.compare(found.library, library)).toBe(0);
      expect(Buffer.compare(found.machine, patternOf(130_000))).toBe(0);
    });
    await fc.assert(property, { numRuns: 60 });
    const small = await encode('s', [library], patternOf(70_000));
    const single = readAll('s', cutAt(small, [...small.keys()]));
    expect(single).toEqual(readAll('s', [small]));
  });

  it('is the same when the blocks are short ones, even of one byte', () => {
    const payloads = [1, 2, 3].map((byte) => Uint8Array.of(byte));
    const packer = new BlockPacker('s', checksum);
    const blocks = payloads.flatMap((payload) => [...packer.pack(payload)]);
    expect(blocks).toEqual([]);
    expect(readAll('s', [...packer.end()])).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe('damage to a snapshot (S5)', () => {
  it('of any single bit is found, and nothing from there on is given out', async () => {
    const machine = patternOf(40);
    const bytes = await encode('s', [patternOf(5)], machine);
    const sound = readAll('s', [bytes]);
    expect(sound).toHaveLength(12 + 45);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Uint8Array.from(bytes);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(readAll('s', [damaged]), `bit ${bit}`).toMatch(/^snapshot s is damaged at byte \d+: /);
      expect(readAll('s', cutAt(damaged, [5, 20, 60])), `bit ${bit}`).toMatch(/damaged/);
    }
  });

  it('of any bit in long blocks is found, in random places', async () => {
    const bytes = await encode('s', [], patternOf(150_000));
    const property = fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
      const damaged = Uint8Array.from(bytes);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(readAll('s', [damaged])).toMatch(/damaged/);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('of any cut is found', async () => {
    const bytes = await encode('s', [patternOf(5)], patternOf(40));
    for (let length = 0; length < bytes.length; length++) {
      expect(readAll('s', [bytes.subarray(0, length)]), `${length}`).toMatch(/cut off|missing/);
    }
  });

  it('by bytes behind its end is found', async () => {
    const bytes = await encode('s', [], patternOf(40));
    expect(readAll('s', [bytes, Uint8Array.of(0)])).toMatch(/more follows its end/);
    expect(readAll('s', [bytes, bytes])).toMatch(/more follows its end/);
    expect(readAll('s', [bytes, new Uint8Array(0)])).toHaveLength(52);
  });

  it('is told with the place of the block', async () => {
    const bytes = await encode('s', [], patternOf(150_000));
    bytes[BLOCK + 12 + 500] = 1 + (bytes[BLOCK + 12 + 500] ?? 0);
    expect(readAll('s', [bytes])).toBe(
      `snapshot s is damaged at byte ${BLOCK + 12}: its checksum is another`,
    );
  });

  it('reaches no machine: it gets the sound blocks before', async () => {
    const bytes = await encode('s', [patternOf(5)], patternOf(150_000));
    bytes[2 * (BLOCK + 12) + 700] = 1 + (bytes[2 * (BLOCK + 12) + 700] ?? 0);
    const { library, machine } = await decodeContent('s', from(...cutAt(bytes, [9, 70_000])));
    expect(library).toEqual(patternOf(5));
    const got: Uint8Array[] = [];
    const reading = (async () => {
      for await (const piece of machine) got.push(Uint8Array.from(piece));
    })();
    await expect(reading).rejects.toEqual(corrupt);
    const sound = joinBytes(got);
    expect(Buffer.compare(sound, patternOf(150_000).subarray(0, sound.length))).toBe(0);
    expect(sound.length).toBeLessThanOrEqual(2 * BLOCK - 17);
  });

  it('stays: a reader that has found it reads no more', () => {
    const [block = new Uint8Array(0)] = blocksOf('s', patternOf(BLOCK));
    const damaged = Uint8Array.from(block);
    damaged[100] = 255;
    const reader = new ContentReader('s', checksum);
    expect(() => reader.push(damaged)).toThrow(corrupt);
    expect(() => reader.push(block)).toThrow(corrupt);
    expect(() => reader.end()).toThrow(corrupt);
  });
});

describe('blocks of another snapshot (S4)', () => {
  it('are refused, also in their own place and of the same bytes', () => {
    const payloads = [patternOf(BLOCK), patternOf(BLOCK), patternOf(BLOCK)];
    const [one, other] = [blocksOf('one', ...payloads), blocksOf('other', ...payloads)];
    expect(readAll('one', one)).toHaveLength(3 * BLOCK);
    for (let at = 0; at < one.length; at++) {
      const mixed = [...one.slice(0, at), other[at] as Uint8Array, ...one.slice(at + 1)];
      expect(readAll('one', mixed), `block ${at}`).toMatch(/damaged/);
      expect(readAll('one', [...one.slice(0, at), ...other.slice(at)])).toMatch(/damaged/);
    }
    expect(readAll('other', one)).toMatch(/damaged/);
  });

  it('are refused when the ids are the same, and what came before them is not', () => {
    const [a, b, last] = [patternOf(BLOCK), patternOf(BLOCK, 5), patternOf(BLOCK, 3)];
    const [one, other] = [blocksOf('s', a, last), blocksOf('s', b, last)];
    expect(readAll('s', [...one.slice(0, 1), ...other.slice(1)])).toMatch(/damaged/);
  });

  it('are refused when they are left out, repeated or exchanged', () => {
    const blocks = blocksOf('s', patternOf(BLOCK), patternOf(BLOCK), patternOf(BLOCK, 5));
    const [a, b, c, end] = blocks as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    for (const wrong of [
      [b, c, end],
      [a, c, end],
      [a, b, end],
      [a, a, b, c, end],
    ]) {
      expect(readAll('s', wrong)).toMatch(/damaged/);
    }
    for (const wrong of [[b, a, c, end], [a, c, b, end], [end], [a, end, b, c]]) {
      expect(readAll('s', wrong)).toMatch(/damaged/);
    }
  });
});

describe('lengths that are claimed', () => {
  it('of a block are bounded before anything is kept (F16)', () => {
    for (const length of [BLOCK + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
      const header = new Uint8Array(12);
      new DataView(header.buffer).setUint32(0, length);
      expect(readAll('s', [header])).toBe(
        `snapshot s is damaged at byte 0: a block of ${length} bytes`,
      );
    }
  });

  it('of the library are bounded, and no room is made for what is not there (F16)', async () => {
    for (const [high, low] of [
      [0, 512 * 2 ** 20 + 1],
      [1, 0],
      [2 ** 32 - 1, 2 ** 32 - 1],
    ]) {
      const payload = new Uint8Array(12);
      const view = new DataView(payload.buffer);
      view.setUint32(0, 1);
      view.setUint32(4, high ?? 0);
      view.setUint32(8, low ?? 0);
      const decoding = decode('s', ...blocksOf('s', payload));
      await expect(decoding).rejects.toThrow(/a library's part of \d+ bytes/);
    }
    const payload = new Uint8Array(20);
    const view = new DataView(payload.buffer);
    view.setUint32(0, 1);
    view.setUint32(8, 512 * 2 ** 20);
    const before = process.memoryUsage().arrayBuffers;
    await expect(decode('s', ...blocksOf('s', payload))).rejects.toThrow(/part is cut off/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 2 ** 20);
  });

  it('that are missing are told as well', async () => {
    const decoding = decode('s', ...blocksOf('s', new Uint8Array(5)));
    await expect(decoding).rejects.toEqual(corrupt);
  });

  it('of a newer version are not read at all', async () => {
    const payload = new Uint8Array(12);
    new DataView(payload.buffer).setUint32(0, 2);
    const decoding = decode('s', ...blocksOf('s', payload));
    await expect(decoding).rejects.toMatchObject({ code: 'ERR_STORE_FORMAT' });
  });
});

describe('the sources of a snapshot', () => {
  it.each([
    ['a text', 'all of it', /string/],
    ['nothing', undefined, /undefined/],
    ['null', null, /null/],
    ['a number', 5, /number/],
    ['an object', { a: 1 }, /Object/],
    ['numbers', [1, 2], /number/],
    ['texts', ['a'], /string/],
    ['other arrays', [new Uint16Array(2)], /Uint16Array/],
    ['null in a list', [null], /null/],
    ['an object without a class', [Object.create(null)], /nameless/],
  ])('are refused by what they are: %s', async (_, source, said) => {
    const encoding = encode('s', [], source as unknown as SnapshotSource);
    await expect(encoding).rejects.toThrow(TypeError);
    await expect(encode('s', [], source as unknown as SnapshotSource)).rejects.toThrow(said);
  });

  it('are asked for no more than the next block needs (S10)', async () => {
    let given = 0;
    async function* machine() {
      for (; given < 1000; ) {
        given++;
        yield patternOf(10_000);
      }
    }
    const blocks = encodeContent('s', [], machine());
    for (let at = 1; at <= 5; at++) {
      await blocks.next();
      expect(given * 10_000 - at * BLOCK).toBeLessThan(10_000);
    }
    await blocks.return();
  });

  it('are let go when nobody wants another block, and their errors pass', async () => {
    let letGo = 0;
    async function* machine() {
      try {
        for (;;) yield patternOf(10_000);
      } finally {
        letGo++;
      }
    }
    function* failing() {
      try {
        yield patternOf(100);
        throw new Error('the disk of the machine');
      } finally {
        letGo++;
      }
    }
    const blocks = encodeContent('s', [], machine());
    await blocks.next();
    await blocks.return();
    expect(letGo).toBe(1);
    await expect(encode('s', [], failing())).rejects.toThrow('the disk of the machine');
    expect(letGo).toBe(2);
  });

  it('of what is read are let go: at the end, at damage, and when the machine stops', async () => {
    const bytes = await encode('s', [patternOf(3)], patternOf(200_000));
    let letGo = 0;
    async function* chunks(of: Uint8Array) {
      try {
        yield* cutAt(of, [1000, 50_000, 100_000, 150_000]);
      } finally {
        letGo++;
      }
    }
    const whole = await decodeContent('s', chunks(bytes));
    await collect(whole.machine);
    expect(letGo).toBe(1);
    const unread = await decodeContent('s', chunks(bytes));
    await unread.machine.return();
    expect(letGo).toBe(2);
    const stopped = await decodeContent('s', chunks(bytes));
    for await (const _ of stopped.machine) break;
    expect(letGo).toBe(3);
    bytes[20] = 77;
    await expect(decodeContent('s', chunks(bytes))).rejects.toEqual(corrupt);
    expect(letGo).toBe(4);
  });

  it('of what is read may fail with errors of their own', async () => {
    const bytes = await encode('s', [], patternOf(200_000));
    async function* chunks() {
      yield bytes.subarray(0, 100_000);
      throw new Error('the disk of the store');
    }
    const { machine } = await decodeContent('s', chunks());
    await expect(collect(machine)).rejects.toThrow('the disk of the store');
  });
});
