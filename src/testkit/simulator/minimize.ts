// Makes a failing run smaller, keeping the same violation: shorter, fewer members, families of
// faults, faults, clients and calls. Each trial is a whole run; the random choices of a run are
// independent of each other, so that little shifts when something is left out.
import { CoxswainError } from '../../errors.ts';
import type { Only } from './options.ts';
import { faultFamilies, type Plan, withMembers, withoutFamily } from './plan.ts';
import type { RunReport } from './run.ts';

export interface Minimized<C = unknown, R = unknown> {
  readonly plan: Plan;
  readonly only: Only;
  readonly report: RunReport<C, R>;
  /** Runs that it took: a count. */
  readonly trials: number;
}

interface Choice {
  readonly plan: Plan;
  readonly only: Only;
}

/** Runs in which the search for a smaller one ends: a count. */
const MAX_TRIALS = 1000;

/** Throws ERR_INVALID_OPTION when the run does not fail at all. */
export function minimizePlan<C, R>(
  start: Choice,
  run: (choice: Choice) => RunReport<C, R>,
): Minimized<C, R> {
  const search = new Search(start, run);
  search.shorten();
  for (const family of faultFamilies) search.tryPlan((plan) => withoutFamily(plan, family));
  for (let members = 1; members < start.plan.members; members++) {
    if (search.tryPlan((plan) => withMembers(plan, members))) break;
  }
  for (let spares = 0; spares < start.plan.changes.spares; spares++) {
    if (search.tryChanges({ spares })) break;
  }
  const fewer = [{ wipeRate: 0 }, { transferRate: 0 }, { tuneRate: 0 }];
  for (const less of [...fewer, { unformed: 0 }, { several: 0 }]) {
    search.tryChanges(less);
  }
  for (const less of [{ repairRate: 0 }, { takeRate: 0 }, { damage: 0 }, { rot: 0 }, { lag: 0 }]) {
    search.tryPlan((plan) => ({ ...plan, snapshots: { ...plan.snapshots, ...less } }));
  }
  for (let clients = 1; clients < start.plan.workload.clients; clients++) {
    if (search.tryWorkload({ clients })) break;
  }
  for (const calm of [{ blind: 0 }, { maxPaddingBytes: 0 }, { applyMeanMs: 0 }]) {
    search.tryWorkload(calm);
  }
  search.shorten();
  search.leaveOut('faults', ({ faults }) => faults.map(({ id }) => id));
  search.leaveOut('calls', ({ calls }) => calls);
  search.leaveOut('faults', ({ faults }) => faults.map(({ id }) => id));
  search.shorten();
  return search.result();
}

class Search<C, R> {
  #choice: Choice;
  #report: RunReport<C, R>;
  #trials = 1;
  readonly #run: (choice: Choice) => RunReport<C, R>;
  readonly #kind: string;

  constructor(start: Choice, run: (choice: Choice) => RunReport<C, R>) {
    this.#choice = start;
    this.#run = run;
    this.#report = run(start);
    this.#kind = kindOf(this.#report);
    if (this.#kind !== '') return;
    const message = `minimize: seed ${start.plan.seed} does not fail`;
    throw new CoxswainError('ERR_INVALID_OPTION', message);
  }

  tryPlan(change: (plan: Plan) => Plan): boolean {
    return this.#try({ ...this.#choice, plan: change(this.#choice.plan) });
  }

  tryChanges(change: Partial<Plan['changes']>): boolean {
    return this.tryPlan((plan) => ({ ...plan, changes: { ...plan.changes, ...change } }));
  }

  tryWorkload(change: Partial<Plan['workload']>): boolean {
    return this.tryPlan((plan) => ({ ...plan, workload: { ...plan.workload, ...change } }));
  }

  /** The time of faults ends just after the violation, or as early as it still happens. */
  shorten(): void {
    const { violation } = this.#report;
    if (violation?.phase === 'faults') {
      this.tryPlan((plan) => ({ ...plan, durationMs: Math.ceil(violation.atMs) + 1 }));
      return;
    }
    const halve = (plan: Plan) => ({ ...plan, durationMs: Math.ceil(plan.durationMs / 2) });
    while (this.#choice.plan.durationMs > 1 && this.tryPlan(halve));
  }

  /** Delta debugging (ddmin): halves first, then quarters, down to single ones. */
  leaveOut(what: keyof Only, idsOf: (report: RunReport<C, R>) => readonly string[]): void {
    // What did not come up so far must not come up because something else is missing.
    const keep = (ids: readonly string[]) =>
      this.#try({ ...this.#choice, only: { ...this.#choice.only, [what]: ids } });
    if (!keep(idsOf(this.#report))) return;
    let size = Math.ceil(idsOf(this.#report).length / 2);
    while (size >= 1 && this.#trials < MAX_TRIALS) {
      let removed = false;
      for (let from = 0; from < idsOf(this.#report).length; ) {
        const ids = idsOf(this.#report);
        if (keep([...ids.slice(0, from), ...ids.slice(from + size)])) removed = true;
        else from += size;
      }
      if (size > 1) size = Math.ceil(size / 2);
      else if (!removed) return;
    }
  }

  result(): Minimized<C, R> {
    return { ...this.#choice, report: this.#report, trials: this.#trials };
  }

  /** Keeps the smaller run if it fails in the same way. */
  #try(choice: Choice): boolean {
    if (this.#trials >= MAX_TRIALS) return false;
    this.#trials++;
    const report = this.#run(choice);
    if (kindOf(report) !== this.#kind) return false;
    this.#choice = choice;
    this.#report = report;
    return true;
  }
}

/** What was violated, wherever that was and whatever the numbers and answers were. */
function kindOf<C, R>({ violation }: RunReport<C, R>): string {
  if (violation === undefined) return '';
  const [head = ''] = violation.message.split(/ at index \d+: | the answer /);
  return head
    .replace(/ at index \d+ on [a-g]/, '')
    .replace(/\d+/g, 'N')
    .replace(/\b[a-g]\b/g, 'M');
}
