// A clock that the test moves by hand: nothing runs unless it is asked to.
import type { Cancel, Clock } from '../../../src/contracts/index.ts';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export class HandClock implements Clock {
  #nowMs = 0;
  #soon: (() => void)[] = [];
  #timers: Timer[] = [];

  now(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Cancel {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  /** Runs what is due at once, once. */
  turn(): void {
    const due = this.#soon;
    this.#soon = [];
    for (const callback of due) callback();
  }

  /** Moves on by `ms`, through every timer on the way, in the order in which they are due. */
  pass(ms: number): void {
    const end = this.#nowMs + ms;
    for (let next = this.#take(end); next !== undefined; next = this.#take(end)) {
      this.#nowMs = next.dueMs;
      next.callback();
    }
    this.#nowMs = end;
  }

  #take(end: number): Timer | undefined {
    const [first] = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs);
    if (first === undefined || first.dueMs > end) return undefined;
    this.#timers = this.#timers.filter((each) => each !== first);
    return first;
  }
}
