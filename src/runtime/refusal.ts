// What an entry comes to that was logged and then not done: the error of whoever waits for it.
import type { CoxswainError } from '../errors.ts';

export class Refusal {
  readonly error: CoxswainError;

  constructor(error: CoxswainError) {
    this.error = error;
  }
}
