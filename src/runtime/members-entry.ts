// The body of a `members` entry: who is in the cluster, where, and as what.
import type { Member } from '../contracts/index.ts';
import { ByteReader, ByteWriter, frameError } from '../lib/bytes.ts';
import type { Configuration } from '../raft/index.ts';
import { decodeText } from './wire/index.ts';

export interface MembersEntry {
  readonly members: readonly Member[];
  readonly config: Configuration;
}

/** The configuration a cluster starts with: equal bytes on every member, whatever their order. */
export function firstMembers(bootstrap: readonly Member[]): MembersEntry {
  const members = [...bootstrap].sort((a, b) => (a.id < b.id ? -1 : 1));
  const voters = members.map((member) => member.id);
  return { members, config: { voters, outgoing: [], learners: [] } };
}

const VOTER = 1;
const OUTGOING = 2;
const LEARNER = 4;

export function encodeMembers({ members, config }: MembersEntry): Uint8Array {
  const encoded = members.map((member) => ({
    id: Buffer.from(member.id),
    address: Buffer.from(member.address),
    part:
      (config.voters.includes(member.id) ? VOTER : 0) |
      (config.outgoing.includes(member.id) ? OUTGOING : 0) |
      (config.learners.includes(member.id) ? LEARNER : 0),
  }));
  const bytes = encoded.reduce((sum, { id, address }) => sum + 9 + id.length + address.length, 4);
  const writer = new ByteWriter(new Uint8Array(bytes));
  writer.u32(encoded.length);
  for (const { id, address, part } of encoded) {
    writer.u8(part);
    writer.u32(id.length);
    writer.bytes(id);
    writer.u32(address.length);
    writer.bytes(address);
  }
  return writer.block();
}

/** Throws ERR_FRAME on bytes that `encodeMembers` did not make. */
export function decodeMembers(body: Uint8Array): MembersEntry {
  const reader = new ByteReader(body);
  const members: Member[] = [];
  const config = { voters: [] as string[], outgoing: [] as string[], learners: [] as string[] };
  const count = reader.u32();
  if (count * 9 > reader.remaining) throw frameError(`${count} members cannot follow`);
  for (let at = 0; at < count; at++) {
    const part = reader.u8();
    if (part === 0 || part > (VOTER | OUTGOING | LEARNER)) throw frameError(`a member as ${part}`);
    const id = decodeText(reader.bytes(reader.u32()));
    const address = decodeText(reader.bytes(reader.u32()));
    members.push({ id, address });
    if (part & VOTER) config.voters.push(id);
    if (part & OUTGOING) config.outgoing.push(id);
    if (part & LEARNER) config.learners.push(id);
  }
  reader.end();
  return { members, config };
}
