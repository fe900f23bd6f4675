// Work that only the leader does: begun when this member leads, told to stop as soon as it cannot
// be sure of that by its own clock.
import { CoxswainError } from '../../errors.ts';
import { leaseUntil, type RaftState } from '../../raft/index.ts';
import { Call, type CallInit, type GivenUp } from './call.ts';

/** What is handed to work that the leader does. */
export interface Leadership {
  /** Aborted when this member does not lead any more, or cannot be sure of it. */
  readonly signal: AbortSignal;
  readonly term: number;
  /**
   * Larger for every later leadership of the cluster. A process may be paused and not notice that
   * another leads: whatever the work writes to elsewhere must refuse a smaller token.
   */
  readonly fencingToken: number;
}

export type LeaderWork<T> = (leadership: Leadership) => T | Promise<T>;

export class Leaderships {
  readonly #state: RaftState;
  readonly #tasks = new Set<Pick<LeaderTask<never>, 'lead' | 'halt' | 'fail' | 'isWorking'>>();

  constructor(state: RaftState) {
    this.#state = state;
  }

  run<T>(work: LeaderWork<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const task = new LeaderTask<T>({ resolve, reject, signal }, work, () => {
        this.#tasks.delete(task);
      });
      this.#tasks.add(task);
    });
  }

  /** After every turn, and when the lease ends. */
  check(nowMs: number): void {
    if (this.#tasks.size === 0) return;
    const { log, snapshots, term } = this.#state;
    const isTrusted = snapshots.repairFrom === 0;
    const isLeading = isTrusted && leaseUntil(this.#state) > nowMs;
    // A leader's log ends in entries of its own term, of which the no-op is the first.
    const fencingToken = log.runs.at(-1)?.from ?? 0;
    for (const task of this.#tasks) {
      if (isLeading) task.lead(term, fencingToken);
      else task.halt();
    }
  }

  /** When work that runs must be told to stop, unless the lease is extended before. */
  nextExpiry(): number {
    for (const task of this.#tasks) if (task.isWorking) return leaseUntil(this.#state);
    return Number.POSITIVE_INFINITY;
  }

  failAll(error: CoxswainError): void {
    for (const task of [...this.#tasks]) task.fail(error);
  }
}

class LeaderTask<T> extends Call<T> {
  readonly #work: LeaderWork<T>;
  readonly #onEnd: () => void;
  #current: { readonly term: number; readonly controller: AbortController } | undefined;

  constructor(init: CallInit<T>, work: LeaderWork<T>, onEnd: () => void) {
    super(init);
    this.#work = work;
    this.#onEnd = onEnd;
  }

  get isWorking(): boolean {
    return this.#current?.controller.signal.aborted === false;
  }

  /** Begins the work, unless it is under way; in another term only when the last one is over. */
  lead(term: number, fencingToken: number): void {
    const current = this.#current;
    if (current !== undefined) {
      if (current.term !== term) this.halt();
      return;
    }
    const controller = new AbortController();
    const { signal } = controller;
    this.#current = { term, controller };
    const work = Promise.resolve().then(() => this.#work({ signal, term, fencingToken }));
    work.then(
      (value) => this.#ended(signal, () => this.resolve(value)),
      (error: unknown) => this.#ended(signal, () => this.fail(error)),
    );
  }

  halt(): void {
    const message = 'this member cannot be sure to lead any more';
    this.#current?.controller.abort(new CoxswainError('ERR_LEADERSHIP_LOST', message));
  }

  /** What was told to stop has no result: it begins anew when this member leads again. */
  #ended(signal: AbortSignal, settle: () => void): void {
    this.#current = undefined;
    if (!signal.aborted) settle();
  }

  protected override errorOf(code: GivenUp): CoxswainError {
    const message = 'the caller wants no more work done';
    return new CoxswainError(code, message, { outcome: 'not-applied', retryable: true });
  }

  protected override onSettled(): void {
    this.halt();
    this.#onEnd();
  }
}
