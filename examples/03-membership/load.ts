// Clients that ask all the time, any member that runs, and what they felt.
import { setTimeout } from 'node:timers/promises';
import { CoxswainError, type MemoryCluster } from 'coxswain';

const PAUSE_MS = 2;

export type CounterCluster = MemoryCluster<number, number, void, number>;

/** What the clients felt during one phase; times in ms. */
export interface Felt {
  readonly commands: number;
  readonly medianMs: number;
  readonly slowestMs: number;
  /** Attempts that failed and were made again. */
  readonly retries: number;
}

export class Load {
  /** Commands of which a client was told that they are applied. */
  acknowledged = 0;
  /** Attempts of which nobody can tell: each of them may have been applied, once. */
  unknown = 0;
  readonly #cluster: CounterCluster;
  readonly #clients: Promise<void>[];
  #isOver = false;
  #turn = 0;
  #latencies: number[] = [];
  #retries = 0;

  constructor(cluster: CounterCluster, clients: number) {
    this.#cluster = cluster;
    this.#clients = Array.from({ length: clients }, () => this.#run());
  }

  /** What was felt since the last call. */
  felt(): Felt {
    const sorted = this.#latencies.sort((one, other) => one - other);
    const retries = this.#retries;
    this.#latencies = [];
    this.#retries = 0;
    return {
      commands: sorted.length,
      medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
      slowestMs: sorted.at(-1) ?? 0,
      retries,
    };
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const startedMs = performance.now();
      await this.#add();
      this.#latencies.push(performance.now() - startedMs);
      await setTimeout(PAUSE_MS);
    }
  }

  /** Until one attempt succeeds. Those whose outcome is unknown are counted. */
  async #add(): Promise<void> {
    for (;;) {
      const { nodes } = this.#cluster;
      try {
        await nodes[this.#turn++ % nodes.length]?.propose(1, { timeoutMs: 1000 });
        this.acknowledged++;
        return;
      } catch (error) {
        if (!(error instanceof CoxswainError)) throw error;
        if (!error.retryable && error.code !== 'ERR_CLOSED') throw error;
        if (error.outcome === 'unknown') this.unknown++;
        this.#retries++;
      }
    }
  }
}
