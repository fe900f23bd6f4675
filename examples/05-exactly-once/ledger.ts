// A state machine that remembers how often it was given each payment.
import { text } from 'node:stream/consumers';
import type { SnapshotSource, StateMachine } from 'coxswain';

/** How many payments were applied, and how many of them more than once. */
export interface Balance {
  readonly applied: number;
  readonly twice: number;
}

export class Ledger implements StateMachine<string, number, void, Balance> {
  readonly #payments = new Map<string, number>();

  apply(payment: string): number {
    const count = (this.#payments.get(payment) ?? 0) + 1;
    this.#payments.set(payment, count);
    return count;
  }

  query(): Balance {
    const counts = [...this.#payments.values()];
    return { applied: counts.length, twice: counts.filter((count) => count > 1).length };
  }

  snapshot(): SnapshotSource {
    return new TextEncoder().encode(JSON.stringify([...this.#payments]));
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const payments = JSON.parse(await text(chunks));
    this.#payments.clear();
    for (const [payment, count] of payments) this.#payments.set(payment, count);
  }
}
