// Feeds committed entries to the state machine, in order, and runs queries and jobs between them.
import type { Clock, Codec, LogEntry, LogStore, StateMachine } from '../contracts/index.ts';
import { CoxswainError, type ErrorCode } from '../errors.ts';
import { type AppliedAt, AppliedPoint } from './applied-point.ts';
import { Batches, isCommand, type SettleBatch, UndecodedError } from './batches.ts';
import { EntryContext } from './entry-context.ts';
import { type ExclusiveJob, JobQueue } from './exclusive-jobs.ts';
import type { LogWindow } from './log-window.ts';
import type { Limits } from './options.ts';
import type { SessionApplier } from './session-applier.ts';
import { storeCall } from './store-call.ts';
import { isThenable } from './thenable.ts';
import { WorkWatch } from './work-watch.ts';

export interface ApplierParts<C, R, Q, A> {
  readonly machine: StateMachine<C, R, Q, A>;
  readonly codec: Codec<C>;
  readonly window: LogWindow;
  readonly store: LogStore;
  readonly clock: Clock;
  /** As they are at the moment of use. */
  readonly limits: Pick<Limits, 'maxAppendBytes' | 'maxApplyBatch' | 'maxQueuedReads'>;
  /** What entries of sessions come to. */
  readonly sessions: Pick<SessionApplier<C, R>, 'apply' | 'applyKept' | 'judge' | 'keep'>;
  /** Of a `verify` entry, just before it settles; `at` undefined: the machine is further. */
  readonly verify: (entry: LogEntry, at: AppliedAt | undefined) => PromiseLike<void> | undefined;
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
  readonly #point: AppliedPoint;
  readonly #batches: Batches<C, R> | undefined;
  readonly #jobs = new JobQueue();
  readonly #work: WorkWatch;
  #target: number;
  /** The machine has kept the effects of every entry up to here itself. */
  #keptUpTo = 0;
  /** A turn runs, or the machine or the store owes an answer: nothing else may start. */
  #busy = false;
  #stopped = false;
  /** What the machine or the store was asked and has not answered. */
  readonly #pending = new Set<Promise<unknown>>();
  #activeQueries = 0;
  /** Queries that wait for the next quiescent point. */
  #queries: (() => void)[] = [];
  /** How often that was so. */
  #skipped = 0;
  /** Entries before this one are followed by none here: a restore goes on from it. */
  #resumesAt = 0;
  /** Entries read from the store, for what is no longer in memory. */
  #loaded: readonly LogEntry[] = [];

  constructor(parts: ApplierParts<C, R, Q, A>, start: AppliedAt) {
    const { clock, codec, machine, sessions } = parts;
    this.#parts = parts;
    this.#point = new AppliedPoint(start);
    this.#work = new WorkWatch(clock);
    this.#target = start.index;
    if (machine.applyBatch === undefined) return;
    const applyBatch = machine.applyBatch.bind(machine);
    const entryAt = (index: number) => this.#entryAt(index);
    this.#batches = new Batches({ applyBatch, codec, sessions, entryAt });
  }

  get applied(): number {
    return this.#point.index;
  }

  /** What `context.machineVersion` is. */
  get machineVersion(): number {
    return this.#point.machineVersion;
  }

