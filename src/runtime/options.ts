// Every option of a node: meaning, unit, minimum, default. Checked once, at open; nothing is read
// from the environment.
import type {
  Clock,
  Logger,
  MachineCodec,
  Member,
  MemberId,
  StateMachine,
  Storage,
  Transport,
} from '../contracts/index.ts';
import { msgpackCodec } from './msgpack-codec.ts';
import {
  checkBoolean,
  checkFunctions,
  checkInteger,
  checkKnown,
  checkObject,
  checkText,
  invalidOption,
} from './option-checks.ts';
import { silentLogger } from './silent-logger.ts';
import { checkSnapshotSettings, type SnapshotSettings } from './snapshot-settings.ts';
import { systemClock } from './system-clock.ts';
import type { TraceLine } from './trace.ts';

export interface RaftNodeOptions<C, R, Q = never, A = never> {
  /** Name of the cluster; the same on every member. 1 to 255 bytes. */
  readonly cluster: string;
  /** Id of this member, unique in the cluster. 1 to 255 bytes. */
  readonly id: MemberId;
  /** Where peers reach this member, as the transport understands it. */
  readonly address: string;
  /**
   * The first members of a new cluster, this one among them; the same on every one of them. May
   * always be passed: on a store that is not empty only the cluster it names is checked. An empty
   * store needs either this or `join`.
   */
  readonly bootstrap?: readonly Member[];
  /**
   * True: this member begins empty and waits until a leader of the cluster of that name adds it.
   * May always be passed: on a store that is not empty it says nothing. Default false.
   */
  readonly join?: boolean;
  readonly stateMachine: StateMachine<C, R, Q, A>;
  readonly storage: Storage;
  readonly transport: Transport;
  /** How commands and results become bytes; the same on every member. Default: msgpackr. */
  readonly codec?: MachineCodec<C, R>;
  /** A leader's period between heartbeats, in ms, at least 1. Default 100. */
  readonly heartbeatMs?: number;
  /**
   * A member that hears no leader stands for election after a time drawn from [min, max), in ms.
   * min is at least twice `heartbeatMs`, max is above min. Default [1000, 2000].
   */
  readonly electionTimeoutMs?: readonly [min: number, max: number];
  /** How long `propose` and `read` wait when the call does not say, in ms. Default 10 000. */
  readonly requestTimeoutMs?: number;
  readonly limits?: Partial<Limits>;
  /** Of sessions: those of the leader count. */
  readonly sessions?: Partial<SessionLimits>;
  /** Time and the order of callbacks. Default: the system's. */
  readonly clock?: Clock;
  /** Seed of this member's random choices, a whole number. Default: random. */
  readonly seed?: number;
  readonly lease?: Partial<LeaseOptions>;
  /** When snapshots are taken, and how they travel. */
  readonly snapshot?: Partial<SnapshotSettings>;
  /** How long this process may stand still before a leader lets go. */
  readonly stall?: Partial<StallLimits>;
  /**
   * A member whose wall clock is off from those of a majority by more than this does not lead, in
   * ms, at least 1: a leader's wall clock is the log's. Default 60 000.
   */
  readonly maxClockOffsetMs?: number;
  /**
   * With a machine that has `digest`: how many entries are applied from one comparison of all
   * members' states to the next, a count, at least 1. That of the leader counts. Default 10 000.
   */
  readonly verifyEveryEntries?: number;
  /** Default: says nothing. */
  readonly logger?: Logger;
  /** Check the core's invariants after every step, at about twice its cost. Default false. */
  readonly checkInvariants?: boolean;
  /** Is told of every step that matters to the algorithm, at once. Default: nobody is. */
  readonly trace?: (line: TraceLine) => void;
}

/** A leader writes them into the log with each session that it opens. */
export interface SessionLimits {
  /** Sessions at a time: a count, at least 1. Further ones are refused. Default 10 000. */
  readonly max: number;
  /** A session that was not used for that long is gone, in ms, at least 1. Default one hour. */
  readonly idleMs: number;
}

const defaultSessions: SessionLimits = { max: 10_000, idleMs: 3_600_000 };

/** What leases count on: reads of consistency `lease`, and `whileLeader`. */
export interface LeaseOptions {
  /**
   * How much faster any member's clock may run than another's, as a share of 1: from 0 to 0.9.
   * A lease is shorter by so much. Default 0.05.
   */
  readonly maxClockDrift: number;
}

/**
 * Beyond them a leader hands over, if it can, and another member does not stand. Each in ms, at
 * least 1; default: the election timeout's minimum.
 */
