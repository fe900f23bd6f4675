// What simulate() accepts, and refusals that name the option, its value and what would do.
import { CoxswainError } from '../../errors.ts';
import {
  checkBoolean,
  checkFunctions,
  checkInteger,
  checkKnown,
  checkObject,
} from '../../runtime/index.ts';
import { type FaultFamily, faultFamilies, type Plan } from './plan.ts';
import type { Subject } from './subject.ts';

/**
 * By their ids, the only faults and calls of clients that happen. Default: all that come up. Plain
 * data: it can be kept as JSON.
 */
export interface Only {
  readonly faults?: readonly string[] | undefined;
  readonly calls?: readonly string[] | undefined;
}

export interface SimulateOptions<C, R, M> extends Subject<C, R, M> {
  /** Decides everything that the options leave open: a whole number from 0. */
  readonly seed: number;
  /** From 1 to 7. Default: what the seed draws. */
  readonly members?: number | undefined;
  /** Which families of faults may occur. Default: all. */
  readonly faults?: readonly FaultFamily[] | undefined;
  /** Simulated ms in which faults strike. The calm after it takes what it takes. */
  readonly durationMs?: number | undefined;
  /**
   * Instead of what the seed draws, and of `members`, `durationMs` and `workload.clients`: the plan
   * of a smaller run that `minimize` found. Its seed must be `seed`.
   */
  readonly plan?: Plan | undefined;
  /** All that happens of the plan's faults and calls: as `minimize` found it. */
  readonly only?: Only | undefined;
}

const OPTIONS = ['seed', 'members', 'faults', 'durationMs', 'plan', 'only'];
const SUBJECT = ['machine', 'workload', 'invariant', 'model', 'codec'];
const WORKLOAD = ['next', 'isRead', 'clients', 'retry', 'concurrency'];

/** Throws ERR_INVALID_OPTION. */
export function checkOptions<C, R, M>(options: SimulateOptions<C, R, M>): void {
  checkObject('the options of simulate', options);
  checkKnown('', options, [...OPTIONS, ...SUBJECT]);
  const { durationMs, members, only, plan, seed } = options;
  checkInteger('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  if (members !== undefined) checkInteger('members', members, 1, 7);
  if (durationMs !== undefined) checkInteger('durationMs', durationMs, 1, 1e6);
  checkSubject(options);
  checkFaults(options.faults);
  if (only !== undefined) {
    checkKnown('only.', only, ['faults', 'calls']);
    checkIds('only.faults', only.faults);
    checkIds('only.calls', only.calls);
  }
  if (plan === undefined) return;
  checkObject('plan', plan);
  checkInteger('plan.members', plan.members, 1, 7);
  if (plan.seed !== seed) throw invalid(`plan is that of seed ${plan.seed}, and seed is ${seed}`);
}

function checkSubject<C, R, M>(options: SimulateOptions<C, R, M>): void {
  const { codec, invariant, machine, model, workload } = options;
  checkFunctions('the options of simulate', { machine }, ['machine']);
  checkFunctions('workload', workload, ['next']);
  checkKnown('workload.', workload, WORKLOAD);
  const { clients, concurrency, isRead, retry } = workload;
  if (clients !== undefined) checkInteger('workload.clients', clients, 1, 1000);
  if (concurrency !== undefined && concurrency !== Number.POSITIVE_INFINITY) {
    checkInteger('workload.concurrency', concurrency, 1, Number.MAX_SAFE_INTEGER);
  }
  if (retry !== undefined) checkBoolean('workload.retry', retry);
  if (isRead !== undefined) checkFunctions('workload', { isRead }, ['isRead']);
  if (invariant !== undefined) checkFunctions('the options', { invariant }, ['invariant']);
  if (model !== undefined) checkFunctions('model', model, ['initial', 'step', 'hash']);
  if (codec !== undefined) checkFunctions('codec', codec, ['encode', 'decode']);
}

function checkFaults(faults: readonly unknown[] | undefined): void {
  if (faults === undefined) return;
  const accepted = faultFamilies.join(', ');
  if (!Array.isArray(faults)) throw invalid(`faults is no list; accepted: ${accepted}`);
  const unknown = faults.find((family) => !faultFamilies.some((known) => known === family));
  if (unknown !== undefined)
    throw invalid(`faults names ${String(unknown)}; accepted: ${accepted}`);
}

function checkIds(name: string, ids: unknown): void {
  if (ids === undefined) return;
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return;
  throw invalid(`${name} is no list of ids; accepted: what minimize found`);
}

function invalid(message: string): CoxswainError {
  return new CoxswainError('ERR_INVALID_OPTION', `simulate: ${message}`);
}
