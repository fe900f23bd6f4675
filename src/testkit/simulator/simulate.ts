// What users call: a run of their machine from a seed, the same run as a trace, and the smallest
// run that fails in the same way.
import { CoxswainError } from '../../errors.ts';
import { drawPlan } from './draw-plan.ts';
import { type Minimized, minimizePlan } from './minimize.ts';
import { type FaultFamily, faultFamilies, type Plan, withoutFamily } from './plan.ts';
import { type RunReport, run } from './run.ts';
import type { Only } from './simulation.ts';
import type { Subject } from './subject.ts';
import { type TraceLine, traceTo } from './trace.ts';
import type { Witness } from './witness.ts';

export interface SimulateOptions<C, R, M> extends Subject<C, R, M> {
  /** Decides everything that the options leave open: a whole number from 0. */
  readonly seed: number;
  /** From 1 to 7. Default: what the seed draws. */
  readonly members?: number | undefined;
  /** Which families of faults may occur. Default: all. */
  readonly faults?: readonly FaultFamily[] | undefined;
  /** Simulated ms in which faults strike. The calm after it takes what it takes. */
  readonly durationMs?: number | undefined;
  /** Instead of what the seed draws: the plan of a smaller run that `minimize` found. */
  readonly plan?: Plan | undefined;
  /** All that happens of the plan's faults and calls: as `minimize` found it. */
  readonly only?: Only | undefined;
}

/**
 * Runs a cluster of the real core with your machine on every member in simulated time: first with
 * faults of network, disks, clocks and processes, then healed. Checks every rule of Raft after
 * every step; that all machines answer alike; the `invariant`; that the cluster recovers; and, with
 * a `model`, that what clients saw is linearizable.
 *
 * Synchronous, some milliseconds to a second. Equal options give equal runs. Machines whose `apply`
 * or `digest` returns a promise cannot be simulated. `Date` and `Math.random` are the member's own
 * while the machine runs, so that a machine that uses them differs from the others.
 *
 * Throws ERR_INVALID_OPTION; a TypeError when the machine answers with promises or with values that
 * are not plain, or when `workload.next` or `codec` throws. A violation is not thrown: it is in the
 * report.
 */
export function simulate<C, R, M>(options: SimulateOptions<C, R, M>): RunReport<C, R> {
  return simulateWith(options, undefined);
}

/** The same run as a list of what happened: one line an event, in total order. */
export function replay<C, R, M>(options: SimulateOptions<C, R, M>): readonly TraceLine[] {
  const lines: TraceLine[] = [];
  simulateWith(
    options,
    traceTo((line) => lines.push(line)),
  );
  return lines;
}

/**
 * Looks for the smallest run that fails as this one does: shorter, with fewer members, families of
 * faults, faults, clients and calls. Some hundred runs. What it finds is run again by
 * `simulate({ ...options, plan, only })`.
 *
 * Throws ERR_INVALID_OPTION when the run does not fail.
 */
export function minimize<C, R, M>(options: SimulateOptions<C, R, M>): Minimized<C, R> {
  const start = { plan: planOf(options), only: options.only ?? {} };
  return minimizePlan(start, ({ only, plan }) => run(plan, options, only));
}

/** For tools: as `simulate`, watched. */
export function simulateWith<C, R, M>(
  options: SimulateOptions<C, R, M>,
  witness: Witness | undefined,
): RunReport<C, R> {
  return run(planOf(options), options, options.only ?? {}, witness);
}

function planOf<C, R, M>(options: SimulateOptions<C, R, M>): Plan {
  const { durationMs, faults = faultFamilies, members, seed, workload } = options;
  checkRange('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  checkRange('members', members, 1, 7);
  checkRange('durationMs', durationMs, 1, 1e9);
  checkRange('workload.clients', workload.clients, 1, 1000);
  if (workload.concurrency !== Number.POSITIVE_INFINITY) {
    checkRange('workload.concurrency', workload.concurrency, 1, Number.MAX_SAFE_INTEGER);
  }
  for (const family of faults) {
    if (faultFamilies.includes(family)) continue;
    throw invalid(`faults names ${String(family)}; accepted: ${faultFamilies.join(', ')}`);
  }
  let plan = options.plan ?? drawPlan(seed);
  for (const family of faultFamilies) {
    if (!faults.includes(family)) plan = withoutFamily(plan, family);
  }
  if (options.plan === undefined) {
    const clients = workload.clients ?? plan.workload.clients;
    plan = {
      ...plan,
      members: members ?? plan.members,
      durationMs: durationMs ?? plan.durationMs,
      workload: { ...plan.workload, clients },
    };
  }
  return plan;
}

function checkRange(name: string, value: number | undefined, low: number, high: number): void {
  if (value === undefined) return;
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw invalid(`${name} is ${value}; accepted: a whole number from ${low} to ${high}`);
}

function invalid(message: string): CoxswainError {
  return new CoxswainError('ERR_INVALID_OPTION', `simulate: ${message}`);
}
