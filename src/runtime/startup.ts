// What a node must know before its first step: whose store this is, what it holds, who is a member.
import type { LogEntry, LogStore, StoredLog, StoredSnapshot } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import { loadChecksum } from '../lib/checksum.ts';
import type { ConfigurationAt, RaftInit, RaftOptions } from '../raft/index.ts';
import { clusterIdOf, isJoinerClusterId, isSameCluster, joinerClusterId } from './cluster-id.ts';
import { decodeIdentity, encodeIdentity, newIncarnation, type StoreIdentity } from './identity.ts';
import { invalidOption } from './option-checks.ts';
import type { CheckedOptions } from './options.ts';
import { planRestore, readLastApplied } from './restore-plan.ts';
import type { RosterEntry } from './roster.ts';
import { snapshotOptions } from './snapshot-settings.ts';
import { storeCall } from './store-call.ts';
import { loadState, type StoredState } from './stored-state.ts';
import {
  decodeMembers,
  decodeSnapshotHeader,
  encodeMembers,
  firstMembers,
  headOf,
} from './wire/index.ts';

export interface Startup {
  readonly identity: StoreIdentity;
  readonly roster: readonly RosterEntry[];
  readonly snapshot: StoredSnapshot | undefined;
  /** The machine has kept the effects of every entry up to here itself. */
  readonly keptUpTo: number;
  readonly init: Omit<RaftInit, 'now'>;
}

type AllOptions = CheckedOptions<never, unknown, never, unknown>;
type Options = Omit<AllOptions, 'stateMachine' | 'codec'> & {
  readonly stateMachine: Pick<AllOptions['stateMachine'], 'lastApplied'>;
};

type CoreSource = Pick<
  Options,
  | 'electionMaxMs'
  | 'electionMinMs'
  | 'heartbeatMs'
  | 'lease'
  | 'limits'
  | 'maxClockOffsetMs'
  | 'snapshot'
>;

/** A store as it is found, or made, with the configurations that can be in force. */
interface Opened {
  readonly stored: StoredState;
  readonly identity: StoreIdentity;
  readonly members: readonly (RosterEntry & ConfigurationAt)[];
  /** How long an earlier run may have promised not to vote; 0 for a store made just now. */
  readonly silentMs: number;
}

/**
 * Reads the store, or makes it this member's own; counts the boot, durably. Closes the storage when
 * anything fails after it was loaded; before that it may be another node's.
 */
export async function startUp(options: Options): Promise<Startup> {
  const { log, snapshots } = options.storage;
  // Once, so that no snapshot has to wait for it.
  await loadChecksum();
  const found = await storeCall('load', () => log.load());
  try {
    const opened = await open(await loadState(found, snapshots), options);
    const { identity, members, stored } = opened;
    const lastApplied = await readLastApplied(options.stateMachine);
    const { keptUpTo } = planRestore({ ...stored, lastApplied });
    const init = initOf(options, opened);
    return { identity, roster: members, snapshot: stored.snapshot, keptUpTo, init };
  } catch (cause) {
    await Promise.allSettled([options.storage.close()]);
    throw cause;
  }
}

function open(stored: StoredState, options: Options): Promise<Opened> {
  const { hardState, last, meta } = stored.log;
  if (meta !== undefined) return reopen(stored, meta, options);
  if (last.index > 0 || hardState.term > 0) {
    throw new CoxswainError('ERR_STORE_CORRUPT', 'the store has a log but no identity record');
  }
  if (options.bootstrap !== undefined) return begin(stored, options, options.bootstrap);
  if (options.join) return prepareToJoin(stored, options);
  const accepted = 'one of them: the store is empty, and only the host knows what that means';
  throw invalidOption('bootstrap and join', undefined, accepted);
}

async function reopen(stored: StoredState, meta: Uint8Array, options: Options): Promise<Opened> {
  const known = decodeIdentity(meta);
  const { bootstrap, cluster, id, storage } = options;
  const clusterId =
    bootstrap === undefined ? joinerClusterId(cluster) : clusterIdOf(cluster, bootstrap);
  if (!isSameCluster(known.clusterId, clusterId) || known.id !== id) {
    throw new CoxswainError(
      'ERR_WRONG_CLUSTER',
      `the store belongs to member ${known.id} of cluster ${known.clusterId}; ` +
        `opened as ${id} of ${clusterId} (cluster and bootstrap give that id)`,
    );
  }
  const patienceMs = Math.max(known.patienceMs, options.electionMinMs);
  const identity = { ...known, boot: known.boot + 1, patienceMs };
  const write = { meta: encodeIdentity(identity), ...stored.correction };
  await storeCall('write', () => storage.log.write(write));
  const members = await readMembers(stored, storage.log);
  return { stored, identity, members, silentMs: stored.log.last.index > 0 ? patienceMs : 0 };
}

