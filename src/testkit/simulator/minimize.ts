// Makes a failing run smaller, keeping the same violation: shorter, fewer families of faults, fewer
// faults, fewer clients. Each trial is a whole run; the streams are independent, so little shifts.
import { type FaultFamily, type Plan, withoutFamily } from './plan.ts';
import { type RunReport, runPlan } from './run-seed.ts';

export interface Minimized {
  readonly plan: Plan;
  /** Numbers of the faults that need not happen. */
  readonly suppressed: ReadonlySet<number>;
  readonly report: RunReport;
  readonly trials: number;
}

const families: readonly FaultFamily[] = [
  ...(['network', 'partition', 'disk', 'clock', 'process', 'aimed'] as const),
];

/** Runs in which the search for a smaller one ends: a count. */
const MAX_TRIALS = 400;

/** Throws when the plan does not fail at all. */
export function minimizePlan(plan: Plan): Minimized {
  const first = runPlan(plan);
  if (first.violation === undefined) throw new Error(`seed ${plan.seed} does not fail`);
  const search = new Search(plan, first);
  search.shorten();
  for (const family of families) search.try(withoutFamily(search.plan, family));
  search.tryWorkload({ clients: 1 });
  search.tryWorkload({ blind: 0 });
  search.tryWorkload({ maxBodyBytes: 0 });
  search.suppressFaults();
  search.shorten();
  return search.result();
}

class Search {
  plan: Plan;
  #suppressed: ReadonlySet<number> = new Set();
  #report: RunReport;
  #trials = 1;
  readonly #message: string;

  constructor(plan: Plan, report: RunReport) {
    this.plan = plan;
    this.#report = report;
    this.#message = kindOf(report);
  }

  /** Keeps the smaller run if it fails in the same way. */
  try(plan: Plan, suppressed: ReadonlySet<number> = this.#suppressed): boolean {
    if (this.#trials >= MAX_TRIALS) return false;
    this.#trials++;
    const report = runPlan(plan, { suppressed });
    if (kindOf(report) !== this.#message) return false;
    this.plan = plan;
    this.#suppressed = suppressed;
    this.#report = report;
    return true;
  }

  tryWorkload(change: Partial<Plan['workload']>): void {
    this.try({ ...this.plan, workload: { ...this.plan.workload, ...change } });
  }

  /** The time of faults ends just after the violation, or as early as it still happens. */
  shorten(): void {
    const { violation } = this.#report;
    if (violation?.phase === 'faults') {
      this.try({ ...this.plan, durationMs: Math.ceil(violation.atMs) + 1 });
      return;
    }
    while (this.plan.durationMs > 1) {
      const durationMs = Math.floor(this.plan.durationMs / 2);
      if (!this.try({ ...this.plan, durationMs })) return;
    }
  }

  /** Delta debugging over the faults: halves first, then quarters, down to single ones. */
  suppressFaults(): void {
    let size = Math.ceil(this.#report.faults.length / 2);
    while (size >= 1 && this.#trials < MAX_TRIALS) {
      const numbers = this.#report.faults.map(({ number }) => number);
      for (let from = 0; from < numbers.length; from += size) {
        const some = numbers.slice(from, from + size);
        this.try(this.plan, new Set([...this.#suppressed, ...some]));
      }
      if (size === 1) return;
      size = Math.ceil(size / 2);
    }
  }

  result(): Minimized {
    const { plan } = this;
    return { plan, suppressed: this.#suppressed, report: this.#report, trials: this.#trials };
  }
}

/** What was violated, whatever the numbers in it. */
function kindOf({ violation }: RunReport): string {
  return violation === undefined ? '' : violation.message.replace(/\d+/g, 'N');
}
