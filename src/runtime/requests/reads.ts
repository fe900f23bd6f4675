// Reads, from the call to the answer. How far the machine must have come is for the core to say;
// here they wait for that, then for the machine, and a lease is looked at once more at the end.
import type { Clock, Consistency } from '../../contracts/index.ts';
import { CoxswainError } from '../../errors.ts';
import { Deque } from '../../lib/deque.ts';
import {
  doClocksAgree,
  holdsLease,
  isFresh,
  type RaftState,
  type Read,
  type ReadIndex,
} from '../../raft/index.ts';
import type { Applier } from '../applier.ts';
import type { ReadBasis, RequestMeter } from '../metrics/index.ts';
import { Call, type CallInit, type GivenUp } from './call.ts';
import type { Wait } from './requests.ts';

export interface ReadsParts<Q, A> {
  readonly state: RaftState;
  readonly clock: Clock;
  readonly applier: Pick<Applier<never, never, Q, A>, 'applied' | 'query'>;
  readonly maxQueuedReads: number;
  readonly meter: RequestMeter;
  /** What a read is refused with; undefined while the machine may be asked. */
  readonly refusal: () => CoxswainError | undefined;
  readonly startDeadline: (call: Call<A>, wait: Wait) => void;
  /** The core is to be told of reads: a turn is needed. */
  readonly wake: () => void;
}

const LEAST_SWEEP = 1024;

export class Reads<Q, A> {
  readonly #parts: ReadsParts<Q, A>;
  readonly #owner: ReadOwner<Q, A> = {
    describe: (consistency) => this.#describe(consistency),
    settled: (call) => this.#settled(call),
  };
  /** Those that are not settled. */
  readonly #open = new Set<ReadCall<Q, A>>();
  /** They wait for an index, in the order of their numbers. */
  #asked = new Deque<ReadCall<Q, A>>();
  /** They wait for the machine to come to an index that the core named. */
  #granted = new Deque<ReadCall<Q, A>>();
  /** They wait for it to come to one that the caller named. */
  #awaited: ReadCall<Q, A>[] = [];
  #issued = 0;
  #told = 0;

  constructor(parts: ReadsParts<Q, A>) {
    this.#parts = parts;
  }

  /** How many are not settled. */
  get waiting(): number {
    return this.#open.size;
  }

  /** How many are in a queue, settled or not: at most about twice as many as may wait. */
  get queued(): number {
    return this.#asked.length + this.#granted.length + this.#awaited.length;
  }

  read(query: Q, consistency: Consistency, wait: Wait): Promise<A> {
    return new Promise((resolve, reject) => {
      const begunMs = this.#parts.meter.readBegun(consistency);
      this.#checkTrust();
      this.#checkRoom();
      const init = { resolve, reject, signal: wait.signal };
      const call = new ReadCall<Q, A>(init, { query, consistency, begunMs }, this.#owner);
      this.#open.add(call);
      this.#begin(call, consistency);
      if (!call.settled) this.#parts.startDeadline(call, wait);
    });
  }

  /** Once a turn: what the core has not been told of. */
  take(): Read | undefined {
    if (this.#issued === this.#told) return undefined;
    this.#told = this.#issued;
    return { type: 'read', upTo: this.#told };
  }

  /** The core says how far the machine must have come. */
  grant({ index, upTo }: ReadIndex): void {
    for (let call = this.#asked.at(0); call !== undefined; call = this.#asked.at(0)) {
      if (call.number > upTo) break;
      this.#asked.drop(1);
      if (call.settled) continue;
      call.index = index;
      this.#granted.push(call);
    }
  }

  /** After every turn: answers what the machine has come far enough for. */
  check(): void {
    const { applied } = this.#parts.applier;
    for (let call = this.#granted.at(0); call !== undefined; call = this.#granted.at(0)) {
      if (call.index > applied && !call.settled) break;
      this.#granted.drop(1);
      this.#answer(call);
    }
    if (this.#awaited.length === 0) return;
    const due = this.#awaited.filter(({ index }) => index <= applied);
    this.#awaited = this.#awaited.filter(({ index, settled }) => index > applied && !settled);
    for (const call of due) this.#answer(call);
  }

  failAll(error: CoxswainError): void {
    for (const call of [...this.#open]) call.fail(error);
  }

  #begin(call: ReadCall<Q, A>, consistency: Consistency): void {
    if (consistency === 'local') {
      call.basis = 'local';
      return this.#answer(call);
    }
    if (consistency === 'linearizable') return this.#ask(call);
    if (consistency === 'lease') return this.#beginLease(call);
    if ('atLeastIndex' in consistency) {
      call.basis = 'awaited';
      call.index = consistency.atLeastIndex;
      if (this.#parts.applier.applied >= call.index) this.#answer(call);
      else this.#awaited.push(call);
      return;
    }
    this.#beginFresh(call, consistency.maxStalenessMs);
  }

  #ask(call: ReadCall<Q, A>): void {
    call.basis = 'index';
    call.number = this.#issue();
    this.#asked.push(call);
    const dead = this.queued - this.#open.size;
    if (dead <= LEAST_SWEEP || dead <= this.#open.size) return;
    this.#asked = withoutSettled(this.#asked);
    this.#granted = withoutSettled(this.#granted);
  }

  #issue(): number {
    this.#parts.wake();
    return ++this.#issued;
  }

  /** The state now shows all that was acknowledged so far, if the lease holds when all is done. */
  #beginLease(call: ReadCall<Q, A>): void {
    const { applier, state } = this.#parts;
    if (!this.#holdsLease()) return this.#ask(call);
    call.basis = 'lease';
    call.index = state.commit;
    if (applier.applied >= call.index) this.#answer(call);
    else this.#awaited.push(call);
  }

  #beginFresh(call: ReadCall<Q, A>, maxMs: number): void {
    const { clock, state } = this.#parts;
    const nowMs = clock.now();
    if (!doClocksAgree(state, nowMs, clock.wallMs()) || !isFresh(state, maxMs, nowMs)) {
      return this.#ask(call);
    }
    // The next ones should not have to wait, either.
    const { granted, wanted } = state.reading;
    const isAsking = this.#issued > this.#told || wanted > granted;
    if (!isAsking && !isFresh(state, maxMs / 2, nowMs)) this.#issue();
    call.basis = 'fresh';
    this.#answer(call);
  }

  #answer(call: ReadCall<Q, A>): void {
    if (call.settled) return;
    const answered = (answer: A) => {
      // However long the machine took, or the process slept: by now another may lead (RA12).
      if (!call.isByLease || this.#holdsLease()) return call.resolve(answer);
      if (!call.settled) this.#ask(call);
    };
    try {
      this.#parts.applier.query(call.query, answered, (cause) => call.fail(cause));
    } catch (cause) {
      call.fail(cause);
    }
  }

  #holdsLease(): boolean {
    const { clock, state } = this.#parts;
    return holdsLease(state, clock.now(), clock.wallMs());
  }

  #checkTrust(): void {
    const refusal = this.#parts.refusal();
    if (refusal === undefined) return;
    this.#parts.meter.readFailed(refusal);
    throw refusal;
  }

  #checkRoom(): void {
    const { maxQueuedReads } = this.#parts;
    if (this.#open.size < maxQueuedReads) return;
    const message = `${this.#open.size} reads wait, limits.maxQueuedReads is reached`;
    const details = { outcome: 'not-applied', retryable: true } as const;
    const error = new CoxswainError('ERR_QUEUE_FULL', message, details);
    this.#parts.meter.readFailed(error);
    throw error;
  }

  #settled(call: ReadCall<Q, A>): void {
    const { meter } = this.#parts;
    this.#open.delete(call);
    if (call.failure === undefined) meter.readAnswered(call.basis, call.begunMs);
    else meter.readFailed(call.failure);
  }

  #describe(consistency: Consistency): { text: string; isLeaderless: boolean } {
    const { applier, state } = this.#parts;
    const { applied } = applier;
    if (typeof consistency === 'object' && 'atLeastIndex' in consistency) {
      const { atLeastIndex } = consistency;
      const text = `entry ${atLeastIndex} is not applied here, only up to ${applied}`;
      return { text, isLeaderless: false };
    }
    const isLeaderless = consistency !== 'local' && state.leader === undefined;
    return { text: isLeaderless ? 'no leader was known' : 'no answer', isLeaderless };
  }
}

