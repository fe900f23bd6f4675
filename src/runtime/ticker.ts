// Lets the machine's due times fall due: the leader logs a `tick` when its wall clock has come so
// far, one at a time, and no more than one a heartbeat, whatever the machine says.
import type { Clock } from '../contracts/index.ts';
import type { RaftState } from '../raft/index.ts';
import type { Proposals, Ticket, TicketPlace } from './requests/index.ts';

export interface TickerParts {
  readonly state: RaftState;
  readonly clock: Clock;
  readonly proposals: Proposals;
  readonly wake: () => void;
}

const NO_BODY = new Uint8Array(0);

export class Ticker {
  readonly #parts: TickerParts;
  /** By the wall clock, in whole ms as entries are stamped; Infinity for never. */
  #dueMs = Number.POSITIVE_INFINITY;
  /** Since when the next one may be logged, by the monotonic clock. */
  #restedMs = Number.NEGATIVE_INFINITY;
  #underWay: TickTicket | undefined;

  constructor(parts: TickerParts) {
    this.#parts = parts;
  }

  /** What the machine of this leader says now. */
  due(wallMs: number | undefined): void {
    this.#dueMs = Math.ceil(wallMs ?? Number.POSITIVE_INFINITY);
  }

  /** Another leader sees to it; what is in the log already comes of itself. */
  stepDown(): void {
    const ticket = this.#underWay;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#underWay = undefined;
    if (ticket?.place === 'queued') ticket.fail();
  }

  expire(nowMs: number): void {
    if (this.#dueMs === Number.POSITIVE_INFINITY) return;
    const { clock, proposals, state, wake } = this.#parts;
    if (Math.floor(clock.wallMs()) < this.#dueMs || nowMs < this.#restedMs) return;
    if (this.#underWay !== undefined || state.role !== 'leader') return;
    this.#restedMs = nowMs + state.options.heartbeatMs;
    this.#underWay = new TickTicket((ticket) => {
      proposals.settled(ticket);
      if (this.#underWay === ticket) this.#underWay = undefined;
    });
    proposals.enqueue(this.#underWay);
    wake();
  }

  /** When `expire` has something to do, by the monotonic clock; Infinity for never. */
  nextExpiry(): number {
    const { clock, state } = this.#parts;
    const isIdle = this.#underWay !== undefined || state.role !== 'leader';
    if (isIdle || this.#dueMs === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    const delayMs = Math.max(this.#dueMs - clock.wallMs(), 0);
    return Math.max(clock.now() + delayMs, this.#restedMs);
  }
}

/** Nobody waits for it but the ticker itself. */
class TickTicket implements Ticket {
  readonly kind = 'tick';
  readonly body = NO_BODY;
  place: TicketPlace = 'queued';
  index = 0;
  term = 0;
  request = 0;
  settled = false;
  readonly #onSettled: (ticket: TickTicket) => void;

  constructor(onSettled: (ticket: TickTicket) => void) {
    this.#onSettled = onSettled;
  }

  applied(): void {
    this.fail();
  }

  fail(): void {
    if (this.settled) return;
    this.settled = true;
    this.#onSettled(this);
  }
}
