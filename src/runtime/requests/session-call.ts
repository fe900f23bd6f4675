// One call of a session: the same entry, asked for again until an answer comes, time runs out, or
// there is no hope. The log sorts out the repeats.
import type { Proposed } from '../../contracts/index.ts';
import { CoxswainError, type ErrorCode, type Outcome } from '../../errors.ts';
import type { ForwardedKind } from '../wire/index.ts';
import { Call, type CallInit, type GivenUp } from './call.ts';
import type { Expiring } from './deadlines.ts';
import type { LocalTicket } from './ticket.ts';

export interface SessionCallParts {
  /** Asks for one entry. Throws when there is no room for it. */
  readonly enqueue: (
    entry: SessionEntry,
    init: CallInit<Proposed<unknown>>,
    timeoutMs: number,
  ) => LocalTicket<unknown>;
  readonly later: (item: Expiring, delayMs: number) => void;
  readonly knowsLeader: () => boolean;
  /** How long the first attempt may take; after one that took so long the next has twice that. */
  readonly firstAttemptMs: number;
  /** Between a refusal and the next attempt. */
  readonly pauseMs: number;
}

export interface SessionEntry {
  readonly kind: ForwardedKind;
  readonly body: Uint8Array;
}

/** What is asked for, and who wants to know. */
export interface SessionQuestion<T> {
  readonly entry: SessionEntry;
  /** Of the command that it is about, if it is about one. */
  readonly sequence: number | undefined;
  readonly read: (answer: Proposed<unknown>) => T;
  /** Once; `isKnown` says that the fate of its sequence is. */
  readonly onEnd: (isKnown: boolean) => void;
}

export type SessionCallInit<T> = CallInit<T> & SessionQuestion<T>;

const LONGEST_ATTEMPT_MS = 2 ** 31 - 1;

export class SessionCall<T> extends Call<T> {
  readonly #init: SessionCallInit<T>;
  readonly #parts: SessionCallParts;
  #ticket: LocalTicket<unknown> | undefined;
  #attemptMs: number;
  /** No attempt so far has left an entry that may be applied. */
  #isSure: boolean;
  #isAnswered = false;

  constructor(init: SessionCallInit<T>, parts: SessionCallParts) {
    super(init);
    this.#init = init;
    this.#parts = parts;
    this.#attemptMs = parts.firstAttemptMs;
    // A fence is about a command that was sent before.
    this.#isSure = init.entry.kind !== 'fence';
  }

  attempt(): void {
    if (this.settled) return;
    const init = {
      resolve: (answer: Proposed<unknown>) => this.#answered(answer),
      reject: (error: unknown) => this.#refused(error),
      signal: undefined,
    };
    try {
      this.#ticket = this.#parts.enqueue(this.#init.entry, init, this.#attemptMs);
    } catch (error) {
      this.#refused(error);
    }
  }

  /** There is nobody left who could answer. */
  end({ code, message }: CoxswainError): void {
    this.fail(this.#error(code, message, { retryable: false }));
  }

  protected override errorOf(code: GivenUp): CoxswainError {
    if (code === 'ERR_ABORTED') return this.#error(code, 'the caller stopped waiting');
    if (this.#outcome() === 'unknown' || this.#parts.knowsLeader()) {
      return this.#error(code, 'no answer in time');
    }
    return this.#error('ERR_NO_LEADER', 'no leader was known in time');
  }

  protected override onSettled(): void {
    this.#init.onEnd(this.#isAnswered || this.#outcome() === 'not-applied');
    const ticket = this.#ticket;
    this.#ticket = undefined;
    // Should it still wait in a queue, it must not enter a log any more.
    ticket?.fail(undefined);
  }

  #answered(answer: Proposed<unknown>): void {
    if (this.settled) return;
    this.#ticket = undefined;
    try {
      const value = this.#init.read(answer);
      this.#isAnswered = true;
      this.resolve(value);
    } catch (cause) {
      this.#isSure = false;
      const message = `applied by index ${answer.index}, but its result cannot be decoded`;
      const details = { cause, index: answer.index, retryable: false };
      this.fail(this.#error('ERR_COMMAND_ENCODING', message, details));
    }
  }

  #refused(cause: unknown): void {
    if (this.settled) return;
    this.#ticket = undefined;
    const known = cause instanceof CoxswainError ? cause : undefined;
    if (known?.outcome !== 'not-applied') this.#isSure = false;
    if (known === undefined) return this.fail(cause);
    const { code, index, message, retryable } = known;
    // What the log itself refused it would refuse again.
    const isFinal = !retryable || (code === 'ERR_QUEUE_FULL' && index !== undefined);
    if (isFinal) return this.fail(this.#error(code, message, { cause, index, retryable }));
    if (code === 'ERR_TIMEOUT' || code === 'ERR_NO_LEADER') {
      this.#attemptMs = Math.min(2 * this.#attemptMs, LONGEST_ATTEMPT_MS);
      return this.attempt();
    }
    this.#parts.later(new Pause(this), this.#parts.pauseMs);
  }

  #outcome(): Outcome {
    const isOut = this.#ticket !== undefined && this.#ticket.place !== 'queued';
    return this.#isSure && !isOut ? 'not-applied' : 'unknown';
  }

  #error(
    code: ErrorCode,
    why: string,
    more: { cause?: unknown; index?: number | undefined; retryable?: boolean } = {},
  ): CoxswainError {
    const outcome = this.#outcome();
    const { cause, index, retryable = true } = more;
    return new CoxswainError(code, why, {
      ...{ outcome, retryable, cause, sequence: this.#init.sequence },
      ...(index === undefined ? {} : { index }),
    });
  }
}

/** Between two attempts. */
class Pause implements Expiring {
  readonly #call: { readonly settled: boolean; attempt(): void };
  dueMs: number = Number.POSITIVE_INFINITY;

  constructor(call: { readonly settled: boolean; attempt(): void }) {
    this.#call = call;
  }

  get settled(): boolean {
    return this.#call.settled;
  }

  expire(): void {
    this.#call.attempt();
  }
}
