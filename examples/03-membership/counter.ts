// A state machine in ten lines: it counts.
import { text } from 'node:stream/consumers';
import type { SnapshotSource, StateMachine } from 'coxswain';

export class Counter implements StateMachine<number, number, void, number> {
  #value = 0;

  apply(add: number): number {
    this.#value += add;
    return this.#value;
  }

  query(): number {
    return this.#value;
  }

  snapshot(): SnapshotSource {
    return new TextEncoder().encode(String(this.#value));
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    this.#value = Number(await text(chunks));
  }
}
