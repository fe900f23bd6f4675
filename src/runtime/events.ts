// What a node tells its host: one typed map. Emitted at the end of a turn, never in mid-change.
import type { MemberId, Membership } from '../contracts/index.ts';
import type { CoxswainError } from '../errors.ts';
import type { Role } from '../raft/index.ts';

export interface RoleEvent {
  readonly role: Role;
  readonly term: number;
}

export interface LeaderEvent {
  /** Undefined while no leader is known. */
  readonly leader: MemberId | undefined;
  readonly term: number;
}

export interface CommittedEvent {
  readonly index: number;
}

export interface SnapshotEvent {
  /** Index and term of the last entry that it holds. */
  readonly index: number;
  readonly term: number;
  /** Its length. */
  readonly bytes: number;
  /** Taken here, or received from the leader in place of the log. */
  readonly origin: 'taken' | 'received';
}

export interface NodeEvents {
  /** This member's role or term changed. */
  role: (event: RoleEvent) => void;
  /** The known leader changed. */
  leader: (event: LeaderEvent) => void;
  /** The members in force on this member changed, or a change was committed. */
  members: (event: Membership) => void;
  /** The commit index moved; at most once a turn. */
  committed: (event: CommittedEvent) => void;
  /** A newer snapshot is durable here. */
  snapshot: (event: SnapshotEvent) => void;
  /** The node stopped by itself; what it was given is being closed. */
  fault: (error: CoxswainError) => void;
  /** Everything is closed. The last event. */
  closed: () => void;
}
