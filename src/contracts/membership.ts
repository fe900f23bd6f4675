// Who belongs to a cluster, and how a host asks for that to change.
import type { MemberId } from '../raft/index.ts';
import type { Member } from './transport.ts';

/** A learner that becomes a voter as soon as it has caught up. */
export interface JoiningMember {
  readonly id: MemberId;
  /** The voter that leaves in the same moment, if any. */
  readonly replaces: MemberId | undefined;
}

/** One configuration. */
export interface Members {
  /** Index of the entry that holds it; 0 when none is known. */
  readonly version: number;
  readonly voters: readonly Member[];
  /** The voters before, while a change of several votes is on its way: both halves must agree. */
  readonly outgoing: readonly Member[];
  /** They receive everything and decide nothing. */
  readonly learners: readonly Member[];
  /** The learners that are about to become voters. */
  readonly joining: readonly JoiningMember[];
}

export interface Membership {
  /** In force on this member: the latest in its log, committed or not. */
  readonly effective: Members;
  /** The latest that this member knows to be committed. */
  readonly committed: Members;
  /** Of `effective`; what `ifVersion` is compared with. */
  readonly version: number;
}

/** Every member may be named once. */
export interface MembershipChange {
  /** New members: learners at first, voters as soon as they have caught up. */
  readonly add?: readonly Member[];
  /** New members that stay learners. */
  readonly learners?: readonly Member[];
  /** Learners that become voters as soon as they have caught up. */
  readonly promote?: readonly MemberId[];
  /** Voters that become learners. */
  readonly demote?: readonly MemberId[];
  readonly remove?: readonly MemberId[];
  /** A voter leaves in the moment in which `by`, a new member or a learner, has caught up. */
  readonly replace?: readonly { readonly id: MemberId; readonly by: Member }[];
}
