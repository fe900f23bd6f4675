// A fixed number of clients, each of which proposes again as soon as it has its answer.
import { Latencies } from './latencies.ts';
import type { Propose } from './services.ts';

/** With many clients only one command in so many is timed: the clock itself costs. */
const TIMED_ONE_IN = 8;
const ALL_TIMED_UP_TO = 4;

export class ClosedLoop {
  readonly latencies: Latencies = new Latencies();
  readonly #propose: Propose;
  readonly #clients: number;
  readonly #timedOneIn: number;
  #proposed = 0;
  #done = 0;
  #over = false;

  constructor(propose: Propose, clients: number) {
    this.#propose = propose;
    this.#clients = clients;
    this.#timedOneIn = clients <= ALL_TIMED_UP_TO ? 1 : TIMED_ONE_IN;
  }

  /** Resolves after the window, once every client has its last answer. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#clients }, () => this.#client()));
  }

  startWindow(): number {
    this.latencies.clear();
    this.#done = 0;
    return performance.now();
  }

  endWindow(): { readonly endMs: number; readonly done: number } {
    this.#over = true;
    return { endMs: performance.now(), done: this.#done };
  }

  async #client(): Promise<void> {
    while (!this.#over) {
      const timed = this.#proposed++ % this.#timedOneIn === 0;
      const startMs = timed ? performance.now() : 0;
      await this.#propose();
      this.#done++;
      if (timed && !this.#over) this.latencies.record(performance.now() - startMs);
    }
  }
}
