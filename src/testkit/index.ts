export {
  type Answer,
  type CellOutput,
  checkLinearizable,
  type History,
  type KvInput,
  type LinearizableOptions,
  type LinearizableReport,
  type LockInput,
  type Model,
  models,
  type Operation,
  type OperationOutcome,
  type QueueInput,
  type QueueOutput,
  REFUSED,
  type RegisterInput,
  type StateKey,
  type Value,
} from './checkers/index.ts';
export {
  DEFAULT_SCOPE,
  type Exploration,
  explore,
  type Scope,
  type Violation as Counterexample,
} from './explorer/index.ts';
export { ManualClock } from './manual-clock.ts';
export {
  drawPlan,
  type Fault,
  type Minimized,
  minimizePlan,
  type Plan,
  type RunReport,
  runPlan,
  runSeed,
  type SimulationOptions,
  type TraceLine,
  type Tracer,
  traceStep,
  type Violation,
} from './simulator/index.ts';
export { type LogStoreUnderTest, logStoreSuite } from './suites/log-store-suite.ts';
export type { Case } from './suites/suite.ts';
export { type TransportsUnderTest, transportSuite } from './suites/transport-suite.ts';
