// Callers that wait for a condition of this node: looked at after every turn.
import { CoxswainError } from '../../errors.ts';
import { Call, type CallInit, type GivenUp } from './call.ts';

export interface WaiterInit<T> extends CallInit<T> {
  /** Undefined as long as there is reason to wait. */
  readonly look: () => T | undefined;
}

export class Waiter<T> extends Call<T> {
  readonly #look: () => T | undefined;

  constructor(init: WaiterInit<T>) {
    super(init);
    this.#look = init.look;
  }

  /** True when there is no reason to look again. */
  check(): boolean {
    const value = this.settled ? undefined : this.#look();
    if (value !== undefined) this.resolve(value);
    return this.settled;
  }

  protected override errorOf(code: GivenUp): CoxswainError {
    const message = code === 'ERR_TIMEOUT' ? 'not reached in time' : 'the caller stopped waiting';
    return new CoxswainError(code, message, { outcome: 'not-applied', retryable: true });
  }
}

/** The waiters of one node. */
export class Waiters {
  #waiters: { check(): boolean; fail(error: CoxswainError): void }[] = [];

  add<T>(waiter: Waiter<T>): void {
    if (!waiter.check()) this.#waiters.push(waiter);
  }

  check(): void {
    if (this.#waiters.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !waiter.check());
  }

  failAll(error: CoxswainError): void {
    for (const waiter of this.#waiters) waiter.fail(error);
    this.#waiters = [];
  }
}
