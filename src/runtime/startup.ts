// What a node must know before its first step: whose store this is, what it holds, who is a member.
import type { LogEntry, Member, StoredLog } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import type { Configuration, RaftInit } from '../raft/index.ts';
import {
  clusterIdOf,
  decodeIdentity,
  encodeIdentity,
  newIncarnation,
  type StoreIdentity,
} from './identity.ts';
import { decodeMembers, encodeMembers, firstMembers } from './members-entry.ts';
import type { CheckedOptions } from './options.ts';
import { storeCall } from './store-call.ts';

export interface Startup {
  readonly identity: StoreIdentity;
  readonly members: readonly Member[];
  readonly init: Omit<RaftInit, 'now'>;
}

type Options = Omit<CheckedOptions<unknown, unknown, unknown, unknown>, 'stateMachine' | 'codec'>;

/**
 * Reads the store, or makes it this member's own; counts the boot, durably. Closes the storage when
 * anything fails after it was loaded; before that it may be another node's.
 */
export async function startUp(options: Options): Promise<Startup> {
  const stored = await storeCall('load', () => options.storage.log.load());
  try {
    checkStored(stored);
    return await claim(stored, options);
  } catch (cause) {
    await Promise.allSettled([options.storage.close()]);
    throw cause;
  }
}

async function claim(stored: StoredLog, options: Options): Promise<Startup> {
  const { log } = options.storage;
  const clusterId = clusterIdOf(options.cluster, options.bootstrap);
  const identity = identify(stored, options, clusterId);
  const meta = encodeIdentity(identity);
  if (stored.last.index > 0 || stored.meta !== undefined) {
    await storeCall('write', () => log.write({ meta }));
    const entry = await lastMembersEntry(stored, options);
    const { members, config } = decodeMembers(entry.body);
    return { identity, members, init: initOf(options, stored, config, true) };
  }
  const first = firstMembers(options.bootstrap);
  const body = encodeMembers(first);
  const entry: LogEntry = { index: 1, term: 1, timeMs: 0, kind: 'members', body };
  const hardState = { term: 1, votedFor: undefined, commit: 1 };
  await storeCall('write', () => log.write({ meta, hardState, entries: [entry] }));
  const fresh: StoredLog = {
    ...stored,
    meta,
    hardState,
    last: { index: 1, term: 1 },
    runs: [{ from: 1, term: 1 }],
    sizes: [body.length],
    configIndexes: [1],
  };
  return { identity, members: first.members, init: initOf(options, fresh, first.config, false) };
}

function checkStored({ base, hardState, last, sizes }: StoredLog): void {
  if (hardState.commit > last.index || sizes.length !== last.index - base.index) {
    throw new CoxswainError(
      'ERR_STORE_CORRUPT',
      `the store ends at entry ${last.index}, but entries up to ${hardState.commit} were committed`,
    );
  }
  if (last.term > hardState.term) {
    throw new CoxswainError(
      'ERR_STORE_CORRUPT',
      `the store holds an entry of term ${last.term}, but its term is ${hardState.term}`,
    );
  }
}

function identify(stored: StoredLog, options: Options, clusterId: string): StoreIdentity {
  if (stored.meta === undefined) {
    if (stored.last.index > 0 || stored.hardState.term > 0) {
      throw new CoxswainError('ERR_STORE_CORRUPT', 'the store has a log but no identity record');
    }
    return { clusterId, id: options.id, incarnation: newIncarnation(), boot: 1 };
  }
  const known = decodeIdentity(stored.meta);
  if (known.clusterId !== clusterId || known.id !== options.id) {
    throw new CoxswainError(
      'ERR_WRONG_CLUSTER',
      `the store belongs to member ${known.id} of cluster ${known.clusterId}; ` +
        `opened as ${options.id} of ${clusterId} (cluster and bootstrap give that id)`,
    );
  }
  return { ...known, boot: known.boot + 1 };
}

async function lastMembersEntry(stored: StoredLog, { storage }: Options): Promise<LogEntry> {
  const index = stored.configIndexes[stored.configIndexes.length - 1];
  const read = (at: number) => storeCall('read', () => storage.log.read(at, at + 1, 1));
  const entry = index === undefined ? undefined : (await read(index))[0];
  if (entry?.kind === 'members') return entry;
  throw new CoxswainError('ERR_STORE_CORRUPT', 'the store has a log but no members entry');
}

function initOf(
  options: Options,
  stored: StoredLog,
  config: Configuration,
  restarted: boolean,
): Omit<RaftInit, 'now'> {
  const { electionMaxMs, electionMinMs, heartbeatMs, id, limits, seed } = options;
  const { maxAppendBytes, maxInflightAppends, maxInflightBytes } = limits;
  const { maxApplyLagBytes, maxUncommittedBytes } = limits;
  const { base, hardState, lastTimeMs, runs, sizes } = stored;
  return {
    id,
    config,
    hardState,
    positions: { base, runs, sizes, lastTimeMs },
    options: {
      ...{ heartbeatMs, electionMinMs, electionMaxMs, maxAppendBytes },
      ...{ maxInflightAppends, maxInflightBytes, maxUncommittedBytes, maxApplyLagBytes },
    },
    applied: base.index,
    restarted,
    seed,
  };
}
