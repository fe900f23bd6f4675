// Who this store belongs to: the record a node keeps in the log store's `meta`.
import { randomBytes } from 'node:crypto';
import type { MemberId } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import { ByteReader, ByteWriter } from '../lib/bytes.ts';
import type { KnownMembers } from '../raft/index.ts';
import { readText, textBytes, writeText } from './wire/index.ts';

const FORMAT_VERSION = 1;

/** What is durable about a member besides its log. */
export interface StoreIdentity extends KnownMembers {
  /**
   * 16 hexadecimal digits, of which the first half stands for the name. A member that is to join
   * learns the second half, zeros until then, from the leader that adds it.
   */
  readonly clusterId: string;
  readonly id: MemberId;
  /** Made at random with an empty store: a whole number of 53 bits, not 0. */
  readonly incarnation: number;
  /** How often the store was opened: tells this run's requests from an earlier one's. */
  readonly boot: number;
  /**
   * For so long after it has heard a leader it votes for nobody else, in this run or an earlier one
   * whose promise may not be over: ms.
   */
  readonly patienceMs: number;
  /**
   * The machine was found to differ from those of a majority: it is not to be trusted until it was
   * restored from a snapshot of this index or later. 0: it is.
   */
  readonly repairFrom: number;
}

/** Even for a first member of a cluster, odd for one that is to join. */
export function newIncarnation(isFirst: boolean): number {
  const bytes = randomBytes(8);
  const low = (bytes.readUInt32BE(4) & 0xfffffffe) + (isFirst ? 0 : 1);
  return (bytes.readUInt32BE(0) & 0x1fffff) * 2 ** 32 + (low || 2);
}

/** As people and transports see it: 14 hexadecimal digits. */
export function incarnationText(incarnation: number): string {
  return incarnation.toString(16).padStart(14, '0');
}

/** What the names of a run's snapshots share, and no other run's do. */
export function originOf({ boot, incarnation }: StoreIdentity): string {
  return `${incarnationText(incarnation)}-${boot}`;
}

/** format u8 · cluster u64 · incarnation, boot, patience, repair u53 · admitted u8 · id · pins. */
export function encodeIdentity(identity: StoreIdentity): Uint8Array {
  let bytes = 1 + 5 * 8 + 1 + textBytes(identity.id) + 4;
  for (const id of identity.pins.keys()) bytes += textBytes(id) + 8;
  const writer = new ByteWriter(new Uint8Array(bytes));
  writer.u8(FORMAT_VERSION);
  writer.bytes(Buffer.from(identity.clusterId, 'hex'));
  writer.u53(identity.incarnation);
  writer.u53(identity.boot);
  writer.u53(identity.patienceMs);
  writer.u53(identity.repairFrom);
  writer.u8(identity.admitted ? 1 : 0);
  writeText(writer, identity.id);
  writer.u32(identity.pins.size);
  for (const [id, incarnation] of identity.pins) {
    writeText(writer, id);
    writer.u53(incarnation);
  }
  return writer.block();
}

export function decodeIdentity(meta: Uint8Array): StoreIdentity {
  const version = meta[0];
  if (version !== undefined && version !== FORMAT_VERSION) {
    throw new CoxswainError(
      'ERR_STORE_FORMAT',
      `the store has format version ${version}; this build reads ${FORMAT_VERSION}`,
    );
  }
  try {
    return readIdentity(new ByteReader(meta));
  } catch (cause) {
    throw new CoxswainError('ERR_STORE_CORRUPT', 'the identity record of the store is damaged', {
      cause,
    });
  }
}

function readIdentity(reader: ByteReader): StoreIdentity {
  reader.u8();
  const clusterId = Buffer.from(reader.bytes(8)).toString('hex');
  const [incarnation, boot, patienceMs] = [reader.u53(), reader.u53(), reader.u53()];
  const repairFrom = reader.u53();
  const admitted = reader.flag();
  const id = readText(reader);
  const pins = new Map<MemberId, number>();
  for (let count = reader.u32(); count > 0; count--) {
    const pinned = readText(reader);
    pins.set(pinned, reader.u53());
  }
  reader.end();
  return { clusterId, id, incarnation, boot, patienceMs, repairFrom, admitted, pins };
}
