// The body of a `members` entry: who is in the cluster, where, as what, and on which store.
import type { Member, MemberId } from '../../contracts/index.ts';
import { ByteReader, ByteWriter, frameError } from '../../lib/bytes.ts';
import { type Configuration, createConfiguration, type Joining } from '../../raft/index.ts';
import { decodeText, readText, textBytes, writeText } from './text.ts';

export interface MembersEntry {
  readonly members: readonly Member[];
  readonly config: Configuration;
}

/** The configuration a cluster starts with: equal bytes on every member, whatever their order. */
export function firstMembers(bootstrap: readonly Member[]): MembersEntry {
  const members = [...bootstrap].sort((a, b) => (a.id < b.id ? -1 : 1));
  const voters = members.map((member) => member.id);
  return { members, config: createConfiguration({ voters }) };
}

const VOTER = 1;
const OUTGOING = 2;
const LEARNER = 4;
const JOINING = 8;
const REPLACING = 16;

/** part u8 · incarnation u53, 0 when unknown · length of the address u32. */
const FIXED_BYTES = 1 + 8 + 4;

export function encodeMembers({ members, config }: MembersEntry): Uint8Array {
  const encoded = members.map((member) => {
    const joining = config.joining.find(({ id }) => id === member.id);
    return { member, joining, address: Buffer.from(member.address) };
  });
  let bytes = 4;
  for (const { address, joining, member } of encoded) {
    bytes += FIXED_BYTES + textBytes(member.id) + address.length;
    if (joining?.replaces !== undefined) bytes += textBytes(joining.replaces);
  }
  const writer = new ByteWriter(new Uint8Array(bytes));
  writer.u32(encoded.length);
  for (const { address, joining, member } of encoded) {
    writer.u8(partOf(config, member.id, joining));
    writer.u53(config.incarnations.get(member.id) ?? 0);
    writeText(writer, member.id);
    writer.u32(address.length);
    writer.bytes(address);
    if (joining?.replaces !== undefined) writeText(writer, joining.replaces);
  }
  return writer.block();
}

/** Throws ERR_FRAME on bytes that `encodeMembers` did not make. */
export function decodeMembers(body: Uint8Array): MembersEntry {
  const reader = new ByteReader(body);
  const members: Member[] = [];
  const config = {
    ...{ voters: [] as MemberId[], outgoing: [] as MemberId[], learners: [] as MemberId[] },
    ...{ joining: [] as Joining[], incarnations: new Map<MemberId, number>() },
  };
  const count = reader.u32();
  if (count * FIXED_BYTES > reader.remaining) throw frameError(`${count} members cannot follow`);
  for (let at = 0; at < count; at++) {
    const part = readPart(reader);
    const incarnation = reader.u53();
    const id = readText(reader);
    members.push({ id, address: decodeText(reader.bytes(reader.u32())) });
    if (part & VOTER) config.voters.push(id);
    if (part & OUTGOING) config.outgoing.push(id);
    if (part & LEARNER) config.learners.push(id);
    const replaces = part & REPLACING ? readText(reader) : undefined;
    if (part & JOINING) config.joining.push({ id, replaces });
    if (incarnation > 0) config.incarnations.set(id, incarnation);
  }
  reader.end();
  return { members, config };
}

function partOf(config: Configuration, id: MemberId, joining: Joining | undefined): number {
  return (
    (config.voters.includes(id) ? VOTER : 0) |
    (config.outgoing.includes(id) ? OUTGOING : 0) |
    (config.learners.includes(id) ? LEARNER : 0) |
    (joining === undefined ? 0 : JOINING) |
    (joining?.replaces === undefined ? 0 : REPLACING)
  );
}

/** Everyone has a part; only a learner joins, and only who joins can replace another. */
function readPart(reader: ByteReader): number {
  const part = reader.u8();
  const isMember = (part & (VOTER | OUTGOING | LEARNER)) !== 0;
  const isPlain = (part & (JOINING | REPLACING)) === 0;
  const isJoining = (part & LEARNER) !== 0 && (part & JOINING) !== 0;
  if (part > 31 || !isMember || !(isPlain || isJoining)) throw frameError(`a member as ${part}`);
  return part;
}
