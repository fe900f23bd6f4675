// What a node says of itself.
import type { MemberId } from '../contracts/index.ts';
import type { ProgressMode, RaftState, Role, SnapshotHead } from '../raft/index.ts';

export interface NodeStatus {
  readonly id: MemberId;
  /** False once it was closed or has stopped by itself: it follows, and knows no leader. */
  readonly running: boolean;
  readonly role: Role;
  readonly term: number;
  /** Undefined while no leader is known. */
  readonly leader: MemberId | undefined;
  /** Index of the last entry in the log, and of the last one durable here. */
  readonly last: number;
  readonly durable: number;
  readonly commit: number;
  /** The log begins after this entry: what is before it is in a snapshot. 0 while it is whole. */
  readonly base: number;
  /** The latest snapshot that is durable here. */
  readonly snapshot: SnapshotStatus | undefined;
  /** A leader's snapshot on its way in, in place of what its log has no more. */
  readonly receiving: TransferStatus | undefined;
  /** Index of the last entry the machine has settled. */
  readonly applied: number;
  readonly voters: readonly MemberId[];
  readonly learners: readonly MemberId[];
  /** False for a first member of a new cluster that has not heard enough of the others yet. */
  readonly admitted: boolean;
  /** What a leader knows of the others; empty on other members. */
  readonly followers: readonly FollowerStatus[];
  /** As which version of itself the machine behaves at `applied`. */
  readonly machineVersion: number;
  /** The machine was found to differ from the others: no reads until it is repaired. */
  readonly diverged: boolean;
  /** Proposals that wait to enter a log, here or at the leader. */
  readonly waiting: number;
  /** Open sessions, as far as this member has applied the log: a count. */
  readonly sessions: number;
  /** Reads that wait, for the leader or for the machine. */
  readonly waitingReads: number;
  /** Frames from peers that did not decode, and were dropped. */
  readonly badFrames: number;
  /** Frames that a peer's store sent before it was opened again. */
  readonly staleFrames: number;
}

export interface SnapshotStatus {
  /** Index and term of the last entry that it holds. */
  readonly index: number;
  readonly term: number;
  /** Its length. */
  readonly bytes: number;
}

/** A snapshot on its way from a leader to a follower. */
export interface TransferStatus extends SnapshotStatus {
  /** Bytes of it that are stored at the receiver. */
  readonly stored: number;
}

export interface FollowerStatus {
  readonly id: MemberId;
  readonly mode: ProgressMode;
  /** Everything up to here is durable there. */
  readonly match: number;
  /** How long nothing was heard from it, in ms. */
  readonly silentMs: number;
  /** The snapshot that it is being sent, if there is one. */
  readonly snapshot: TransferStatus | undefined;
  /** How far its wall clock is ahead of this member's, in ms; 0 when that is not known. */
  readonly clockOffsetMs: number;
  /** Another store answers under its id: it was emptied, and counts only when it is added anew. */
  readonly stranger: boolean;
}

/** What the parts of a node say, besides the core. */
export interface StatusParts
  extends Pick<
    NodeStatus,
    | 'running'
    | 'applied'
    | 'machineVersion'
    | 'waiting'
    | 'sessions'
    | 'waitingReads'
    | 'badFrames'
    | 'staleFrames'
  > {
  readonly nowMs: number;
}

export function statusOf(state: RaftState, more: StatusParts): NodeStatus {
  const { running } = more;
  const followers: FollowerStatus[] = [];
  for (const [id, progress] of (running ? state.leading?.progress : undefined) ?? []) {
    const { match, mode, sending, stranger, wallOffsetMs: clockOffsetMs } = progress;
    const snapshot = transferOf(sending?.head, sending?.stored);
    const silentMs = Math.max(0, more.nowMs - progress.contactMs);
    followers.push({ id, mode, match, snapshot, silentMs, clockOffsetMs, stranger });
  }
  const { commit, config, id, log, snapshots, term } = state;
  const { incoming, latest } = snapshots;
  return {
    ...{ id, running, ...standingOf(state, running) },
    ...{ term, last: log.last, durable: log.durable, commit },
    base: log.base.index,
    snapshot: latest && positionOf(latest),
    receiving: transferOf(incoming?.head, incoming?.stored),
    applied: more.applied,
    voters: config.voters,
    learners: config.learners,
    admitted: state.recognition.admitted,
    followers,
    machineVersion: more.machineVersion,
    diverged: snapshots.repairFrom > 0,
    waiting: more.waiting,
    sessions: more.sessions,
    waitingReads: more.waitingReads,
    badFrames: more.badFrames,
    staleFrames: more.staleFrames,
  };
}

/** Who has stopped says so to nobody, so it must not go on to lead here. */
export function standingOf(
  { leader, role }: Pick<RaftState, 'leader' | 'role'>,
  running: boolean,
): Pick<NodeStatus, 'role' | 'leader'> {
  return running ? { role, leader } : { role: 'follower', leader: undefined };
}

function positionOf({ bytes, index, term }: SnapshotHead): SnapshotStatus {
  return { index, term, bytes };
}

function transferOf(head: SnapshotHead | undefined, stored = 0): TransferStatus | undefined {
  return head && { ...positionOf(head), stored };
}
