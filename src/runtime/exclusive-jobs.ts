// What wants the machine for itself, at a quiescent point: snapshots, restores.
import type { AppliedAt } from './applied-point.ts';

export interface ExclusiveJob<T> {
  /**
   * True: it looks at the machine's state, so it waits until the entries are where a machine that
   * has kept its state over a restart already is.
   */
  readonly inStep: boolean;
  /** Nothing else is under way until this returns, or its promise settles. */
  readonly run: (at: AppliedAt) => T | PromiseLike<T>;
  /** Before anything else starts. */
  readonly done: (value: T) => void;
  /** With what `run` or `done` threw, or with ERR_CLOSED when it never ran. */
  readonly failed: (cause: unknown) => void;
}

type AnyJob = ExclusiveJob<unknown>;

export class JobQueue {
  #asked: AnyJob[] = [];
  /** Those asked before the first of them began, and not begun. */
  #round: AnyJob[] = [];
  /** Since the last job no entry, and no query, has had its turn. */
  owesEntries = false;
  owesQueries = false;

  /** Jobs asked and not begun: a count. */
  get length(): number {
    return this.#asked.length + this.#round.length;
  }

  push<T>(job: ExclusiveJob<T>): void {
    this.#asked.push(job as AnyJob);
  }

  hasReady(inStep: boolean): boolean {
    return this.length > 0 && (this.#round.length > 0 || this.#asked.some(isReady(inStep)));
  }

  /** Those asked so far are next, unless others that wait are to have their turn before. */
  beginRound(inStep: boolean, entriesWait: boolean, queriesWait: boolean): void {
    if (this.#round.length > 0) return;
    if ((this.owesEntries && entriesWait) || (this.owesQueries && queriesWait)) return;
    const ready = isReady(inStep);
    this.#round = this.#asked.filter(ready);
    this.#asked = this.#asked.filter((job) => !ready(job));
  }

  next(): AnyJob | undefined {
    const job = this.#round.shift();
    if (job === undefined) return undefined;
    this.owesEntries = true;
    this.owesQueries = true;
    return job;
  }

  clear(): readonly AnyJob[] {
    const jobs = [...this.#round, ...this.#asked];
    this.#round = [];
    this.#asked = [];
    return jobs;
  }
}

function isReady(inStep: boolean): (job: AnyJob) => boolean {
  return (job) => inStep || !job.inStep;
}
