// How much of a stretch of time the main thread spent collecting garbage.
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

export class GcWatch {
  readonly #pauses: { readonly startMs: number; readonly ms: number }[] = [];
  readonly #observer: PerformanceObserver;

  constructor() {
    this.#observer = new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) {
        this.#pauses.push({ startMs: startTime, ms: duration });
      }
    });
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  async count(startMs: number, endMs: number): Promise<number> {
    return (await this.#within(startMs, endMs)).length;
  }

  async share(startMs: number, endMs: number): Promise<number> {
    const pauses = await this.#within(startMs, endMs);
    return pauses.reduce((sum, { ms }) => sum + ms, 0) / (endMs - startMs);
  }

  close(): void {
    this.#observer.disconnect();
  }

  /** Pauses are reported a turn of the event loop later. */
  async #within(startMs: number, endMs: number): Promise<readonly { readonly ms: number }[]> {
    await sleep(1);
    return this.#pauses.filter((pause) => pause.startMs >= startMs && pause.startMs < endMs);
  }
}
