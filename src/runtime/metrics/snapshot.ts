// What `metrics()` gives: plain data, made when it is asked for. Names end in their unit: `Ms`,
// `Bytes`, `Index`; what has none is a count. The table is docs/guide/metrics.md.
import type { MemberId } from '../../contracts/index.ts';
import {
  bytesOf,
  type ProgressMode,
  type RaftState,
  type Role,
  versionOf,
} from '../../raft/index.ts';
import { type StatusParts, standingOf } from '../status.ts';
import type { PlainCounters, ReadBasis, ReadKind } from './counters.ts';
import { type Health, type HealthInputs, healthOf } from './health.ts';
import type { HistogramSnapshot } from './histogram.ts';
import { latencyHistogram } from './histogram.ts';
import type { Meter } from './meter.ts';

export interface MetricsSnapshot {
  /** Name of the cluster. */
  readonly cluster: string;
  readonly member: MemberId;
  readonly role: Role;
  /** Undefined while no leader is known. */
  readonly leader: MemberId | undefined;
  /** From 0 when the node was opened; they only rise. */
  readonly counters: MetricsCounters;
  /** As it is at this moment. */
  readonly gauges: MetricsGauges;
  /** What a leader measures of each follower, in its term; empty on other members. */
  readonly peers: readonly PeerMetrics[];
  /** Since the node was opened. */
  readonly histograms: MetricsHistograms;
  readonly health: Health;
  readonly resources: ProcessResources;
}

export interface MetricsCounters extends PlainCounters {
  /** Proposals that ended otherwise than by an answer, by the code of the error. */
  readonly proposalsFailed: Readonly<Record<string, number>>;
  /** By what the caller asked for. */
  readonly readsBegun: Readonly<Record<ReadKind, number>>;
  /** By what the answer rests on. */
  readonly readsAnswered: Readonly<Record<ReadBasis, number>>;
  /** By the code of the error; `other` for what the machine threw. */
  readonly readsFailed: Readonly<Record<string, number>>;
  /** Frames that did not decode, and those from before their sender's store was opened again. */
  readonly badFrames: number;
  readonly staleFrames: number;
}

export interface MetricsGauges {
  readonly uptimeMs: number;
  readonly term: number;
  /** Of the first entry that is in the log, and of the last one. */
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly durableIndex: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  /** Of the latest snapshot: its last entry, and its length; 0 when there is none. */
  readonly snapshotIndex: number;
  readonly snapshotBytes: number;
  /** In the log and not committed; committed and not applied; with what they take on the wire. */
  readonly uncommittedBytes: number;
  readonly unappliedBytes: number;
  /** Proposals that wait to enter a log, here or at the leader. */
  readonly waitingProposals: number;
  readonly waitingReads: number;
  readonly openSessions: number;
  readonly voters: number;
  readonly learners: number;
  /** Of the configuration in force: the index of its entry. */
  readonly membersIndex: number;
  /** As which version of itself the machine behaves. */
  readonly machineVersion: number;
  /** How long the write in flight has taken, and the machine's batch; 0 when there is none. */
  readonly writingMs: number;
  readonly applyingMs: number;
}

export interface PeerMetrics {
  readonly id: MemberId;
  readonly mode: ProgressMode;
  /** Everything up to here is durable there. */
  readonly matchIndex: number;
  /** What the leader's log holds beyond that. */
  readonly lagEntries: number;
  readonly lagBytes: number;
  /** Appends on their way, and their entries' bytes. */
  readonly inFlightAppends: number;
  readonly inFlightBytes: number;
  /** Of a snapshot that it is being sent: its length, and what is stored there; else 0. */
  readonly snapshotBytes: number;
  readonly snapshotStoredBytes: number;
  /** How long nothing was heard from it. */
  readonly silentMs: number;
  /** How far its wall clock is ahead of this member's; 0 when that is not known. */
  readonly clockOffsetMs: number;
  /** From an append to its acknowledgement; of those that were sent once. */
  readonly replicationMs: HistogramSnapshot;
}

export interface MetricsHistograms {
  /** From when this member began to stand until it led, over all tries in a row. */
  readonly electionMs: HistogramSnapshot;
  /** From when this member knew no leader until it knew one. */
  readonly leaderlessMs: HistogramSnapshot;
  /** Of a batch of entries: from when this leader appended it until it was committed. */
  readonly commitMs: HistogramSnapshot;
  /** From an append to its acknowledgement, over all followers. */
  readonly replicationMs: HistogramSnapshot;
  readonly storeWriteMs: HistogramSnapshot;
  /** Of a batch: since it could be applied and the machine was free, until it was settled. */
  readonly applyMs: HistogramSnapshot;
  /** How many entries such a batch has: a count. */
  readonly applyEntries: HistogramSnapshot;
  /** From a caller's proposal to its answer; of the first proposal of each turn. */
  readonly proposeMs: HistogramSnapshot;
  /** From a caller's read to its answer; of the first read of each turn. */
  readonly readMs: HistogramSnapshot;
  /** How long after it was due a turn of the event loop began. */
  readonly turnLatenessMs: HistogramSnapshot;
}