export interface StallLimits {
  /** One write of the store. */
  readonly storeMs: number;
  /** The machine, with entries waiting, until it has settled one of them; its queries included. */
  readonly applyMs: number;
  /** How much later than it is due a turn of the event loop may come. */
  readonly loopMs: number;
}

/** Bounds: nothing in a node grows without one. Bytes, unless the name says otherwise. */
export interface Limits {
  /** One encoded command. At least 1. Default 1 MiB. */
  readonly maxCommandBytes: number;
  /** Proposals that wait to enter the log, here or at the leader: a count. Default 65 536. */
  readonly maxQueuedProposals: number;
  /** Reads that wait, for the leader or for the machine: a count. Default 65 536. */
  readonly maxQueuedReads: number;
  /** Encoded bytes of the proposals that wait. Default 64 MiB. */
  readonly maxQueuedBytes: number;
  /** A leader's entries that are not committed yet. Default 64 MiB. */
  readonly maxUncommittedBytes: number;
  /** A leader's entries that its own machine has not applied yet. Default 64 MiB. */
  readonly maxApplyLagBytes: number;
  /** Entries of one append message; a single larger entry travels alone. Default 1 MiB. */
  readonly maxAppendBytes: number;
  /** Append messages on their way to one follower: a count. Default 64. */
  readonly maxInflightAppends: number;
  /** Their bytes. Default 16 MiB. */
  readonly maxInflightBytes: number;
  /** Recent entries kept in memory, to be sent and applied without the store. Default 64 MiB. */
  readonly memoryWindowBytes: number;
  /** Members of the cluster, learners included: a count. Default 64. */
  readonly maxMembers: number;
  /** Entries applied in one go before other work gets its turn: a count. Default 4096. */
  readonly maxApplyBatch: number;
}

export const defaultLimits: Limits = {
  maxCommandBytes: 1024 * 1024,
  maxQueuedProposals: 65_536,
  maxQueuedReads: 65_536,
  maxQueuedBytes: 64 * 1024 * 1024,
  maxUncommittedBytes: 64 * 1024 * 1024,
  maxApplyLagBytes: 64 * 1024 * 1024,
  maxAppendBytes: 1024 * 1024,
  maxInflightAppends: 64,
  maxInflightBytes: 16 * 1024 * 1024,
  memoryWindowBytes: 64 * 1024 * 1024,
  maxMembers: 64,
  maxApplyBatch: 4096,
};

export interface TimingPreset {
  readonly heartbeatMs: number;
  readonly electionTimeoutMs: readonly [min: number, max: number];
}

/** Times that suit a network: `RaftNode.open({ ...presets.lan, … })`. */
export const presets: Readonly<Record<'lan' | 'wan', TimingPreset>> = {
  /** One data centre, an event loop that is never blocked for long. */
  lan: { heartbeatMs: 50, electionTimeoutMs: [150, 300] },
  /** Members far from each other. */
  wan: { heartbeatMs: 500, electionTimeoutMs: [5000, 10_000] },
};

/** The options with every default filled in. */
export interface CheckedOptions<C, R, Q, A> {
  readonly cluster: string;
  readonly id: MemberId;
  readonly address: string;
  readonly bootstrap: readonly Member[] | undefined;
  readonly join: boolean;
  readonly stateMachine: StateMachine<C, R, Q, A>;
  readonly storage: Storage;
  readonly transport: Transport;
  readonly codec: MachineCodec<C, R>;
  readonly heartbeatMs: number;
  readonly electionMinMs: number;
  readonly electionMaxMs: number;
  readonly requestTimeoutMs: number;
  readonly limits: Limits;
  readonly sessions: SessionLimits;
  readonly lease: LeaseOptions;
  readonly snapshot: SnapshotSettings;
  readonly stall: StallLimits;
  readonly maxClockOffsetMs: number;
  readonly verifyEveryEntries: number;
  readonly clock: Clock;
  readonly seed: number;
  readonly logger: Logger;
  readonly checkInvariants: boolean;
  readonly trace: ((line: TraceLine) => void) | undefined;
}

/** Names of all options. */
export const knownOptions: readonly string[] = [
  ...['cluster', 'id', 'address', 'bootstrap', 'join', 'stateMachine'],
  ...['storage', 'transport', 'codec'],
  ...['heartbeatMs', 'electionTimeoutMs', 'requestTimeoutMs', 'limits', 'clock', 'seed', 'logger'],
  ...['sessions', 'lease', 'snapshot', 'stall', 'maxClockOffsetMs', 'verifyEveryEntries'],
  ...['checkInvariants', 'trace'],
];

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
const SNAPSHOT_STORE = ['save', 'latest', 'read', 'receive', 'prune', 'close'] as const;

