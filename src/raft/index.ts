export type { Prng } from '../lib/prng.ts';
export { cloneState, hashState } from './clone.ts';
export type {
  AcceptEntries,
  AppendEntries,
  Apply,
  Effect,
  HardState,
  Role,
  RoleChange,
  Send,
  Write,
} from './effects.ts';
export type {
  Applied,
  Campaign,
  Propose,
  RaftEvent,
  Receive,
  Start,
  Timeout,
  Written,
} from './events.ts';
export { checkState, checkStep, type Summary, summarize } from './invariants.ts';
export { type Log, type LogPosition, type StoredPositions, type TermRun, termAt } from './log.ts';
export { type Configuration, isVoter, otherMembers } from './membership.ts';
export type {
  Append,
  AppendAck,
  AppendReject,
  CommitNotice,
  EntryHead,
  Heartbeat,
  HeartbeatAck,
  MemberId,
  Message,
  PreVoteReply,
  PreVoteRequest,
  StaleTerm,
  VoteReply,
  VoteRequest,
} from './messages.ts';
export type { Progress, ProgressMode } from './progress.ts';
export { committedIndex, type VoteResult, type Voters, voteResult } from './quorum.ts';
export { nextDeadline, step } from './raft.ts';
export {
  type Candidacy,
  createState,
  type Following,
  type Leading,
  type RaftInit,
  type RaftOptions,
  type RaftState,
  type Unwritten,
  type Writes,
} from './state.ts';
