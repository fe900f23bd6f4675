// The body of a `verify` entry: every member takes a digest of its state just before it. With it
// goes what came of an earlier comparison, so that everyone learns that at one place in the log.
import type { MemberId } from '../../contracts/index.ts';
import { ByteReader, ByteWriter, frameError } from '../../lib/bytes.ts';
import { readText, textBytes, writeText } from './text.ts';

/** A digest is half of a SHA-256, as hexadecimal digits. */
export const DIGEST_BYTES = 16;

/** What the members' digests of one entry came to. */
export interface Comparison {
  /** The `verify` entry before which they were taken. */
  readonly index: number;
  /** The last one for which all voters had the same; 0 when none is known. */
  readonly lastEqual: number;
  /** What a majority of voters had; undefined when no majority had the same. */
  readonly digest: string | undefined;
  /** Those that are known to have had another than the majority. */
  readonly odd: readonly MemberId[];
}

const FORMAT = 1;
const NOTHING = 0;
const MAJORITY = 1;
const NO_MAJORITY = 2;

/** format u8 · what u8 · index u53 · lastEqual u53 · digest · odd u32, and their ids. */
export function encodeVerify(compared: Comparison | undefined): Uint8Array {
  if (compared === undefined) return Uint8Array.of(FORMAT, NOTHING);
  const { digest, index, lastEqual, odd } = compared;
  let bytes = 1 + 1 + 8 + 8 + DIGEST_BYTES + 4;
  for (const id of odd) bytes += textBytes(id);
  const writer = new ByteWriter(new Uint8Array(bytes));
  writer.u8(FORMAT);
  writer.u8(digest === undefined ? NO_MAJORITY : MAJORITY);
  writer.u53(index);
  writer.u53(lastEqual);
  if (digest !== undefined) writeDigest(writer, digest);
  writer.u32(odd.length);
  for (const id of odd) writeText(writer, id);
  return writer.block();
}

/** Throws ERR_FRAME on bytes that `encodeVerify` did not make. */
export function decodeVerify(body: Uint8Array): Comparison | undefined {
  const reader = new ByteReader(body);
  const format = reader.u8();
  if (format !== FORMAT) throw frameError(`a comparison of format ${format}`);
  const what = reader.u8();
  if (what > NO_MAJORITY) throw frameError(`a comparison of kind ${what}`);
  if (what === NOTHING) {
    reader.end();
    return undefined;
  }
  const [index, lastEqual] = [reader.u53(), reader.u53()];
  if (lastEqual >= index) throw frameError(`unequal at ${index}, and equal at ${lastEqual}`);
  const digest = what === MAJORITY ? readDigest(reader) : undefined;
  const odd: MemberId[] = [];
  for (let count = reader.count(1); count > 0; count--) odd.push(readText(reader));
  reader.end();
  return { index, lastEqual, digest, odd };
}

export function writeDigest(writer: ByteWriter, digest: string): void {
  writer.bytes(Buffer.from(digest, 'hex'));
}

export function readDigest(reader: ByteReader): string {
  return Buffer.from(reader.bytes(DIGEST_BYTES)).toString('hex');
}
