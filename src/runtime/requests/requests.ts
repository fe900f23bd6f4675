// What callers ask of a node, from the call to its settlement: proposals, reads, conditions.
import type { Clock, Codec, Consistency, Proposed } from '../../contracts/index.ts';
import { CoxswainError } from '../../errors.ts';
import type { RaftState } from '../../raft/index.ts';
import type { Applier } from '../applier.ts';
import type { ForwardedKind } from '../wire/index.ts';
import { Call, type CallInit, type GivenUp } from './call.ts';
import { Deadlines, type Expiring } from './deadlines.ts';
import type { Forwarding } from './forwarding.ts';
import type { Proposals } from './proposals.ts';
import { commandTooLarge, LocalTicket, type Ticket, type TicketOwner } from './ticket.ts';
import { Waiter, Waiters } from './waiters.ts';

export interface Wait {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
}

export interface RequestsParts<C, R, Q, A> {
  readonly state: RaftState;
  readonly clock: Clock;
  readonly codec: Codec<C>;
  readonly maxCommandBytes: number;
  readonly proposals: Proposals;
  readonly forwarding: Forwarding;
  readonly applier: Applier<C, R, Q, A>;
  /** Something is queued: a turn is needed. */
  readonly wake: () => void;
}

const NO_BODY = new Uint8Array(0);

export class Requests<C, R, Q, A> implements TicketOwner {
  readonly #parts: RequestsParts<C, R, Q, A>;
  readonly #deadlines = new Deadlines();
  readonly #waiters = new Waiters();
  readonly #reads = new Set<ReadCall<A>>();

  constructor(parts: RequestsParts<C, R, Q, A>) {
    this.#parts = parts;
  }

  propose(command: C, wait: Wait): Promise<Proposed<R>> {
    return this.#enqueue('command', this.encode(command), wait);
  }

  /** Linearizable: a mark in the log, then the machine once it has applied the mark (§6.4). */
  read(query: Q, consistency: Consistency, wait: Wait): Promise<A> {
    return new Promise((resolve, reject) => {
      const call = new ReadCall<A>({ resolve, reject, signal: wait.signal }, this.#reads);
      this.startDeadline(call, wait);
      const answer = () => {
        if (call.settled) return;
        this.#parts.applier.query(query).then(
          (value) => call.resolve(value),
          (cause: unknown) => call.fail(cause),
        );
      };
      if (consistency === 'local') return answer();
      this.#enqueue('noop', NO_BODY, wait)
        .then(({ index }) => this.#untilApplied(index, wait))
        .then(answer)
        .catch((cause: unknown) => call.fail(cause));
    });
  }

  waitFor<T>(look: () => T | undefined, wait: Wait): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiter = new Waiter<T>({ resolve, reject, signal: wait.signal, look });
      this.startDeadline(waiter, wait);
      this.#waiters.add(waiter);
    });
  }

  /** After every turn. */
  check(): void {
    this.#waiters.check();
  }

  expire(nowMs: number): void {
    this.#deadlines.expire(nowMs);
  }

  nextExpiry(): number {
    return this.#deadlines.next();
  }

  failAll(error: CoxswainError): void {
    this.#waiters.failAll(error);
    for (const read of this.#reads) read.fail(error);
  }

  knowsLeader(): boolean {
    return this.#parts.state.leader !== undefined;
  }

  ticketSettled(ticket: Ticket): void {
    this.#parts.proposals.settled(ticket);
    if (ticket.place === 'forwarded') this.#parts.forwarding.forget(ticket);
  }

  #enqueue(kind: ForwardedKind, body: Uint8Array, wait: Wait): Promise<Proposed<R>> {
    const { signal, timeoutMs } = wait;
    return new Promise((resolve, reject) => {
      this.enqueue<R>({ kind, body }, { resolve, reject, signal }, timeoutMs);
    });
  }

  /** Asks for one entry, here or at the leader. Throws ERR_QUEUE_FULL. */
  enqueue<T>(
    entry: { readonly kind: ForwardedKind; readonly body: Uint8Array },
    init: CallInit<Proposed<T>>,
    timeoutMs: number,
  ): LocalTicket<T> {
    const { proposals } = this.#parts;
    proposals.checkRoom(entry.body.length);
    const ticket = new LocalTicket<T>(init, entry, this);
    this.startDeadline(ticket, { signal: init.signal, timeoutMs });
    proposals.enqueue(ticket);
    return ticket;
  }

  #untilApplied(index: number, wait: Wait): Promise<true> {
    const { applier } = this.#parts;
    return this.waitFor(() => (applier.applied >= index ? true : undefined), wait);
  }

  /** The call fails when its time runs out. */
  startDeadline<T>(call: Call<T>, { timeoutMs }: Wait): void {
    this.later(call, timeoutMs);
  }

  /** `item` expires after that time, unless it is settled by then. */
  later(item: Expiring, delayMs: number): void {
    this.#deadlines.add(item, this.#parts.clock.now(), delayMs);
    this.#parts.wake();
  }

  /** Throws ERR_COMMAND_ENCODING or ERR_COMMAND_TOO_LARGE. */
  encode(command: C): Uint8Array {
    const { codec, maxCommandBytes } = this.#parts;
    let body: Uint8Array;
    try {
      body = codec.encode(command);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      const message = `the command does not encode: ${text}`;
      throw new CoxswainError('ERR_COMMAND_ENCODING', message, { cause, outcome: 'not-applied' });
    }
    if (body.length > maxCommandBytes) throw commandTooLarge(body.length, maxCommandBytes);
    return body;
  }
}

class ReadCall<A> extends Call<A> {
  readonly #open: Set<ReadCall<A>>;

  constructor(init: CallInit<A>, open: Set<ReadCall<A>>) {
    super(init);
    this.#open = open;
    open.add(this);
  }

  protected override errorOf(code: GivenUp): CoxswainError {
    const message = code === 'ERR_TIMEOUT' ? 'no answer in time' : 'the caller stopped waiting';
    return new CoxswainError(code, message, { outcome: 'not-applied', retryable: true });
  }

  protected override onSettled(): void {
    this.#open.delete(this);
  }
}
