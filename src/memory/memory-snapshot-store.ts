// A snapshot store in memory. It keeps its contents over close, and a snapshot that was begun, and
// may be opened again: a restart.
import type {
  SnapshotInfo,
  SnapshotSink,
  SnapshotStore,
  StoredSnapshot,
} from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';

interface Whole {
  readonly snapshot: StoredSnapshot;
  readonly parts: readonly Uint8Array[];
}

interface Begun {
  readonly snapshot: StoredSnapshot;
  readonly parts: Uint8Array[];
  received: number;
}

export class MemorySnapshotStore implements SnapshotStore {
  /** By id, in the order in which they came. */
  readonly #whole = new Map<string, Whole>();
  readonly #saving = new Set<Promise<StoredSnapshot>>();
  #begun: Begun | undefined;
  #open = true;
  /** How often it was closed: a sink of before has nothing to say after. */
  #closes = 0;

  /** As after a restart of the process. Harmless when it is open. */
  open(): void {
    this.#open = true;
  }

  save(
    info: SnapshotInfo,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<StoredSnapshot> {
    if (!this.#open) return Promise.reject(closed());
    const saving = this.#save(info, chunks, signal);
    this.#saving.add(saving);
    const settled = () => void this.#saving.delete(saving);
    saving.then(settled, settled);
    return saving;
  }

  latest(): Promise<StoredSnapshot | undefined> {
    if (!this.#open) return Promise.reject(closed());
    let latest: StoredSnapshot | undefined;
    for (const { snapshot } of this.#whole.values()) {
      if (latest === undefined || snapshot.index >= latest.index) latest = snapshot;
    }
    return Promise.resolve(latest);
  }

  async *read(id: string, fromByte: number = 0): AsyncGenerator<Uint8Array, void, undefined> {
    let skip = fromByte;
    const { parts = [] } = this.#whole.get(id) ?? {};
    for (let at = 0; ; at++) {
      if (!this.#open) throw closed();
      if (!this.#whole.has(id)) throw new CoxswainError('ERR_COMPACTED', `${id} is gone`);
      const part = parts[at];
      if (part === undefined) return;
      if (skip < part.length) yield new Uint8Array(part.subarray(skip));
      skip = Math.max(0, skip - part.length);
    }
  }

  receive(snapshot: StoredSnapshot): Promise<SnapshotSink> {
    if (!this.#open) return Promise.reject(closed());
    if (this.#begun === undefined || !isSame(this.#begun.snapshot, snapshot)) {
      this.#begun = { snapshot: copyOf(snapshot, snapshot.bytes), parts: [], received: 0 };
    }
    return Promise.resolve(this.#sink(this.#begun));
  }

  prune(keep: readonly string[]): Promise<void> {
    if (!this.#open) return Promise.reject(closed());
    for (const id of this.#whole.keys()) {
      if (!keep.includes(id)) this.#whole.delete(id);
    }
    return Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.#open) this.#closes++;
    this.#open = false;
    await Promise.allSettled(this.#saving);
  }

  async #save(
    info: SnapshotInfo,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<StoredSnapshot> {
    const parts = await collect(chunks, signal);
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const snapshot = copyOf(info, bytes);
    this.#keep({ snapshot, parts });
    return snapshot;
  }

  #keep(whole: Whole): void {
    // The latest that came is the last of the map, also when its id was there before.
    this.#whole.delete(whole.snapshot.id);
    this.#whole.set(whole.snapshot.id, whole);
  }

  #sink(begun: Begun): SnapshotSink {
    const closes = this.#closes;
    const check = (): void => {
      if (!this.#open || closes !== this.#closes) throw closed();
      if (this.#begun !== begun) throw failed(`${begun.snapshot.id} is not being received`);
    };
    return {
      get received(): number {
        return begun.received;
      },
      write: async (bytes) => {
        check();
        if (begun.received + bytes.length > begun.snapshot.bytes) {
          throw failed(`${begun.snapshot.id} is only ${begun.snapshot.bytes} bytes long`);
        }
        begun.parts.push(bytes);
        begun.received += bytes.length;
      },
      read: async function* () {
        check();
        for (const part of begun.parts) yield new Uint8Array(part);
      },
      commit: async () => {
        check();
        const { parts, received, snapshot } = begun;
        if (received !== snapshot.bytes) {
          throw failed(`${received} of ${snapshot.bytes} bytes of ${snapshot.id} are here`);
        }
        this.#begun = undefined;
        this.#keep({ snapshot, parts });
      },
      discard: async () => {
        if (this.#begun === begun) this.#begun = undefined;
      },
    };
  }
}

/** All that comes. When `signal` is aborted the source is let go, even while it is awaited. */
async function collect(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  const iterator = chunks[Symbol.asyncIterator]();
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
  });
  aborted.catch(() => undefined);
  try {
    signal.throwIfAborted();
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted]);
      signal.throwIfAborted();
      if (next.done) return parts;
      parts.push(next.value);
    }
  } catch (error) {
    // It may be at work for ever: nobody waits for it, or asks what it says.
    if (signal.aborted) iterator.return?.().then(undefined, () => undefined);
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function isSame(one: StoredSnapshot, other: StoredSnapshot): boolean {
  return (
    one.id === other.id &&
    one.index === other.index &&
    one.term === other.term &&
    one.bytes === other.bytes &&
    one.header.length === other.header.length &&
    one.header.every((byte, at) => byte === other.header[at])
  );
}

function copyOf({ header, id, index, term }: SnapshotInfo, bytes: number): StoredSnapshot {
  return { id, index, term, header: new Uint8Array(header), bytes };
}

function closed(): CoxswainError {
  return failed('the memory store is closed');
}

function failed(message: string): CoxswainError {
  return new CoxswainError('ERR_STORE_FAILED', message);
}
