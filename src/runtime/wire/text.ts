// Short texts as bytes: their length in one byte, then UTF-8.
import { type ByteReader, type ByteWriter, frameError } from '../../lib/bytes.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes that `writeText` takes for `text`. */
export function textBytes(text: string): number {
  return 1 + Buffer.byteLength(text);
}

/** At most 255 bytes of UTF-8. */
export function writeText(writer: ByteWriter, text: string): void {
  const encoded = Buffer.from(text);
  writer.u8(encoded.length);
  writer.bytes(encoded);
}

/** Throws ERR_FRAME on what is not UTF-8. */
export function readText(reader: ByteReader): string {
  return decodeText(reader.bytes(reader.u8()));
}

/** Throws ERR_FRAME on what is not UTF-8. */
export function decodeText(encoded: Uint8Array): string {
  try {
    return decoder.decode(encoded);
  } catch (cause) {
    throw frameError('a text is not UTF-8', cause);
  }
}
