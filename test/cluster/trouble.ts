// What befalls a cluster while clients use it, drawn from a seed, and how all is well again.
import { nextFloat, nextInteger, type Prng } from '../../src/lib/prng.ts';
import type { Harness } from './harness.ts';

export class Trouble {
  readonly #harness: Harness;
  readonly #prng: Prng;
  readonly #stopped = new Set<string>();

  constructor(harness: Harness, prng: Prng) {
    this.#harness = harness;
    this.#prng = prng;
  }

  /** Mostly clients act, at one of the members that run; else something happens. Time passes. */
  async next(act: (id: string) => void, stops: (id: string) => void = () => {}): Promise<void> {
    const { clock, cluster, value } = this.#harness;
    const { network } = cluster;
    const running = cluster.ids.filter((id) => !this.#stopped.has(id));
    const id = running[nextInteger(this.#prng, 0, running.length)];
    const what = nextFloat(this.#prng);
    if (id !== undefined && what < 0.6) act(id);
    else if (id !== undefined && what < 0.7) network.isolate(id);
    else if (what < 0.85) network.heal();
    else if (id !== undefined && what < 0.93 && this.#stopped.size < cluster.ids.length - 1) {
      this.#stopped.add(id);
      stops(id);
      await value(cluster.stop(id));
    } else {
      await this.#startAll();
    }
    await clock.advance(nextInteger(this.#prng, 0, 150));
  }

  /** No more faults: everybody runs, and one last command is applied by all. */
  async end(settleMs: number): Promise<void> {
    const { clock, cluster, leader, value } = this.#harness;
    cluster.network.heal();
    cluster.network.drop = 0;
    cluster.network.duplicate = 0;
    await this.#startAll();
    await clock.advance(settleMs);
    await value((await leader()).propose('the end', { timeoutMs: 60_000 }));
    await clock.advance(1000);
  }

  async #startAll(): Promise<void> {
    const { cluster, value } = this.#harness;
    for (const each of this.#stopped) await value(cluster.start(each));
    this.#stopped.clear();
  }
}
