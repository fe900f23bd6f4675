// What a member tells its leader of its machine, as bytes after the header. The core knows nothing
// of it. A frame that is lost only delays what it is for.
import { type ByteReader, type ByteWriter, frameError } from '../../lib/bytes.ts';
import { DIGEST_BYTES, readDigest, writeDigest } from './verify-entry.ts';
import type { VersionEntry } from './version-entry.ts';

/** Digests that a member keeps, and tells: a count. */
export const MAX_DIGESTS = 16;

/** Of the state just before the `verify` entry at `index`. */
export interface DigestAt {
  readonly index: number;
  readonly digest: string;
}

/** All that it has, so that each report makes up for those that were lost. */
export interface DigestReport {
  readonly type: 'digest-report';
  readonly digests: readonly DigestAt[];
}

/** As which versions the sender could behave. */
export interface Capabilities extends VersionEntry {
  readonly type: 'capabilities';
}

export type Report = DigestReport | Capabilities;

const DIGEST_AT_BYTES = 8 + DIGEST_BYTES;

export function reportBytes(report: Report): number {
  if (report.type === 'capabilities') return 4 + 4;
  return 4 + report.digests.length * DIGEST_AT_BYTES;
}

export function writeReport(writer: ByteWriter, report: Report): void {
  if (report.type === 'capabilities') {
    writer.u32(report.features);
    writer.u32(report.machineVersion);
    return;
  }
  writer.u32(report.digests.length);
  for (const { digest, index } of report.digests) {
    writer.u53(index);
    writeDigest(writer, digest);
  }
}

export function readCapabilities(reader: ByteReader): Capabilities {
  const [features, machineVersion] = [reader.u32(), reader.u32()];
  if (features === 0 || machineVersion === 0) throw frameError('a version of 0');
  return { type: 'capabilities', features, machineVersion };
}

export function readDigestReport(reader: ByteReader): DigestReport {
  const digests: DigestAt[] = [];
  const count = reader.count(DIGEST_AT_BYTES);
  if (count > MAX_DIGESTS) throw frameError(`${count} digests`);
  for (let at = 0; at < count; at++) {
    const index = reader.u53();
    digests.push({ index, digest: readDigest(reader) });
  }
  return { type: 'digest-report', digests };
}
