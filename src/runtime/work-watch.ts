// Since when the machine has owed an answer.
import type { Clock } from '../contracts/index.ts';

export class WorkWatch {
  readonly #clock: Pick<Clock, 'now'>;
  #count = 0;
  #sinceMs = Number.POSITIVE_INFINITY;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** `clock.now()` when it was asked, or last gave one of several answers; Infinity when idle. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  begin(): void {
    this.#count++;
    if (this.#count === 1) this.#sinceMs = this.#clock.now();
  }

  end(): void {
    this.#count--;
    this.#sinceMs = this.#count > 0 ? this.#clock.now() : Number.POSITIVE_INFINITY;
  }
}
