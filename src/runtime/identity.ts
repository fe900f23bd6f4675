// Who this store belongs to: the record a node keeps in the log store's `meta`.
import { createHash, randomBytes } from 'node:crypto';
import type { Member, MemberId } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import { ByteReader, ByteWriter } from '../lib/bytes.ts';
import { readText, textBytes, writeText } from './wire/index.ts';

const FORMAT_VERSION = 1;

/** What is durable about a member besides its log. */
export interface StoreIdentity {
  /** 16 hexadecimal digits. */
  readonly clusterId: string;
  readonly id: MemberId;
  /** Made at random with an empty store, 16 hexadecimal digits. */
  readonly incarnation: string;
  /** How often the store was opened: tells this run's requests from an earlier one's. */
  readonly boot: number;
}

/** Hash of the name and the ids of the first members: two clusters never mix by accident. */
export function clusterIdOf(name: string, bootstrap: readonly Member[]): string {
  const ids = bootstrap.map((member) => member.id).sort();
  const hash = createHash('sha256').update(JSON.stringify([name, ids]));
  return hash.digest('hex').slice(0, 16);
}

export function newIncarnation(): string {
  return randomBytes(8).toString('hex');
}

export function encodeIdentity(identity: StoreIdentity): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(1 + 8 + 8 + 8 + textBytes(identity.id)));
  writer.u8(FORMAT_VERSION);
  writer.bytes(Buffer.from(identity.clusterId, 'hex'));
  writer.bytes(Buffer.from(identity.incarnation, 'hex'));
  writer.u53(identity.boot);
  writeText(writer, identity.id);
  return writer.block();
}

export function decodeIdentity(meta: Uint8Array): StoreIdentity {
  const reader = new ByteReader(meta);
  const version = meta[0];
  if (version !== undefined && version !== FORMAT_VERSION) {
    throw new CoxswainError(
      'ERR_STORE_FORMAT',
      `the store has format version ${version}; this build reads ${FORMAT_VERSION}`,
    );
  }
  try {
    reader.u8();
    const clusterId = Buffer.from(reader.bytes(8)).toString('hex');
    const incarnation = Buffer.from(reader.bytes(8)).toString('hex');
    const boot = reader.u53();
    const id = readText(reader);
    reader.end();
    return { clusterId, id, incarnation, boot };
  } catch (cause) {
    throw new CoxswainError('ERR_STORE_CORRUPT', 'the identity record of the store is damaged', {
      cause,
    });
  }
}
