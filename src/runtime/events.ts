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

/** Something of this process stood still for longer than `options.stall` says. */
export interface StallEvent {
  /** A write to the store; the machine, with entries waiting; the event loop itself. */
  readonly what: 'store' | 'apply' | 'loop';
  /** How long so far, in ms; how long in all when it has ended. */
  readonly forMs: number;
  /** False once while it lasts, true once when it is over. Of a loop only the end can be told. */
  readonly ended: boolean;
}

/** Machines that should be equal were found not to be. Told by every member that learns it. */
export interface DivergenceEvent {
  /** The last index at which all were equal, as far as is known, and one at which not all were. */
  readonly lastEqual: number;
  readonly firstUnequal: number;
  /** Those known to differ from a majority of voters; empty when no majority has the same state. */
  readonly members: readonly MemberId[];
  /** This member differs: it is repaired from a snapshot, and until then answers no reads. */
  readonly isSelf: boolean;
  /** What was compared at `firstUnequal`, here and by a majority; undefined when not known. */
  readonly digest: string | undefined;
  readonly expected: string | undefined;
  /** Of this member, true once: it answers reads again. */
  readonly repaired: boolean;
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
  /** A stall begins or is over. A leader that stalls lets go, if another voter takes over. */
  stall: (event: StallEvent) => void;
  /**
   * Machines differ, or this member's was repaired. Where no majority is equal, all members stop
   * with ERR_DIVERGED.
   */
  divergence: (event: DivergenceEvent) => void;
  /** The node stopped by itself; what it was given is being closed. */
  fault: (error: CoxswainError) => void;
  /** Everything is closed. The last event. */
  closed: () => void;
}
