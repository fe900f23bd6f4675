export { drawPlan } from './draw-plan.ts';
export type { Fault, Link, OperatorFault } from './faults.ts';
export type { Struck } from './injector.ts';
export { expectedMarks, type Mark } from './mark-labels.ts';
export type { Minimized } from './minimize.ts';
export type { Only, SimulateOptions } from './options.ts';
export type {
  AimedPlan,
  ChangesPlan,
  ClockPlan,
  DiskPlan,
  FaultFamily,
  NetworkPlan,
  Plan,
  ProcessPlan,
  SnapshotsPlan,
  StallsPlan,
  WorkloadPlan,
} from './plan.ts';
export { Random } from './random.ts';
export { registers } from './registers.ts';
export type { RunReport, Violation } from './run.ts';
export { minimize, replay, simulate, simulateWith } from './simulate.ts';
export type { AnyMachine, Subject, Workload } from './subject.ts';
export { type RunLine, traceTo } from './trace.ts';
export type { Tuning } from './tuning.ts';
export type { Witness } from './witness.ts';
