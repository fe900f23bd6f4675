// A fixed number of clients, each of which acts again as soon as it has its answer.
import { Latencies } from './latencies.ts';
import type { Act } from './services.ts';

/** With many clients only one call in so many is timed: the clock itself costs. */
const TIMED_ONE_IN = 8;
const ALL_TIMED_UP_TO = 4;

export class ClosedLoop {
  readonly latencies: Latencies = new Latencies();
  readonly #act: Act;
  readonly #clients: number;
  readonly #timedOneIn: number;
  #begun = 0;
  #done = 0;
  #over = false;

  constructor(act: Act, clients: number) {
    this.#act = act;
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
      const timed = this.#begun++ % this.#timedOneIn === 0;
      const startMs = timed ? performance.now() : 0;
      await this.#act();
      this.#done++;
      if (timed && !this.#over) this.latencies.record(performance.now() - startMs);
    }
  }
}
