// A caller that waits for the cluster to become what it asked for: looked at after every turn.
import { CoxswainError, type ErrorCode } from '../../errors.ts';
import { Call, type GivenUp } from './call.ts';

export abstract class Operation<T> extends Call<T> {
  /** Settles the call if there is no reason to wait any longer. */
  abstract check(): void;

  /** What is known of what was asked for, for whoever waits no more. */
  protected abstract describe(): { readonly text: string; readonly index: number };

  protected override errorOf(code: GivenUp): CoxswainError {
    const why = code === 'ERR_TIMEOUT' ? 'not done in time' : 'the caller stopped waiting';
    return this.#error(code, why, true);
  }

  /** The node is no longer there to see to it. */
  end({ code, message }: CoxswainError): void {
    this.fail(this.#error(code, message, false));
  }

  #error(code: ErrorCode, why: string, retryable: boolean): CoxswainError {
    const { index, text } = this.describe();
    return new CoxswainError(code, `${why}: ${text}`, {
      outcome: index > 0 ? 'unknown' : 'not-applied',
      retryable,
      ...(index > 0 ? { index } : {}),
    });
  }
}
