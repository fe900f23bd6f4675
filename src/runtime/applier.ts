// Feeds committed entries to the state machine, in order, and runs queries between them.
import type { Clock, Codec, LogEntry, LogStore, StateMachine } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import { EntryContext } from './entry-context.ts';
import type { LogWindow } from './log-window.ts';
import type { SessionApplier } from './session-applier.ts';
import { storeCall } from './store-call.ts';
import { isThenable } from './thenable.ts';

export interface ApplierParts<C, R, Q, A> {
  readonly machine: StateMachine<C, R, Q, A>;
  readonly codec: Codec<C>;
  readonly window: LogWindow;
  readonly store: LogStore;
  readonly clock: Clock;
  readonly maxApplyBatch: number;
  readonly maxReadBytes: number;
  /** Queries that wait for their turn: a count. */
  readonly maxQueries: number;
  /** What entries of sessions come to. */
  readonly sessions: Pick<SessionApplier<C, R>, 'apply'>;
  /** Is the machine to be asked when something falls due? */
  readonly isLeading: () => boolean;
  readonly due: (wallMs: number | undefined) => void;
  /** One entry is settled; `result` is undefined unless it is of a command or a session. */
  readonly settled: (entry: LogEntry, result: unknown) => void;
  /** A run of entries up to `index` is settled. */
  readonly advanced: (index: number) => void;
  readonly failed: (error: CoxswainError) => void;
}

export class Applier<C, R, Q, A> {
  readonly #parts: ApplierParts<C, R, Q, A>;
  #applied: number;
  #target: number;
  /** Since when the next entry waits, or the machine works on it. */
  #nextSinceMs = 0;
  /** The machine or the store is at work, or owes an answer: nothing else may start. */
  #busy = false;
  #stopped = false;
  /** What the machine or the store was asked and has not answered. */
  readonly #pending = new Set<Promise<unknown>>();
  #activeQueries = 0;
  /** Queries that wait for the next quiescent point. */
  #queries: (() => void)[] = [];
  /** Entries read from the store, for what is no longer in memory. */
  #loaded: readonly LogEntry[] = [];

  constructor(parts: ApplierParts<C, R, Q, A>, applied: number) {
    this.#parts = parts;
    this.#applied = applied;
    this.#target = applied;
  }

  get applied(): number {
    return this.#applied;
  }

  /** Since when entries wait and none was settled; Infinity when none waits. */
  get busySinceMs(): number {
    const isWaiting = this.#applied < this.#target && !this.#stopped;
    return isWaiting ? this.#nextSinceMs : Number.POSITIVE_INFINITY;
  }

