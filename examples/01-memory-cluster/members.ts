// Which member to ask, and what to do when it cannot answer: what every client of a cluster needs.
import { CoxswainError, type MemoryCluster, type RaftNode, type WaitOptions } from 'coxswain';
import type { ConfigAnswer, ConfigCommand, ConfigQuery, ConfigResult } from './config-machine.ts';

export type ConfigNode = RaftNode<ConfigCommand, ConfigResult, ConfigQuery, ConfigAnswer>;
export type ConfigCluster = MemoryCluster<ConfigCommand, ConfigResult, ConfigQuery, ConfigAnswer>;

const ATTEMPT_MS = 5000;
const GIVE_UP_MS = 20_000;

/** Members in turn. */
export class Members {
  readonly #cluster: ConfigCluster;
  readonly #setbacks: CoxswainError[] = [];
  #turn = 0;

  constructor(cluster: ConfigCluster) {
    this.#cluster = cluster;
  }

  /** The errors that led to another attempt. */
  get setbacks(): readonly CoxswainError[] {
    return this.#setbacks;
  }

  /**
   * Asks the next member, and another one when that fails. Only for what may happen twice: a retry
   * after outcome `unknown` can find that the first attempt was applied.
   */
  async ask<T>(call: (node: ConfigNode, wait: WaitOptions) => Promise<T>): Promise<T> {
    const giveUpMs = performance.now() + GIVE_UP_MS;
    for (;;) {
      try {
        return await call(this.#next(), { timeoutMs: ATTEMPT_MS });
      } catch (error) {
        const mayRetry = error instanceof CoxswainError && isWorthRetrying(error);
        if (!mayRetry || performance.now() > giveUpMs) throw error;
        this.#setbacks.push(error);
      }
    }
  }

  #next(): ConfigNode {
    const { nodes } = this.#cluster;
    const node = nodes[this.#turn++ % nodes.length];
    if (node === undefined) throw new Error('no member runs');
    return node;
  }
}

/** A member that was closed cannot be asked again, but the others can. */
function isWorthRetrying({ code, retryable }: CoxswainError): boolean {
  return retryable || code === 'ERR_CLOSED';
}