/** Throws ERR_INVALID_OPTION, naming the option, its value and what is accepted. */
export function checkOptions<C, R, Q, A>(
  options: RaftNodeOptions<C, R, Q, A>,
): CheckedOptions<C, R, Q, A> {
  checkObject('options', options);
  checkKnown('', options, knownOptions);
  checkText('cluster', options.cluster, 255);
  checkText('id', options.id, 255);
  checkText('address', options.address, 1024);
  const { bootstrap, join = false } = options;
  checkBoolean('join', join);
  if (bootstrap !== undefined) checkBootstrap(bootstrap, options.id);
  if (bootstrap !== undefined && join) throw invalidOption('join', join, 'false with bootstrap');
  checkMachine(options.stateMachine);
  checkFunctions('storage', options.storage, ['close']);
  checkFunctions('storage.log', options.storage.log, ['load', 'write', 'read', 'close']);
  checkFunctions('storage.snapshots', options.storage.snapshots, SNAPSHOT_STORE);
  checkFunctions('transport', options.transport, ['open', 'setPeers', 'send', 'close']);
  const {
    heartbeatMs = 100,
    electionTimeoutMs = [1000, 2000],
    requestTimeoutMs = 10_000,
  } = options;
  checkInteger('heartbeatMs', heartbeatMs, 1, LONGEST_TIMEOUT_MS);
  const [electionMinMs, electionMaxMs] = checkElection(electionTimeoutMs, heartbeatMs);
  checkRequestTimeout(requestTimeoutMs);
  checkObject('transport.supports', options.transport.supports);
  const { maxFrameBytes } = options.transport.supports;
  checkInteger('transport.supports.maxFrameBytes', maxFrameBytes, 8192, 2 ** 40);
  const limits = checkLimits(options.limits ?? {}, maxFrameBytes);
  const sessions = checkSessions(options.sessions ?? {});
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  checkInteger('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  const { codec = msgpackCodec<C, R>(), clock = systemClock, logger = silentLogger } = options;
  checkObject('codec', codec);
  checkFunctions('codec.command', codec.command, ['encode', 'decode']);
  checkFunctions('codec.result', codec.result, ['encode', 'decode']);
  checkFunctions('clock', clock, ['now', 'wallMs', 'after', 'soon']);
  checkFunctions('logger', logger, ['debug', 'info', 'warn', 'error']);
  const lease = checkLease(options.lease ?? {});
  const snapshot = checkSnapshotSettings(options.snapshot ?? {}, maxFrameBytes);
  const stall = checkStall(options.stall ?? {}, electionMinMs);
  const { checkInvariants = false, maxClockOffsetMs = 60_000 } = options;
  checkMaxClockOffset(maxClockOffsetMs);
  const verifyEveryEntries = checkVerifyEvery(options.verifyEveryEntries ?? 10_000);
  checkBoolean('checkInvariants', checkInvariants);
  const { trace } = options;
  if (trace !== undefined && typeof trace !== 'function') {
    throw invalidOption('trace', trace, 'a function');
  }
  const { cluster, id, address, stateMachine, storage, transport } = options;
  return {
    ...{ cluster, id, address, bootstrap, join, stateMachine, storage, transport, codec },
    ...{ heartbeatMs, electionMinMs, electionMaxMs, requestTimeoutMs, limits, sessions },
    ...{ lease, snapshot, stall, maxClockOffsetMs, verifyEveryEntries },
    ...{ clock, seed, logger, checkInvariants, trace },
  };
}

function checkMachine<C, R, Q, A>(machine: StateMachine<C, R, Q, A>): void {
  checkFunctions('stateMachine', machine, ['apply', 'snapshot', 'restore']);
  checkInteger('stateMachine.version', machine.version ?? 1, 1, 2 ** 32 - 1);
  for (const name of ['applyBatch', 'lastApplied', 'digest'] as const) {
    if (machine[name] !== undefined) checkFunctions('stateMachine', machine, [name]);
  }
  if (machine.nextDeadlineMs === undefined) return;
  checkFunctions('stateMachine', machine, ['nextDeadlineMs', 'tick']);
}

export function checkSessions(given: Partial<SessionLimits>): SessionLimits {
  checkObject('sessions', given);
  checkKnown('sessions.', given, Object.keys(defaultSessions));
  const { max = defaultSessions.max, idleMs = defaultSessions.idleMs } = given;
  checkInteger('sessions.max', max, 1, 2 ** 32 - 1);
  checkInteger('sessions.idleMs', idleMs, 1, Number.MAX_SAFE_INTEGER);
  return { max, idleMs };
}

function checkBootstrap(bootstrap: readonly Member[], self: MemberId): void {
  if (!Array.isArray(bootstrap) || bootstrap.length === 0) {
    throw invalidOption('bootstrap', bootstrap, 'a list of at least one { id, address }');
  }
  const ids = new Set<string>();
  for (const [at, member] of bootstrap.entries()) {
    checkMember(`bootstrap[${at}]`, member);
    if (ids.has(member.id)) throw invalidOption(`bootstrap[${at}].id`, member.id, 'each id once');
    ids.add(member.id);
  }
  if (!ids.has(self)) throw invalidOption('id', self, 'the id of a member in bootstrap');
}

/** Throws ERR_INVALID_OPTION unless it is an { id, address }. */
export function checkMember(name: string, member: Member): void {
  checkObject(name, member);
  checkText(`${name}.id`, member.id, 255);
  checkText(`${name}.address`, member.address, 1024);
}

/** While the node runs: the election timeout stays. */
export function checkHeartbeat(heartbeatMs: number, electionMinMs: number): number {
  checkInteger('heartbeatMs', heartbeatMs, 1, Math.floor(electionMinMs / 2));
  return heartbeatMs;
}

export function checkRequestTimeout(requestTimeoutMs: number): number {
  checkInteger('requestTimeoutMs', requestTimeoutMs, 1, LONGEST_TIMEOUT_MS);
  return requestTimeoutMs;
}

export function checkMaxClockOffset(maxClockOffsetMs: number): number {
  checkInteger('maxClockOffsetMs', maxClockOffsetMs, 1, LONGEST_TIMEOUT_MS);
  return maxClockOffsetMs;
}

export function checkVerifyEvery(verifyEveryEntries: number): number {
  checkInteger('verifyEveryEntries', verifyEveryEntries, 1, Number.MAX_SAFE_INTEGER);
  return verifyEveryEntries;
}

export function checkStall(given: Partial<StallLimits>, defaultMs: number): StallLimits {
  checkObject('stall', given);
  const names = ['storeMs', 'applyMs', 'loopMs'] as const;
  checkKnown('stall.', given, names);
  const { storeMs = defaultMs, applyMs = defaultMs, loopMs = defaultMs } = given;
  const stall = { storeMs, applyMs, loopMs };
  for (const name of names) checkInteger(`stall.${name}`, stall[name], 1, LONGEST_TIMEOUT_MS);
  return stall;
}

function checkElection(range: readonly [number, number], heartbeatMs: number): [number, number] {
  const accepted = `[min, max] in ms, min ≥ 2 × heartbeatMs (${2 * heartbeatMs}), max > min`;
  if (!Array.isArray(range) || range.length !== 2) {
    throw invalidOption('electionTimeoutMs', range, accepted);
  }
  const [min, max] = range;
  checkInteger('electionTimeoutMs[0]', min, 1, LONGEST_TIMEOUT_MS);
  checkInteger('electionTimeoutMs[1]', max, 1, LONGEST_TIMEOUT_MS);
  if (min < 2 * heartbeatMs || max <= min)
    throw invalidOption('electionTimeoutMs', range, accepted);
  return [min, max];
}

export function checkLease(given: Partial<LeaseOptions>): LeaseOptions {
  checkObject('lease', given);
  checkKnown('lease.', given, ['maxClockDrift']);
  const { maxClockDrift = 0.05 } = given;
  if (typeof maxClockDrift !== 'number' || !(maxClockDrift >= 0 && maxClockDrift <= 0.9)) {
    throw invalidOption('lease.maxClockDrift', maxClockDrift, 'a number from 0 to 0.9');
  }
  return { maxClockDrift };
}

export function checkLimits(given: Partial<Limits>, maxFrameBytes: number): Limits {
  checkObject('limits', given);
  checkKnown('limits.', given, Object.keys(defaultLimits));
  const limits = { ...defaultLimits };
  for (const name of Object.keys(defaultLimits) as (keyof Limits)[]) {
    const value = given[name];
    if (value === undefined) continue;
    checkInteger(`limits.${name}`, value, 1, 2 ** 40);
    limits[name] = value;
  }
  const room = maxFrameBytes - 4096;
  for (const name of ['maxCommandBytes', 'maxAppendBytes'] as const) {
    if (limits[name] <= room) continue;
    const accepted = `at most ${room}: the transport carries frames of ${maxFrameBytes} bytes`;
    throw invalidOption(`limits.${name}`, limits[name], accepted);
  }
  return limits;
}
