import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../../../../src/lib/bytes.ts';
import { readText, textBytes, writeText } from '../../../../src/runtime/wire/index.ts';

function written(text: string): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(textBytes(text)));
  writeText(writer, text);
  return writer.block();
}

const refused = expect.objectContaining({ code: 'ERR_FRAME' });

describe('a short text', () => {
  it('is its length in one byte, then UTF-8', () => {
    expect([...written('hé')]).toEqual([3, 0x68, 0xc3, 0xa9]);
    expect([...written('')]).toEqual([0]);
  });

  it('comes back as it was', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = written(text);
        expect(bytes.length).toBe(textBytes(text));
        expect(readText(new ByteReader(bytes))).toBe(text);
      }),
    );
  });

  it('comes back whole when it begins with a byte order mark', () => {
    expect(readText(new ByteReader(written('\ufeffa')))).toBe('\ufeffa');
  });

  it('may take 255 bytes', () => {
    const text = 'é'.repeat(127).concat('x');
    expect(textBytes(text)).toBe(256);
    expect(readText(new ByteReader(written(text)))).toBe(text);
  });

  it('is refused when it is cut short or is not UTF-8', () => {
    for (const bytes of [[], [1], [3, 65, 66], [1, 0xff], [1, 0xc3], [3, 0xed, 0xa0, 0x80]]) {
      expect(() => readText(new ByteReader(Uint8Array.from(bytes)))).toThrow(refused);
    }
  });
});
