// Another member's snapshot on its way into the store: one call after another, and looked through
// before it counts.
import type { Clock, SnapshotSink, SnapshotStore, StoredSnapshot } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import type { SnapshotHead } from '../raft/index.ts';
import { paced } from './paced.ts';
import { ContentReader } from './wire/index.ts';

export interface IncomingParts {
  readonly store: SnapshotStore;
  readonly clock: Pick<Clock, 'soon'>;
}

export class IncomingSnapshot {
  readonly head: SnapshotHead;
  readonly snapshot: StoredSnapshot;
  readonly #parts: IncomingParts;
  #reader: ContentReader | undefined;
  #sink: SnapshotSink | undefined;
  /** What was asked for last: the next call waits for it. */
  #last: Promise<unknown>;
  /** Another one has taken its place, or its bytes make no sense. */
  #isOver = false;
  #isDamaged = false;

  /** `before`: the one that this takes the place of. */
  constructor(
    parts: IncomingParts,
    snapshot: StoredSnapshot,
    head: SnapshotHead,
    before: IncomingSnapshot | undefined,
  ) {
    this.#parts = parts;
    this.snapshot = snapshot;
    this.head = head;
    this.#last = before?.end() ?? Promise.resolve();
  }

  /** Bytes that are there already; undefined when it is over. */
  open(): Promise<number | undefined> {
    return this.#after(async () => {
      const sink = await this.#begin();
      if (!this.#isDamaged) return sink.received;
      // What was kept of it is no good: it begins anew.
      await sink.discard();
      return (await this.#begin()).received;
    });
  }

  /** Bytes that are there now; undefined when it is over. */
  write(bytes: Uint8Array): Promise<number | undefined> {
    return this.#after(async (sink) => {
      this.#check(bytes);
      await sink.write(bytes);
      return sink.received;
    });
  }

  /** False when it came out damaged: then it is gone. */
  async commit(): Promise<boolean> {
    const isSound = await this.#after(async (sink) => {
      if (!this.#isDamaged) {
        try {
          this.#reader?.end();
          await sink.commit();
          return true;
        } catch (cause) {
          if (!isDamage(cause)) throw cause;
        }
      }
      await sink.discard();
      return false;
    });
    return isSound === true;
  }

  /** Nothing of it is done any more; resolves when nothing is under way. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#last;
  }

  async #begin(): Promise<SnapshotSink> {
    this.#isDamaged = false;
    this.#reader = await ContentReader.open(this.snapshot.id);
    const { clock, store } = this.#parts;
    const sink = await store.receive(this.snapshot);
    this.#sink = sink;
    for await (const bytes of paced(sink.read(), clock)) this.#check(bytes);
    return sink;
  }

  #after<T>(work: (sink: SnapshotSink) => Promise<T>): Promise<T | undefined> {
    const next = this.#last.then(() => {
      return this.#isOver ? undefined : work(this.#sink as SnapshotSink);
    });
    this.#last = next.catch(() => undefined);
    return next;
  }

  #check(bytes: Uint8Array): void {
    if (this.#isDamaged) return;
    try {
      this.#reader?.push(bytes);
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      this.#isDamaged = true;
    }
  }
}

function isDamage(cause: unknown): boolean {
  return cause instanceof CoxswainError && cause.code === 'ERR_STORE_CORRUPT';
}
