// What users call: a run of their machine from a seed, the same run as a trace, and the smallest
// run that fails in the same way.

import { drawPlan } from './draw-plan.ts';
import { type Minimized, minimizePlan } from './minimize.ts';
import { checkOptions, type SimulateOptions } from './options.ts';
import { faultFamilies, type Plan, withMembers, withoutFamily } from './plan.ts';
import { type RunReport, run } from './run.ts';
import { type RunLine, traceTo } from './trace.ts';
import type { Witness } from './witness.ts';

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
export function replay<C, R, M>(options: SimulateOptions<C, R, M>): readonly RunLine[] {
  const lines: RunLine[] = [];
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
  checkOptions(options);
  const { durationMs, faults = faultFamilies, members, plan: given, seed, workload } = options;
  let plan = given ?? drawPlan(seed);
  for (const family of faultFamilies) {
    if (!faults.includes(family)) plan = withoutFamily(plan, family);
  }
  if (given !== undefined) return plan;
  const clients = workload.clients ?? plan.workload.clients;
  return {
    ...withMembers(plan, members ?? plan.members),
    durationMs: durationMs ?? plan.durationMs,
    workload: { ...plan.workload, clients },
  };
}
