// What a node says of itself.
import type { MemberId } from '../contracts/index.ts';
import type { ProgressMode, RaftState, Role } from '../raft/index.ts';

export interface NodeStatus {
  readonly id: MemberId;
  readonly role: Role;
  readonly term: number;
  /** Undefined while no leader is known. */
  readonly leader: MemberId | undefined;
  /** Index of the last entry in the log, and of the last one durable here. */
  readonly last: number;
  readonly durable: number;
  readonly commit: number;
  /** Index of the last entry the machine has settled. */
  readonly applied: number;
  readonly voters: readonly MemberId[];
  readonly learners: readonly MemberId[];
  /** False for a first member of a new cluster that has not heard enough of the others yet. */
  readonly admitted: boolean;
  /** What a leader knows of the others; empty on other members. */
  readonly followers: readonly FollowerStatus[];
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

export interface FollowerStatus {
  readonly id: MemberId;
  readonly mode: ProgressMode;
  /** Everything up to here is durable there. */
  readonly match: number;
  /** How long nothing was heard from it, in ms. */
  readonly silentMs: number;
  /** How far its wall clock is ahead of this member's, in ms; 0 when that is not known. */
  readonly clockOffsetMs: number;
  /** Another store answers under its id: it was emptied, and counts only when it is added anew. */
  readonly stranger: boolean;
}

/** What the parts of a node say, besides the core. */
export interface StatusParts
  extends Pick<
    NodeStatus,
    'applied' | 'waiting' | 'sessions' | 'waitingReads' | 'badFrames' | 'staleFrames'
  > {
  readonly nowMs: number;
}

export function statusOf(state: RaftState, more: StatusParts): NodeStatus {
  const followers: FollowerStatus[] = [];
  for (const [id, progress] of state.leading?.progress ?? []) {
    const { match, mode, stranger, wallOffsetMs: clockOffsetMs } = progress;
    const silentMs = Math.max(0, more.nowMs - progress.contactMs);
    followers.push({ id, mode, match, silentMs, clockOffsetMs, stranger });
  }
  const { commit, config, id, leader, log, role, term } = state;
  return {
    ...{ id, role, term, leader, last: log.last, durable: log.durable, commit },
    applied: more.applied,
    voters: config.voters,
    learners: config.learners,
    admitted: state.recognition.admitted,
    followers,
    waiting: more.waiting,
    sessions: more.sessions,
    waitingReads: more.waitingReads,
    badFrames: more.badFrames,
    staleFrames: more.staleFrames,
  };
}