/** One of the first members of a new cluster: all of them begin with the same entry. */
async function begin(
  stored: StoredState,
  options: Options,
  bootstrap: NonNullable<Options['bootstrap']>,
): Promise<Opened> {
  const { cluster, storage } = options;
  const identity = newIdentity(clusterIdOf(cluster, bootstrap), options, false);
  const meta = encodeIdentity(identity);
  const first = firstMembers(bootstrap);
  const body = encodeMembers(first);
  const entry: LogEntry = { index: 1, term: 1, timeMs: 0, kind: 'members', body };
  const hardState = { term: 1, votedFor: undefined, commit: 1 };
  await storeCall('write', () => storage.log.write({ meta, hardState, entries: [entry] }));
  const begun: StoredLog = {
    ...stored.log,
    ...{ meta, hardState, last: { index: 1, term: 1 }, configIndexes: [1] },
    ...{ runs: [{ from: 1, term: 1 }], sizes: [body.length] },
  };
  const state = { ...stored, log: begun };
  return { stored: state, identity, members: [{ index: 1, ...first }], silentMs: 0 };
}

/** Empty, and passive until a leader that has added this member speaks to it. */
async function prepareToJoin(stored: StoredState, options: Options): Promise<Opened> {
  const { cluster, storage } = options;
  const identity = newIdentity(joinerClusterId(cluster), options, true);
  await storeCall('write', () => storage.log.write({ meta: encodeIdentity(identity) }));
  return { stored, identity, members: [], silentMs: 0 };
}

function newIdentity(
  clusterId: string,
  { electionMinMs: patienceMs, id }: Options,
  admitted: boolean,
): StoreIdentity {
  const incarnation = newIncarnation(!isJoinerClusterId(clusterId));
  const begun = { boot: 1, repairFrom: 0, admitted, pins: new Map() };
  return { clusterId, id, incarnation, patienceMs, ...begun };
}

/** The last committed configuration, which may be a snapshot's, and every later one. */
async function readMembers(
  { log: stored, snapshot }: StoredState,
  log: LogStore,
): Promise<Opened['members']> {
  const { configIndexes, hardState, last } = stored;
  const uncommitted = configIndexes.findIndex((index) => index > hardState.commit);
  const first = Math.max(0, (uncommitted === -1 ? configIndexes.length : uncommitted) - 1);
  const members: (RosterEntry & ConfigurationAt)[] = [];
  if (snapshot !== undefined) members.push(readSnapshot(snapshot));
  let found = 0;
  for (const index of configIndexes.slice(first)) {
    const [entry] = await storeCall('read', () => log.read(index, index + 1, 1));
    if (entry?.kind !== 'members') break;
    // What is in the snapshot's log as well is the same.
    if (index > (members.at(-1)?.index ?? 0)) members.push(readEntry(index, entry));
    found++;
  }
  if (found === configIndexes.length - first && (members.length > 0 || last.index === 0)) {
    return members;
  }
  throw new CoxswainError('ERR_STORE_CORRUPT', 'the store has a log but no members entry');
}

function readSnapshot(snapshot: StoredSnapshot): RosterEntry & ConfigurationAt {
  try {
    const { configIndex: index, members } = decodeSnapshotHeader(snapshot.header);
    return { index, ...members };
  } catch (cause) {
    if (cause instanceof CoxswainError && cause.code === 'ERR_STORE_FORMAT') throw cause;
    const message = `the description of snapshot ${snapshot.id} is damaged`;
    throw new CoxswainError('ERR_STORE_CORRUPT', message, { cause });
  }
}

function readEntry(index: number, { body }: LogEntry): RosterEntry & ConfigurationAt {
  try {
    return { index, ...decodeMembers(body) };
  } catch (cause) {
    const message = `the members entry at index ${index} of the store is damaged`;
    throw new CoxswainError('ERR_STORE_CORRUPT', message, { cause });
  }
}

function initOf(
  options: Options,
  { identity, members, silentMs, stored }: Opened,
): Startup['init'] {
  const { id, seed } = options;
  const { base, hardState, lastTimeMs, runs, sizes } = stored.log;
  const snapshot = stored.snapshot && headOf(stored.snapshot);
  const { admitted, boot, incarnation, pins, repairFrom } = identity;
  return {
    ...{ id, incarnation, boot, hardState, silentMs, seed },
    known: { admitted, pins },
    configs: members.map(({ config, index }) => ({ config, index })),
    positions: { base, runs, sizes, lastTimeMs: Math.max(lastTimeMs, snapshot?.timeMs ?? 0) },
    ...{ snapshot, repairFrom, applied: 0 },
    options: coreOptions(options),
  };
}

/** Those of the core, as the node's options are now. */
export function coreOptions(options: CoreSource): RaftOptions {
  const { electionMaxMs, electionMinMs, heartbeatMs, lease, limits, maxClockOffsetMs } = options;
  const { maxAppendBytes, maxInflightAppends, maxInflightBytes } = limits;
  const { maxApplyLagBytes, maxUncommittedBytes } = limits;
  const { maxClockDrift } = lease;
  return {
    ...{ heartbeatMs, electionMinMs, electionMaxMs, maxAppendBytes },
    ...{ maxInflightAppends, maxInflightBytes, maxUncommittedBytes, maxApplyLagBytes },
    ...{ maxClockDrift, maxClockOffsetMs, snapshot: snapshotOptions(options.snapshot) },
  };
}
