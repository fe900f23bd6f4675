// One who waits for an entry: queued, then in a log or sent to the leader, then settled, once.
import type { Proposed } from '../../contracts/index.ts';
import { CoxswainError, type ErrorCode } from '../../errors.ts';
import { Refusal } from '../refusal.ts';
import type { ForwardedKind } from '../wire/index.ts';
import { Call, type CallInit, type GivenUp } from './call.ts';

/** `queued`: no log has it. `forwarded`: the leader may have it. `logged`: ours has or had it. */
export type TicketPlace = 'queued' | 'forwarded' | 'logged';

/** Kinds of entries that a leader logs by itself. */
export type OwnKind = 'tick' | 'verify' | 'version';

/** What is the leader's own is not asked for by others. */
export type TicketKind = ForwardedKind | OwnKind;

export interface Ticket {
  readonly kind: TicketKind;
  readonly body: Uint8Array;
  place: TicketPlace;
  /** Position in the log once `logged`; 0 before. */
  index: number;
  term: number;
  /** The number it was forwarded under; 0 before. */
  request: number;
  readonly settled: boolean;
  /** The entry was applied here; a Refusal when it was only looked at. */
  applied(result: unknown, index: number, term: number): void;
  fail(error: CoxswainError): void;
}

/** What befell a ticket that will not be waited for any longer. */
export function ticketError(
  ticket: Ticket,
  code: ErrorCode,
  message: string,
  cause?: unknown,
): CoxswainError {
  const unknown = ticket.place !== 'queued';
  return new CoxswainError(code, unknown ? `${message}; it may have been applied` : message, {
    outcome: unknown ? 'unknown' : 'not-applied',
    retryable: retryableCodes.includes(code),
    ...(ticket.index > 0 ? { index: ticket.index } : {}),
    ...(cause === undefined ? {} : { cause }),
  });
}

const retryableCodes: readonly ErrorCode[] = [
  ...(['ERR_NO_LEADER', 'ERR_TIMEOUT', 'ERR_ABORTED', 'ERR_LEADERSHIP_LOST'] as const),
];

export function commandTooLarge(bytes: number, most: number): CoxswainError {
  const message = `the command takes ${bytes} bytes; limits.maxCommandBytes is ${most}`;
  return new CoxswainError('ERR_COMMAND_TOO_LARGE', message, { outcome: 'not-applied' });
}

/** Who issues local tickets. */
export interface TicketOwner {
  /** Is a leader known? Tells "no leader" from "too slow" when time runs out. */
  knowsLeader(): boolean;
  /**
   * Called once for each ticket, when it is settled: with its owner's own note, and what it failed
   * with, or undefined if it was answered.
   */
  ticketSettled(ticket: Ticket, begunMs: number, failure: unknown): void;
}

/** The ticket of a caller in this process. */
export class LocalTicket<R> extends Call<Proposed<R>> implements Ticket {
  readonly kind: ForwardedKind;
  readonly body: Uint8Array;
  place: TicketPlace = 'queued';
  index = 0;
  term = 0;
  request = 0;
  /** Its owner's note of when it was asked for. */
  begunMs = 0;
  readonly #owner: TicketOwner;
  #failure: unknown;

  constructor(
    init: CallInit<Proposed<R>>,
    entry: { readonly kind: ForwardedKind; readonly body: Uint8Array },
    owner: TicketOwner,
  ) {
    super(init);
    this.kind = entry.kind;
    this.body = entry.body;
    this.#owner = owner;
  }

  applied(result: unknown, index: number, term: number): void {
    if (result instanceof Refusal) this.fail(result.error);
    else this.resolve({ result: result as R, index, term });
  }

  override fail(error: unknown): void {
    this.#failure = error;
    super.fail(error);
  }

  protected override errorOf(code: GivenUp): CoxswainError {
    if (code === 'ERR_ABORTED') return ticketError(this, code, 'the caller stopped waiting');
    if (this.place !== 'queued' || this.#owner.knowsLeader()) {
      return ticketError(this, code, 'no answer in time');
    }
    return ticketError(this, 'ERR_NO_LEADER', 'no leader was known in time');
  }

  protected override onSettled(): void {
    this.#owner.ticketSettled(this, this.begunMs, this.#failure);
  }
}
