// The body of a `version` entry: from it on, every member behaves as these versions say.
import { ByteReader, ByteWriter, frameError } from '../../lib/bytes.ts';

export interface VersionEntry {
  /** What the library itself may write into the log: a whole number from 1. */
  readonly features: number;
  /** What `context.machineVersion` is from here on: a whole number from 1. */
  readonly machineVersion: number;
}

/** features u32 · machineVersion u32. */
export function encodeVersion({ features, machineVersion }: VersionEntry): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(4 + 4));
  writer.u32(features);
  writer.u32(machineVersion);
  return writer.block();
}

/** Throws ERR_FRAME on bytes that `encodeVersion` did not make. */
export function decodeVersion(body: Uint8Array): VersionEntry {
  const reader = new ByteReader(body);
  const version = { features: reader.u32(), machineVersion: reader.u32() };
  reader.end();
  if (version.features === 0 || version.machineVersion === 0) throw frameError('a version of 0');
  return version;
}