  /** Entries up to `upTo` are committed and durable. */
  advance(upTo: number): void {
    if (this.#applied === this.#target) this.#nextSinceMs = this.#parts.clock.now();
    this.#target = Math.max(this.#target, upTo);
    this.#pump();
  }

  /**
   * Runs `query` at the next quiescent point, and keeps entries out until its promise settles.
   * Entries and queries take turns, so that neither can keep the other waiting for ever.
   */
  query(query: Q, answered: (answer: A) => void, refused: (cause: unknown) => void): void {
    const run = () => {
      if (this.#stopped) refused(new CoxswainError('ERR_CLOSED', 'the node was closed'));
      else this.#runQuery(query, answered, refused);
    };
    const entriesWait = this.#activeQueries > 0 && this.#applied < this.#target;
    if (this.#stopped || !(this.#busy || entriesWait)) return run();
    if (this.#queries.length >= this.#parts.maxQueries) throw tooManyQueries();
    this.#queries.push(run);
  }

  /** Starts nothing more; resolves when what the machine has begun is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#runQueries();
    await Promise.allSettled(this.#pending);
  }

  #runQuery(query: Q, resolve: (answer: A) => void, reject: (cause: unknown) => void): void {
    const { machine } = this.#parts;
    try {
      if (machine.query === undefined) throw new TypeError('the state machine has no query()');
      const answer = machine.query(query);
      if (!isThenable(answer)) return resolve(answer);
      this.#activeQueries++;
      const done = () => {
        this.#activeQueries--;
        this.#pump();
      };
      answer.then(resolve, reject);
      this.#track(Promise.resolve(answer).then(done, done));
    } catch (cause) {
      reject(cause);
    }
  }

  /** One synchronous run as long as the machine is synchronous; then the queries that waited. */
  #pump(): void {
    if (this.#busy || this.#stopped || this.#activeQueries > 0) return;
    const start = this.#applied;
    const stop = Math.min(this.#target, start + this.#parts.maxApplyBatch);
    while (this.#applied < stop && !this.#busy && !this.#stopped) this.#applyNext();
    if (this.#applied > start) this.#moved();
    if (this.#busy || this.#stopped) return;
    if (this.#applied > start) this.#askDue();
    if (this.#applied < this.#target) this.#yield();
    this.#runQueries();
  }

  #applyNext(): void {
    const entry = this.#entryAt(this.#applied + 1);
    if (entry === undefined) return this.#suspend(this.#load(), () => undefined);
    try {
      this.#busy = true;
      const result = this.#start(entry);
      this.#busy = false;
      if (!isThenable(result)) return this.#settle(entry, result);
      this.#suspend(result, (value) => this.#settle(entry, value));
    } catch (cause) {
      this.#fail(cause);
    }
  }

  /** What the entry comes to, or a promise of it. */
  #start(entry: LogEntry): unknown {
    const { codec, machine, sessions } = this.#parts;
    switch (entry.kind) {
      case 'command':
        return machine.apply(codec.decode(entry.body), new EntryContext(entry, 1));
      case 'tick':
        return machine.tick?.(new EntryContext(entry, 1));
      default:
        return sessions.apply(entry);
    }
  }

  /** A quiescent point: the leader's machine says when it wants a tick. */
  #askDue(): void {
    const { due, isLeading, machine } = this.#parts;
    if (machine.nextDeadlineMs === undefined || !isLeading()) return;
    try {
      const wallMs = machine.nextDeadlineMs();
      if (wallMs !== undefined && !(wallMs > Number.NEGATIVE_INFINITY)) {
        throw new TypeError(`nextDeadlineMs() gave ${String(wallMs)}, not a time in ms`);
      }
      due(wallMs);
    } catch (cause) {
      this.#fail(cause, this.#applied);
    }
  }

  #moved(): void {
    this.#nextSinceMs = this.#parts.clock.now();
    this.#parts.advanced(this.#applied);
  }

  #settle(entry: LogEntry, result: unknown): void {
    this.#applied = entry.index;
    this.#parts.settled(entry, result);
  }

  #suspend<T>(pending: PromiseLike<T>, then: (value: T) => void): void {
    this.#busy = true;
    const before = this.#applied;
    const resume = (value: T) => {
      if (this.#stopped) return;
      this.#busy = false;
      then(value);
      if (this.#applied > before) {
        this.#moved();
        this.#askDue();
      }
      this.#runQueries();
      this.#pump();
    };
    const fail = (cause: unknown) => this.#fail(cause);
    this.#track(Promise.resolve(pending).then(resume).catch(fail));
  }

  #track(pending: Promise<unknown>): void {
    this.#pending.add(pending);
    void pending.finally(() => this.#pending.delete(pending));
  }

  async #load(): Promise<void> {
    const { store, maxReadBytes } = this.#parts;
    const from = this.#applied + 1;
    const until = this.#target + 1;
    this.#loaded = await storeCall('read', () => store.read(from, until, maxReadBytes));
  }

  /** Lets other work have its turn, then goes on. */
  #yield(): void {
    this.#busy = true;
    this.#parts.clock.soon(() => {
      this.#busy = false;
      this.#pump();
    });
  }

  #entryAt(index: number): LogEntry | undefined {
    const recent = this.#parts.window.get(index);
    if (recent !== undefined) return recent;
    return this.#loaded[index - (this.#loaded[0]?.index ?? 0)];
  }

  #runQueries(): void {
    if (this.#queries.length === 0) return;
    const queries = this.#queries;
    this.#queries = [];
    for (const run of queries) run();
  }

  #fail(cause: unknown, index = this.#applied + 1): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const known = cause instanceof CoxswainError && cause.code.startsWith('ERR_STORE');
    const text = cause instanceof Error ? cause.message : String(cause);
    this.#parts.failed(
      known
        ? cause
        : new CoxswainError(
            'ERR_STATE_MACHINE',
            `the state machine threw at index ${index}: ${text}`,
            {
              cause,
              index,
              outcome: 'unknown',
            },
          ),
    );
  }
}

function tooManyQueries(): CoxswainError {
  const message = 'too many queries wait for the machine; limits.maxQueuedReads is reached';
  return new CoxswainError('ERR_QUEUE_FULL', message, { outcome: 'not-applied', retryable: true });
}
