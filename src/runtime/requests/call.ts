// A caller that waits for one answer: settled once, by the answer, its signal, its deadline or an
// error, whichever comes first.
import type { CoxswainError } from '../../errors.ts';
import type { Expiring } from './deadlines.ts';

export interface CallInit<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
}

/** Why waiting ended without an answer. */
export type GivenUp = 'ERR_ABORTED' | 'ERR_TIMEOUT';

export abstract class Call<T> implements Expiring {
  readonly #init: CallInit<T>;
  readonly #abort: (() => void) | undefined;
  dueMs: number = Number.POSITIVE_INFINITY;
  #settled = false;

  constructor(init: CallInit<T>) {
    this.#init = init;
    if (init.signal === undefined) return;
    this.#abort = () => this.fail(this.errorOf('ERR_ABORTED'));
    init.signal.addEventListener('abort', this.#abort, { once: true });
  }

  get settled(): boolean {
    return this.#settled;
  }

  resolve(value: T): void {
    if (this.#settled) return;
    this.#settle();
    this.#init.resolve(value);
  }

  fail(error: unknown): void {
    if (this.#settled) return;
    this.#settle();
    this.#init.reject(error);
  }

  expire(): void {
    this.fail(this.errorOf('ERR_TIMEOUT'));
  }

  protected abstract errorOf(code: GivenUp): CoxswainError;

  /** Called once, just before the caller learns the outcome. */
  protected onSettled(): void {}

  #settle(): void {
    this.#settled = true;
    if (this.#abort !== undefined) this.#init.signal?.removeEventListener('abort', this.#abort);
    this.onSettled();
  }
}
