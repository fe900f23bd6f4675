export type { Prng } from '../lib/prng.ts';
export { changed, type MembersChange } from './changes.ts';
export { doClocksAgree, isPlausibleClock } from './clocks.ts';
export { cloneState, hashState } from './clone.ts';
export type {
  AcceptEntries,
  AppendEntries,
  Apply,
  Effect,
  HardState,
  KeepSnapshot,
  KnownMembers,
  MembersChanged,
  PruneSnapshots,
  ReadIndex,
  ReceiveSnapshot,
  Restore,
  Role,
  RoleChange,
  Send,
  SnapshotEffect,
  StoreChunk,
  TakeSnapshotNow,
  Write,
} from './effects.ts';
export type {
  Applied,
  Campaign,
  ChangeMembers,
  Clocks,
  Configure,
  Propose,
  RaftEvent,
  Read,
  Receive,
  Repair,
  Restored,
  SnapshotEvent,
  SnapshotProgress,
  SnapshotReceived,
  SnapshotRefused,
  SnapshotTaken,
  Stall,
  Start,
  TakeSnapshot,
  Timeout,
  Transfer,
  Written,
} from './events.ts';
export { checkState, checkStep, type Summary, summarize } from './invariants.ts';
export { holdsLease, leaseUntil } from './lease.ts';
export {
  bytesOf,
  type Log,
  type LogPosition,
  type StoredPositions,
  type TermRun,
  termAt,
} from './log.ts';
export type { MemberId } from './member-id.ts';
export {
  type Configuration,
  type ConfigurationAt,
  createConfiguration,
  isJoint,
  isMember,
  isVoter,
  type Joining,
  liveConfigurations,
  membersOf,
  otherMembers,
  versionOf,
} from './membership.ts';
export type {
  Append,
  AppendAck,
  AppendReject,
  CommitNotice,
  EntryHead,
  Greeting,
  GreetingReply,
  Heartbeat,
  HeartbeatAck,
  Message,
  PreVoteReply,
  PreVoteRequest,
  ReadReply,
  ReadRequest,
  SnapshotAck,
  SnapshotChunk,
  SnapshotRequest,
  StaleTerm,
  TimeoutNow,
  VoteReply,
  VoteRequest,
} from './messages.ts';
export type { CatchUp, Progress, ProgressMode } from './progress.ts';
export { committedIndex, type VoteResult, type Voters, voteResult } from './quorum.ts';
export { nextDeadline, step } from './raft.ts';
export type { Fresh, LeaderReads, ReadAsk, ReadBatch, Reading } from './reading.ts';
export { isFresh } from './reads.ts';
export { incarnationOf } from './recognition.ts';
export { planChange } from './reconfiguring.ts';
export { isEstablished } from './roles.ts';
export {
  closeSession,
  createSessions,
  type FenceVerdict,
  fenceSequence,
  judgeCommand,
  type Kept,
  type LoggedAt,
  type Opening,
  openSession,
  recordResult,
  SESSION_WINDOW,
  type SequenceName,
  type SessionRecord,
  type Sessions,
  type Verdict,
} from './sessions.ts';
export {
  type Incoming,
  NO_SNAPSHOTS,
  type Sending,
  type SnapshotHead,
  type SnapshotOptions,
  type Snapshots,
} from './snapshot.ts';
export {
  type Candidacy,
  type ClockReading,
  createState,
  type Following,
  type Handover,
  type Leading,
  type RaftInit,
  type RaftOptions,
  type RaftState,
  type Recognition,
  type Stalling,
  type Unwritten,
  type Writes,
} from './state.ts';
export { planTransfer } from './transfer.ts';
