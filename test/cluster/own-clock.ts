// One process's clock among several, on the one that the test moves.
import type { Clock } from 'coxswain';
import type { ManualClock } from 'coxswain/testkit';

/** The clock of one process: it may stand still, sleep, or have its wall clock set. */
export class OwnClock implements Clock {
  readonly #inner: ManualClock;
  /** What wants to run while the process is stalled; undefined while it is not. */
  #waiting: (() => void)[] | undefined;
  wallAheadMs = 0;
  timersFired = 0;
  /** How fast its monotonic clock runs, and by how much its timers fire too late or too early. */
  rate = 1;
  offMs = 0;

  constructor(inner: ManualClock) {
    this.#inner = inner;
  }

  now = () => this.#inner.now() * this.rate;
  wallMs = () => this.#inner.wallMs() + this.wallAheadMs;
  soon = (callback: () => void) => this.#inner.soon(() => this.#run(callback));
  after = (delayMs: number, callback: () => void) =>
    this.#inner.after(delayMs / this.rate + this.offMs, () => {
      this.timersFired++;
      this.#run(callback);
    });

  /** Its event loop runs nothing until it is told to go on. */
  stall(): void {
    this.#waiting ??= [];
  }

  goOn(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const callback of waiting) callback();
  }

  #run(callback: () => void): void {
    if (this.#waiting === undefined) callback();
    else this.#waiting.push(callback);
  }
}