interface ReadOwner<Q, A> {
  describe(consistency: Consistency): { text: string; isLeaderless: boolean };
  settled(call: ReadCall<Q, A>): void;
}

type Asked<Q> = Pick<ReadCall<Q, never>, 'query' | 'consistency' | 'begunMs'>;

class ReadCall<Q, A> extends Call<A> {
  readonly query: Q;
  readonly consistency: Consistency;
  readonly begunMs: number;
  /** Its number; 0 while it was not asked for. */
  number = 0;
  /** How far the machine must have come. */
  index = 0;
  /** What its answer will rest on. */
  basis: ReadBasis = 'local';
  failure: unknown;
  readonly #owner: ReadOwner<Q, A>;

  constructor(init: CallInit<A>, asked: Asked<Q>, owner: ReadOwner<Q, A>) {
    super(init);
    this.query = asked.query;
    this.consistency = asked.consistency;
    this.begunMs = asked.begunMs;
    this.#owner = owner;
  }

  get isByLease(): boolean {
    return this.basis === 'lease';
  }

  override fail(error: unknown): void {
    if (!this.settled) this.failure = error ?? new TypeError('the query failed with nothing');
    super.fail(error);
  }

  protected override errorOf(code: GivenUp): CoxswainError {
    const { isLeaderless, text } = this.#owner.describe(this.consistency);
    const details = { outcome: 'not-applied', retryable: true } as const;
    if (code === 'ERR_ABORTED') {
      return new CoxswainError(code, `the caller stopped waiting: ${text}`, details);
    }
    return new CoxswainError(isLeaderless ? 'ERR_NO_LEADER' : code, `${text} in time`, details);
  }

  protected override onSettled(): void {
    this.#owner.settled(this);
  }
}

/** One that waits for long must not keep all that were given up behind it. */
function withoutSettled<T extends { readonly settled: boolean }>(queue: Deque<T>): Deque<T> {
  const kept = new Deque<T>();
  for (const item of queue.clear()) if (!item.settled) kept.push(item);
  return kept;
}
