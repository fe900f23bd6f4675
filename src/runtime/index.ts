export type {
  ApplyMessage,
  ChannelMessages,
  EventMessage,
  MessageOrigin,
  ReceiveMessage,
  SendMessage,
  StoreWriteMessage,
} from './channels.ts';
export type { OptionChanges } from './configuring.ts';
export { EntryContext } from './entry-context.ts';
export type {
  CommittedEvent,
  DivergenceEvent,
  LeaderEvent,
  NodeEvents,
  RoleEvent,
  SnapshotEvent,
  StallEvent,
} from './events.ts';
export type {
  ClusterHealth,
  Health,
  HealthReason,
  HistogramBucket,
  HistogramSnapshot,
  MetricsCounters,
  MetricsGauges,
  MetricsHistograms,
  MetricsSnapshot,
  NodeHealth,
  PeerMetrics,
  PlainCounters,
  ProcessResources,
  ReadBasis,
  ReadKind,
} from './metrics/index.ts';
export { msgpack, msgpackCodec, rawCodec } from './msgpack-codec.ts';
export {
  checkBoolean,
  checkFunctions,
  checkInteger,
  checkKnown,
  checkObject,
} from './option-checks.ts';
export {
  defaultLimits,
  type LeaseOptions,
  type Limits,
  presets,
  type RaftNodeOptions,
  type SessionLimits,
  type StallLimits,
  type TimingPreset,
} from './options.ts';
export { type Awaited, type ChangeOptions, type CloseOptions, RaftNode } from './raft-node.ts';
export type { Leadership, LeaderWork, Successor } from './requests/index.ts';
export { defaultSnapshotSettings, type SnapshotSettings } from './snapshot-settings.ts';
export type { FollowerStatus, NodeStatus, SnapshotStatus, TransferStatus } from './status.ts';
export { systemClock } from './system-clock.ts';
export { isThenable } from './thenable.ts';
export type { TraceChange, TraceLine, TraceName, TraceProperties } from './trace.ts';
export { type TraceMessage, type TraceMessageName, traceMessage } from './trace-messages.ts';
