// Reads a stored snapshot piece by piece for one follower. Pieces mostly follow each other, so the
// reader goes on where it was.
import type { SnapshotStore } from '../contracts/index.ts';

export class SnapshotReader {
  readonly #store: SnapshotStore;
  #id = '';
  #source: AsyncIterator<Uint8Array> | undefined;
  /** Where the bytes in `#rest` begin. */
  #at = 0;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(store: SnapshotStore) {
    this.#store = store;
  }

  /** Bytes [from, until) of the snapshot; fewer only when it ends before. One call at a time. */
  async read(id: string, from: number, until: number): Promise<Uint8Array> {
    if (id !== this.#id || from !== this.#at || this.#source === undefined) {
      await this.close();
      this.#id = id;
      this.#at = from;
      this.#source = this.#store.read(id, from)[Symbol.asyncIterator]();
    }
    const parts: Uint8Array[] = [];
    for (let missing = until - from; missing > 0; ) {
      if (this.#rest.length === 0) {
        const next = await this.#source?.next();
        if (next === undefined || next.done === true) break;
        this.#rest = next.value;
        continue;
      }
      const part = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(part.length);
      this.#at += part.length;
      missing -= part.length;
      parts.push(part);
    }
    return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
  }

  /** Lets go of the snapshot. The next read begins anew. */
  async close(): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    this.#rest = new Uint8Array(0);
    await source?.return?.();
  }
}
