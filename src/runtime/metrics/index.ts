export type { PlainCounters, ReadBasis, ReadKind } from './counters.ts';
export type { ClusterHealth, Health, HealthReason, NodeHealth } from './health.ts';
export type { HistogramBucket, HistogramSnapshot } from './histogram.ts';
export { Meter } from './meter.ts';
export { meteredTransport } from './metered-transport.ts';
export type { RequestMeter } from './request-meter.ts';
export {
  type MetricsCounters,
  type MetricsGauges,
  type MetricsHistograms,
  type MetricsSnapshot,
  type PeerMetrics,
  type ProcessResources,
  snapshotOf,
} from './snapshot.ts';
