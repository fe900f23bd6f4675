// Commands at a fixed rate. Latency counts from when a command was due, not when this loop came
// round to sending it: a stall is seen by every command that fell into it (coordinated omission).
import { Latencies } from './latencies.ts';
import type { OpenSpec } from './row-types.ts';
import type { Act } from './services.ts';

export interface OpenLoopResult {
  readonly latencies: Latencies;
  readonly startMs: number;
  /** When the last answer came. */
  readonly endMs: number;
  readonly done: number;
  readonly refused: number;
}

export function openLoop(act: Act, spec: OpenSpec): Promise<OpenLoopResult> {
  return new Promise((resolve) => new Arrivals(act, spec, resolve).pump());
}

class Arrivals {
  readonly #act: Act;
  readonly #perMs: number;
  readonly #total: number;
  readonly #resolve: (result: OpenLoopResult) => void;
  readonly #latencies = new Latencies();
  readonly #firstMs = performance.now();
  #sent = 0;
  #answered = 0;
  #refused = 0;

  constructor(
    act: Act,
    { perSecond, windowMs }: OpenSpec,
    resolve: (result: OpenLoopResult) => void,
  ) {
    this.#act = act;
    this.#perMs = perSecond / 1000;
    this.#total = Math.max(1, Math.floor(this.#perMs * windowMs));
    this.#resolve = resolve;
  }

  /** Sends what is due, and comes back at the next turn of the event loop. */
  pump(): void {
    const elapsedMs = performance.now() - this.#firstMs;
    const due = Math.min(this.#total, Math.floor(elapsedMs * this.#perMs) + 1);
    while (this.#sent < due) this.#send(this.#firstMs + this.#sent++ / this.#perMs);
    if (this.#sent < this.#total) setImmediate(() => this.pump());
  }

  #send(dueMs: number): void {
    this.#act().then(
      () => {
        this.#latencies.record(performance.now() - dueMs);
        this.#answer();
      },
      () => {
        this.#refused++;
        this.#answer();
      },
    );
  }

  #answer(): void {
    if (++this.#answered < this.#total) return;
    this.#resolve({
      latencies: this.#latencies,
      startMs: this.#firstMs,
      endMs: performance.now(),
      done: this.#total - this.#refused,
      refused: this.#refused,
    });
  }
}
