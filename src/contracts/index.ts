export type { Cancel, Clock } from './clock.ts';
export type { Codec, MachineCodec } from './codec.ts';
export type {
  EntryKind,
  HardState,
  LogEntry,
  LogPosition,
  LogStore,
  LogStoreSupports,
  LogWrite,
  Storage,
  StoredLog,
  TermRun,
} from './log-store.ts';
export type { Logger } from './logger.ts';
export type { JoiningMember, Members, Membership, MembershipChange } from './membership.ts';
export type { Consistency, Proposed, Proposer, ReadOptions, WaitOptions } from './proposer.ts';
export type { Session, SessionOutcome } from './session.ts';
export type {
  SnapshotInfo,
  SnapshotSink,
  SnapshotStore,
  StoredSnapshot,
} from './snapshot-store.ts';
export type {
  ApplyContext,
  Committed,
  SnapshotMeta,
  SnapshotSource,
  StateMachine,
} from './state-machine.ts';
export type {
  Identity,
  Lane,
  Member,
  MemberId,
  Transport,
  TransportSupports,
} from './transport.ts';