/** Of the whole process, whatever else runs in it. */
export interface ProcessResources {
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly externalBytes: number;
  /** Time that it has computed, since it began. */
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
}

/** What other parts of the node know. */
export interface SnapshotInputs
  extends Omit<HealthInputs, 'writingMs' | 'applyingMs'>,
    StatusParts {}

export function snapshotOf(
  state: RaftState,
  meter: Meter,
  inputs: SnapshotInputs,
): MetricsSnapshot {
  const { cluster, member } = meter.origin;
  const { nowMs } = inputs;
  const busy = { writingMs: meter.writingMs(nowMs), applyingMs: meter.applyingMs(nowMs) };
  return {
    ...{ cluster, member, ...standingOf(state, inputs.running) },
    counters: countersOf(meter, inputs),
    gauges: { ...gaugesOf(state, inputs), ...busy, uptimeMs: nowMs - meter.openedMs },
    peers: peersOf(state, meter, nowMs),
    histograms: histogramsOf(meter),
    health: healthOf(state, { ...inputs, ...busy }),
    resources: resources(),
  };
}

function countersOf(
  { counting, requests }: Meter,
  { badFrames, staleFrames }: SnapshotInputs,
): MetricsCounters {
  return {
    ...counting,
    proposalsFailed: requests.proposalFailures.snapshot(),
    readsBegun: { ...requests.readsBegun },
    readsAnswered: { ...requests.readsAnswered },
    readsFailed: requests.readFailures.snapshot(),
    badFrames,
    staleFrames,
  };
}

function gaugesOf(
  state: RaftState,
  { applied, machineVersion, sessions, waiting, waitingReads }: SnapshotInputs,
): Omit<MetricsGauges, 'uptimeMs' | 'writingMs' | 'applyingMs'> {
  const { commit, config, log, snapshots, term } = state;
  const { latest } = snapshots;
  const unapplied = Math.max(applied, log.base.index) + 1;
  return {
    term,
    firstIndex: log.base.index + 1,
    lastIndex: log.last,
    durableIndex: log.durable,
    commitIndex: commit,
    appliedIndex: applied,
    snapshotIndex: latest?.index ?? 0,
    snapshotBytes: latest?.bytes ?? 0,
    uncommittedBytes: bytesOf(log, commit + 1, log.last + 1),
    unappliedBytes: bytesOf(log, unapplied, commit + 1),
    ...{ waitingProposals: waiting, waitingReads, openSessions: sessions },
    voters: config.voters.length,
    learners: config.learners.length,
    membersIndex: versionOf(state),
    machineVersion,
  };
}

function peersOf(state: RaftState, meter: Meter, nowMs: number): PeerMetrics[] {
  const { leading, log } = state;
  const peers: PeerMetrics[] = [];
  for (const [id, progress] of leading?.progress ?? []) {
    const { contactMs, inflight, match, mode, sending, sent, wallOffsetMs } = progress;
    const from = Math.max(match, log.base.index) + 1;
    const histogram = meter.core.peer(id)?.replicationMs ?? latencyHistogram();
    peers.push({
      ...{ id, mode, matchIndex: match },
      lagEntries: log.last - match,
      lagBytes: bytesOf(log, from, log.last + 1),
      inFlightAppends: inflight.length,
      inFlightBytes: inflight.length === 0 ? 0 : bytesOf(log, from, sent + 1),
      snapshotBytes: sending?.head.bytes ?? 0,
      snapshotStoredBytes: sending?.stored ?? 0,
      silentMs: Math.max(0, nowMs - contactMs),
      clockOffsetMs: wallOffsetMs,
      replicationMs: histogram.snapshot(),
    });
  }
  return peers;
}

function histogramsOf({
  applyEntries,
  applyMs,
  core,
  requests,
  storeWriteMs,
  turnLatenessMs,
}: Meter): MetricsHistograms {
  return {
    electionMs: core.electionMs.snapshot(),
    leaderlessMs: core.leaderlessMs.snapshot(),
    commitMs: core.commitMs.snapshot(),
    replicationMs: core.replicationMs.snapshot(),
    storeWriteMs: storeWriteMs.snapshot(),
    applyMs: applyMs.snapshot(),
    applyEntries: applyEntries.snapshot(),
    proposeMs: requests.proposeMs.snapshot(),
    readMs: requests.readMs.snapshot(),
    turnLatenessMs: turnLatenessMs.snapshot(),
  };
}

function resources(): ProcessResources {
  const { external, heapTotal, heapUsed, rss } = process.memoryUsage();
  const { system, user } = process.cpuUsage();
  return {
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    heapTotalBytes: heapTotal,
    externalBytes: external,
    cpuUserMs: user / 1000,
    cpuSystemMs: system / 1000,
  };
}
