// A clock that stands still until it is told to go on: no test needs to sleep.
import type { Cancel, Clock } from '../contracts/index.ts';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Rounds of callbacks in one call of `settle` before it gives up: a count. */
const MAX_ROUNDS = 100_000;

export class ManualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #soon: (() => void)[] = [];
  readonly #timers = new Set<Timer>();
  readonly #epochMs: number;

  /** `epochMs`: the wall clock at the start, in ms. Default: 2020-01-01. */
  constructor(epochMs: number = Date.UTC(2020, 0, 1)) {
    this.#epochMs = epochMs;
  }

  now(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#epochMs + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Cancel {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  /** How many timers are pending. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Lets everything happen that needs no time: callbacks, and promises between them. */
  async settle(): Promise<void> {
    await nextMacrotask();
    for (let round = 0; this.#soon.length > 0; round++) {
      if (round === MAX_ROUNDS) throw new Error('it does not settle');
      const due = this.#soon;
      this.#soon = [];
      for (const callback of due) callback();
      await nextMacrotask();
    }
  }

  /** Moves on by `ms`; every timer on the way fires at its own time, and all settles in between. */
  async advance(ms: number): Promise<void> {
    const target = this.#nowMs + ms;
    await this.settle();
    for (let timer = this.#next(target); timer !== undefined; timer = this.#next(target)) {
      this.#timers.delete(timer);
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
      timer.callback();
      await this.settle();
    }
    this.#nowMs = target;
  }

  /** Moves on, in steps of `stepMs`, until `done` says so; throws after `limitMs`. */
  async until(done: () => boolean, limitMs = 60_000, stepMs = 5): Promise<void> {
    await this.settle();
    for (let passed = 0; !done(); passed += stepMs) {
      if (passed >= limitMs) throw new Error(`not so within ${limitMs} ms`);
      await this.advance(stepMs);
    }
  }

  #next(target: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > target) continue;
      if (next === undefined || timer.dueMs < next.dueMs) next = timer;
      else if (timer.dueMs === next.dueMs && timer.order < next.order) next = timer;
    }
    return next;
  }
}

function nextMacrotask(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
