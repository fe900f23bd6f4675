// What a snapshot's header says: where its state stands, beyond index and term, and who was in the
// cluster there.
import type { StoredSnapshot } from '../../contracts/index.ts';
import { CoxswainError } from '../../errors.ts';
import { ByteReader, ByteWriter, frameError } from '../../lib/bytes.ts';
import type { SnapshotHead } from '../../raft/index.ts';
import { decodeMembers, encodeMembers, type MembersEntry } from './members-entry.ts';

const FORMAT = 1;
/** format u8 · timeMs u53 · machineVersion u32 · configIndex u53. */
const FIXED_BYTES = 1 + 8 + 4 + 8;

export interface SnapshotHeader {
  /** Log time: `timeMs` of the last entry. */
  readonly timeMs: number;
  /** From 1. */
  readonly machineVersion: number;
  /** Index of the entry that holds the members. */
  readonly configIndex: number;
  readonly members: MembersEntry;
}

/** The fixed fields · the body of a `members` entry. */
export function encodeSnapshotHeader(header: SnapshotHeader): Uint8Array {
  const members = encodeMembers(header.members);
  const writer = new ByteWriter(new Uint8Array(FIXED_BYTES + members.length));
  writer.u8(FORMAT);
  writer.u53(header.timeMs);
  writer.u32(header.machineVersion);
  writer.u53(header.configIndex);
  writer.bytes(members);
  return writer.block();
}

/** Throws ERR_STORE_FORMAT on a newer format, else ERR_FRAME on what was not made so. */
export function decodeSnapshotHeader(bytes: Uint8Array): SnapshotHeader {
  const reader = new ByteReader(bytes);
  const format = reader.u8();
  if (format > FORMAT) {
    const message = `a snapshot of format ${format}; this build reads up to ${FORMAT}`;
    throw new CoxswainError('ERR_STORE_FORMAT', message);
  }
  if (format !== FORMAT) throw frameError(`a snapshot of format ${format}`);
  const [timeMs, machineVersion, configIndex] = [reader.u53(), reader.u32(), reader.u53()];
  if (machineVersion === 0) throw frameError('a machine of version 0');
  if (configIndex === 0) throw frameError('a snapshot without members');
  const members = decodeMembers(reader.bytes(reader.remaining));
  return { timeMs, machineVersion, configIndex, members };
}

/** As the core sees the snapshot. Throws as `decodeSnapshotHeader` does. */
export function headOf({ bytes, header, id, index, term }: StoredSnapshot): SnapshotHead {
  const { configIndex, members, timeMs } = decodeSnapshotHeader(header);
  const config = { index: configIndex, config: members.config };
  return { id, index, term, timeMs, bytes, config };
}
