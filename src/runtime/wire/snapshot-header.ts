// What the runtime writes about a snapshot: where its state stands, and who was a member there.
import type { Member, StoredSnapshot } from '../../contracts/index.ts';
import { CoxswainError } from '../../errors.ts';
import { ByteReader, ByteWriter, frameError } from '../../lib/bytes.ts';
import type { SnapshotHead } from '../../raft/index.ts';
import { decodeMembers } from './members-entry.ts';

const FORMAT_VERSION = 1;

export interface SnapshotHeader {
  /** Log time. */
  readonly timeMs: number;
  readonly machineVersion: number;
  /** The `members` entry in force there. */
  readonly members: { readonly index: number; readonly body: Uint8Array } | undefined;
}

/** One that was read always has members. */
export interface ReadHeader extends SnapshotHeader {
  readonly members: NonNullable<SnapshotHeader['members']>;
}

/** format u8 · time, machine version, index of the members entry u53 · its body, with its length. */
export function encodeSnapshotHeader({
  machineVersion,
  members,
  timeMs,
}: SnapshotHeader): Uint8Array {
  const body = members?.body ?? new Uint8Array(0);
  const writer = new ByteWriter(new Uint8Array(1 + 3 * 8 + 4 + body.length));
  writer.u8(FORMAT_VERSION);
  writer.u53(timeMs);
  writer.u53(machineVersion);
  writer.u53(members?.index ?? 0);
  writer.u32(body.length);
  writer.bytes(body);
  return writer.block();
}

/** Throws ERR_STORE_FORMAT for what a newer version wrote, and ERR_FRAME for nonsense. */
export function decodeSnapshotHeader(header: Uint8Array): ReadHeader {
  const version = header[0];
  if (version !== undefined && version > FORMAT_VERSION) {
    const message = `a snapshot has format version ${version}; this build reads ${FORMAT_VERSION}`;
    throw new CoxswainError('ERR_STORE_FORMAT', message);
  }
  const reader = new ByteReader(header);
  if (reader.u8() !== FORMAT_VERSION) throw frameError('a snapshot of format version 0');
  const [timeMs, machineVersion, index] = [reader.u53(), reader.u53(), reader.u53()];
  const body = reader.bytes(reader.u32());
  reader.end();
  if (machineVersion === 0 || index === 0) throw frameError('a snapshot without members');
  return { timeMs, machineVersion, members: { index, body: new Uint8Array(body) } };
}

/** As the core sees it. Throws as `decodeSnapshotHeader` does. */
export function headOf({ bytes, header, id, index, term }: StoredSnapshot): SnapshotHead {
  const { members, timeMs } = decodeSnapshotHeader(header);
  const { config } = decodeMembers(members.body);
  return { id, index, term, timeMs, bytes, config: { index: members.index, config } };
}

/** Who was a member there, with addresses. Throws as `decodeSnapshotHeader` does. */
export function membersOfSnapshot(header: Uint8Array): {
  readonly index: number;
  readonly members: readonly Member[];
} {
  const { members } = decodeSnapshotHeader(header);
  const { members: list } = decodeMembers(members.body);
  return { index: members.index, members: list };
}