  /** Committed entries that are not applied yet: a count. */
  get backlog(): number {
    return Math.max(0, this.#target - this.#point.index);
  }

  /** `clock.now()` when the machine began what it is at, or last settled some of it. */
  get busySinceMs(): number {
    return this.#work.sinceMs;
  }

  /** The same, as long as entries wait for it; Infinity when none does. */
  get lateSinceMs(): number {
    return this.backlog > 0 ? this.#work.sinceMs : Number.POSITIVE_INFINITY;
  }

  /** Entries up to `upTo` are committed and durable. */
  advance(upTo: number): void {
    this.#target = Math.max(this.#target, upTo);
    this.#pump();
  }

  /** The machine has kept the effects of every entry up to here over a restart. */
  get kept(): number {
    return this.#keptUpTo;
  }

  /** Before the first entry: the machine is given those behind `index` only. */
  keep(index: number): void {
    this.#keptUpTo = index;
  }

  /**
   * Runs `query` at the next quiescent point, and keeps entries out until its promise settles.
   * Entries and queries take turns, so that neither can keep the other waiting for ever.
   */
  query(query: Q, answered: (answer: A) => void, refused: (cause: unknown) => void): void {
    const run = () => {
      if (this.#stopped) refused(closedError());
      else this.#runQuery(query, answered, refused);
    };
    const othersWait = this.#activeQueries > 0 && (this.#hasEntries() || this.#hasReadyJob());
    if (this.#stopped || !(this.#busy || othersWait)) return run();
    if (this.#queries.length >= this.#parts.limits.maxQueuedReads) throw tooManyQueries();
    this.#queries.push(run);
  }

  /**
   * Runs a job at the next quiescent point, and keeps entries and queries out until its promise
   * settles. Jobs run in the order asked, and no entry or query starts before one that was asked
   * while entries were applied. Only after a job do those that wait have a turn before the next.
   */
  exclusive<T>(job: ExclusiveJob<T>): void {
    if (this.#stopped) return job.failed(closedError());
    this.#jobs.push(job);
    this.#pump();
  }

  /** Only within a job: the machine, and what belongs to it, is now as the log says at `at`. */
  moveTo(at: AppliedAt): void {
    this.#point.moveTo(at);
    this.#target = Math.max(this.#target, at.index);
    this.#loaded = [];
  }

  /**
   * What is not applied yet never will be: a snapshot of entry `index` stands for it, and it is in
   * no log here. Nothing is applied until that one, or a later one, was restored.
   */
  skip(index: number): void {
    this.#target = this.#point.index;
    this.#resumesAt = index;
    this.#skipped++;
  }

  /** The machine cannot go on: nothing starts any more. */
  fail(error: CoxswainError): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#parts.failed(error);
  }

  /** Starts nothing more; resolves when what the machine has begun is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#runQueries();
    for (const job of this.#jobs.clear()) job.failed(closedError());
    await Promise.allSettled(this.#pending);
  }

  #runQuery(query: Q, resolve: (answer: A) => void, reject: (cause: unknown) => void): void {
    const { machine } = this.#parts;
    try {
      if (machine.query === undefined) throw new TypeError('the state machine has no query()');
      const answer = machine.query(query);
      if (!isThenable(answer)) return resolve(answer);
      this.#activeQueries++;
      this.#work.begin();
      const done = () => {
        this.#activeQueries--;
        this.#work.end();
        this.#pump();
      };
      answer.then(resolve, reject);
      this.#track(Promise.resolve(answer).then(done, done));
    } catch (cause) {
      reject(cause);
    }
  }

  /** Jobs first; one synchronous run as long as the machine is synchronous; then the queries. */
  #pump(): void {
    if (this.#busy || this.#stopped || this.#activeQueries > 0) return;
    if (!this.#runJobs()) return;
    this.#jobs.owesEntries = false;
    const start = this.#point.index;
    this.#busy = this.#runEntries(start);
    if (this.#point.index > start) this.#parts.advanced(this.#point.index);
    if (this.#busy || this.#stopped) return;
    if (this.#point.index > start) this.#askDue();
    if (!this.#runJobs()) return;
    if (this.#hasEntries() || this.#hasReadyJob()) this.#yield();
    this.#runQueries();
  }

  /** True when it ends because the machine or the store owes an answer. */
  #runEntries(start: number): boolean {
    const end = this.#hasEntries() ? this.#target : start;
    const stop = Math.min(end, start + this.#parts.limits.maxApplyBatch);
    const jobs = this.#jobs.length;
    this.#busy = true;
    while (this.#point.index < stop && this.#jobs.length === jobs && !this.#stopped) {
      if (!this.#applyNext(stop)) return true;
    }
    return false;
  }

  /** False when the entry is not settled yet, or never will be. */
  #applyNext(stop: number): boolean {
    const entry = this.#entryAt(this.#point.index + 1);
    if (entry === undefined) return this.#load();
    try {
      if (this.#batches !== undefined && isCommand(entry) && entry.index > this.#keptUpTo) {
        return this.#applyBatch(this.#batches, stop);
      }
      const result = this.#start(entry);
      if (!isThenable(result)) {
        this.#settle(entry, result);
        return true;
      }
      return this.#suspend(result, (value) => this.#settle(entry, value));
    } catch (cause) {
      return this.#fail(cause);
    }
  }

  /** What the entry comes to, or a promise of it. */
  #start(entry: LogEntry): unknown {
    const { codec, machine, sessions } = this.#parts;
    const { machineVersion } = this.#point;
    const isKept = entry.index <= this.#keptUpTo;
    switch (entry.kind) {
      case 'command':
        if (isKept) return undefined;
        return machine.apply(codec.decode(entry.body), new EntryContext(entry, machineVersion));
      case 'tick':
        return isKept ? undefined : machine.tick?.(new EntryContext(entry, machineVersion));
      case 'version':
        return this.#point.raise(entry, machine.version);
      case 'verify':
        return this.#parts.verify(entry, isKept ? undefined : this.#point.at());
      default:
        return isKept ? sessions.applyKept(entry) : sessions.apply(entry, machineVersion);
    }
  }

  #applyBatch(batches: Batches<C, R>, stop: number): boolean {
    const { index, machineVersion } = this.#point;
    const settle = (entry: LogEntry, result: unknown) => this.#settle(entry, result);
    const applied = batches.apply(index + 1, stop + 1, machineVersion);
    if (isThenable<SettleBatch>(applied)) return this.#suspend(applied, (each) => each(settle));
    applied(settle);
    return true;
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
      this.#fail(cause, this.#point.index);
    }
  }

  #settle(entry: LogEntry, result: unknown): void {
    this.#point.pass(entry);
    this.#parts.settled(entry, result);
  }

  /** Always false: nothing else starts until the machine has answered. */
  #suspend<T>(pending: PromiseLike<T>, then: (value: T) => void): false {
    this.#work.begin();
    const resume = (value: T) => {
      this.#work.end();
      if (this.#stopped) return;
      then(value);
      this.#busy = false;
      this.#parts.advanced(this.#point.index);
      this.#askDue();
      this.#goOn();
    };
    const refuse = (cause: unknown) => {
      this.#work.end();
      this.#fail(cause);
    };
    this.#track(Promise.resolve(pending).then(resume, refuse).catch(this.#failed));
    return false;
  }

  /** Something has ended that kept all others out. */
  #goOn(): void {
    if (!this.#runJobs()) return;
    this.#runQueries();
    this.#pump();
  }

  #hasEntries(): boolean {
    return this.backlog > 0 && this.#point.index >= this.#resumesAt;
  }

  #hasReadyJob(): boolean {
    return this.#jobs.hasReady(this.#point.index >= this.#keptUpTo);
  }

  /** The jobs asked so far. False while one of them is at work, and when nothing may start. */
  #runJobs(): boolean {
    if (this.#jobs.length > 0 && !this.#busy) {
      const entriesWait = this.#hasEntries();
      const inStep = this.#point.index >= this.#keptUpTo;
      this.#jobs.beginRound(inStep, entriesWait, this.#queries.length > 0);
    }
    return this.#runRound();
  }

  #runRound(): boolean {
    while (!(this.#busy || this.#stopped)) {
      const job = this.#jobs.next();
      if (job === undefined) return true;
      this.#runJob(job);
    }
    return false;
  }

  #runJob(job: ExclusiveJob<unknown>): void {
    this.#busy = true;
    try {
      const value = job.run(this.#point.at());
      if (isThenable(value)) return this.#awaitJob(value, job);
      job.done(value);
    } catch (cause) {
      job.failed(cause);
    }
    this.#busy = false;
  }

  #awaitJob(pending: PromiseLike<unknown>, { done, failed }: ExclusiveJob<unknown>): void {
    this.#work.begin();
    const end = (tell: () => void) => {
      this.#work.end();
      try {
        tell();
      } catch (cause) {
        failed(cause);
      }
      this.#busy = false;
      this.#goOn();
    };
    const ended = Promise.resolve(pending).then(
      (value) => end(() => done(value)),
      (cause: unknown) => end(() => failed(cause)),
    );
    this.#track(ended.catch(this.#failed));
  }

  #track(pending: Promise<unknown>): void {
    this.#pending.add(pending);
    void pending.finally(() => this.#pending.delete(pending));
  }

  /** Always false: nothing else starts until the store has answered. */
  #load(): false {
    const { limits, store } = this.#parts;
    const from = this.#point.index + 1;
    const until = this.#target + 1;
    const skipped = this.#skipped;
    const resume = (entries: readonly LogEntry[]) => {
      if (this.#stopped) return;
      this.#loaded = skipped === this.#skipped ? entries : [];
      this.#busy = false;
      this.#goOn();
    };
    // What is wanted no more may be gone.
    const refuse = (cause: unknown) => {
      if (skipped === this.#skipped) throw cause;
      resume([]);
    };
    const read = storeCall('read', () => store.read(from, until, limits.maxAppendBytes));
    this.#track(read.then(resume, refuse).catch(this.#failed));
    return false;
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
    this.#jobs.owesQueries = false;
    if (this.#queries.length === 0) return;
    const queries = this.#queries;
    this.#queries = [];
    for (const run of queries) run();
  }

  readonly #failed = (cause: unknown): void => void this.#fail(cause);

  /** Always false. */
  #fail(cause: unknown, index = this.#point.index + 1): false {
    this.fail(machineError(cause, index));
    return false;
  }
}

/** Of the library's own: an entry that the store has spoilt, or one for newer code. */
function machineError(cause: unknown, at: number): CoxswainError {
  if (cause instanceof CoxswainError && isOwn(cause)) return cause;
  const index = cause instanceof UndecodedError ? cause.index : at;
  const text = cause instanceof Error ? cause.message : String(cause);
  const message = `the state machine threw at index ${index}: ${text}`;
  const details = { cause, index, outcome: 'unknown' } as const;
  return new CoxswainError('ERR_STATE_MACHINE', message, details);
}

const ownCodes: readonly ErrorCode[] = ['ERR_VERSION_UNSUPPORTED', 'ERR_DIVERGED'];

function isOwn({ code }: CoxswainError): boolean {
  return code.startsWith('ERR_STORE') || ownCodes.includes(code);
}

function closedError(): CoxswainError {
  return new CoxswainError('ERR_CLOSED', 'the node was closed');
}

function tooManyQueries(): CoxswainError {
  const message = 'too many queries wait for the machine; limits.maxQueuedReads is reached';
  return new CoxswainError('ERR_QUEUE_FULL', message, { outcome: 'not-applied', retryable: true });
}
