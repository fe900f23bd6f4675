// A state machine in ten lines: one text.
import { text } from 'node:stream/consumers';
import type { SnapshotSource, StateMachine } from 'coxswain';

export class Register implements StateMachine<string, void, void, string> {
  #text = '';

  apply(text: string): void {
    this.#text = text;
  }

  query(): string {
    return this.#text;
  }

  snapshot(): SnapshotSource {
    return new TextEncoder().encode(this.#text);
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    this.#text = await text(chunks);
  }
}
