// What callers ask of a node, from the call to its settlement: proposals and conditions.
import type { Clock, Codec, Proposed } from '../../contracts/index.ts';
import { CoxswainError } from '../../errors.ts';
import type { RaftState } from '../../raft/index.ts';
import type { RequestMeter } from '../metrics/index.ts';
import type { ForwardedKind } from '../wire/index.ts';
import type { Call, CallInit } from './call.ts';
import { Deadlines, type Expiring } from './deadlines.ts';
import type { Forwarding } from './forwarding.ts';
import type { Proposals } from './proposals.ts';
import { commandTooLarge, LocalTicket, type Ticket, type TicketOwner } from './ticket.ts';
import { Waiter, Waiters } from './waiters.ts';

export interface Wait {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
}

export interface RequestsParts<C> {
  readonly state: RaftState;
  readonly clock: Clock;
  readonly codec: Codec<C>;
  readonly maxCommandBytes: number;
  readonly proposals: Proposals;
  readonly forwarding: Forwarding;
  readonly meter: RequestMeter;
  /** Something is queued: a turn is needed. */
  readonly wake: () => void;
}

export class Requests<C, R> implements TicketOwner {
  readonly #parts: RequestsParts<C>;
  readonly #deadlines = new Deadlines();
  readonly #waiters = new Waiters();

  constructor(parts: RequestsParts<C>) {
    this.#parts = parts;
  }

  propose(command: C, wait: Wait): Promise<Proposed<R>> {
    return this.#enqueue('command', this.encode(command), wait);
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
  }

  knowsLeader(): boolean {
    return this.#parts.state.leader !== undefined;
  }

  ticketSettled(ticket: Ticket, begunMs: number, failure: unknown): void {
    this.#parts.meter.proposalSettled(begunMs, failure);
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
    const { meter, proposals } = this.#parts;
    try {
      proposals.checkRoom(entry.body.length);
    } catch (error) {
      throw this.#refused(error);
    }
    const ticket = new LocalTicket<T>(init, entry, this);
    ticket.begunMs = meter.proposalBegun();
    this.startDeadline(ticket, { signal: init.signal, timeoutMs });
    proposals.enqueue(ticket);
    return ticket;
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
      const details = { cause, outcome: 'not-applied' } as const;
      throw this.#refused(new CoxswainError('ERR_COMMAND_ENCODING', message, details));
    }
    if (body.length <= maxCommandBytes) return body;
    throw this.#refused(commandTooLarge(body.length, maxCommandBytes));
  }

  /** Nothing waits for it yet. */
  #refused(error: unknown): unknown {
    this.#parts.meter.proposalRefused(error);
    return error;
  }
}
