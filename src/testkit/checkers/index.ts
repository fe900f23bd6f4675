export type { History, Operation, OperationOutcome } from './history.ts';
export {
  checkLinearizable,
  type LinearizableOptions,
  type LinearizableReport,
} from './linearizable.ts';
export { type Answer, type Model, REFUSED, type StateKey } from './model.ts';
export {
  type CellOutput,
  type KvInput,
  type LockInput,
  models,
  type QueueInput,
  type QueueOutput,
  type RegisterInput,
  type Value,
} from './models.ts';
