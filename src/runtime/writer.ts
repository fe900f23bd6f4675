// Puts the core's writes on the disk: one in flight, what arrives meanwhile merged into the next.
import type { LogStore, LogWrite } from '../contracts/index.ts';
import type { CoxswainError } from '../errors.ts';
import { assert } from '../lib/assert.ts';
import type { KnownMembers, Write, Written } from '../raft/index.ts';
import type { LogWindow } from './log-window.ts';
import { storeError } from './store-call.ts';

export interface WriterHooks {
  /** The monotonic clock, in ms. */
  now(): number;
  /** The identity record, if this write must take it along. */
  meta(known: KnownMembers | undefined): Uint8Array | undefined;
  /** The store is about to be handed this. */
  begun?(batch: LogWrite): void;
  /** The write named and all before it are durable. */
  written(event: Written): void;
  failed(error: CoxswainError): void;
}

export class Writer {
  readonly #store: LogStore;
  readonly #window: LogWindow;
  readonly #hooks: WriterHooks;
  #waiting: Write | undefined;
  #inFlight: Promise<void> | undefined;
  #startedMs = 0;
  #stopped = false;

  constructor(store: LogStore, window: LogWindow, hooks: WriterHooks) {
    this.#store = store;
    this.#window = window;
    this.#hooks = hooks;
  }

  /** Since when a write is in flight; Infinity when none is. */
  get busySinceMs(): number {
    return this.#inFlight === undefined ? Number.POSITIVE_INFINITY : this.#startedMs;
  }

  add(write: Write): void {
    this.#waiting = this.#waiting === undefined ? write : mergeWrites(this.#waiting, write);
  }

  /** Starts the waiting write, unless one is in flight. */
  flush(): void {
    const write = this.#waiting;
    if (write === undefined || this.#inFlight !== undefined || this.#stopped) return;
    this.#waiting = undefined;
    const entries = this.#window.slice(write.from, write.until);
    assert(entries !== undefined, 'entries to write are in memory');
    const { compactTo, hardState, reset, truncateFrom } = write;
    const meta = this.#hooks.meta(write.known);
    const batch: LogWrite = {
      hardState,
      entries,
      ...(meta === undefined ? {} : { meta }),
      ...(reset === undefined ? {} : { reset }),
      ...(truncateFrom === 0 ? {} : { truncateFrom }),
      ...(compactTo === 0 ? {} : { compactTo }),
    };
    this.#startedMs = this.#hooks.now();
    this.#hooks.begun?.(batch);
    this.#inFlight = this.#run(batch, write);
  }

  /** Starts no further write, and waits for the one in flight. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#inFlight;
  }

  async #run(batch: LogWrite, { write, lastIndex, lastTerm }: Write): Promise<void> {
    try {
      await this.#store.write(batch);
    } catch (cause) {
      this.#inFlight = undefined;
      this.#fail(cause);
      return;
    }
    this.#inFlight = undefined;
    if (!this.#stopped) this.#hooks.written({ type: 'written', write, lastIndex, lastTerm });
  }

  #fail(cause: unknown): void {
    const stopped = this.#stopped;
    this.#stopped = true;
    if (!stopped) this.#hooks.failed(storeError('write', cause));
  }
}

/** Two writes that follow each other, as one that leaves the same behind. */
export function mergeWrites(first: Write, second: Write): Write {
  const known = second.known ?? first.known;
  // Nothing of what was in the log before is left.
  if (second.reset !== undefined) return { ...second, known };
  const { reset } = first;
  const compactTo = Math.max(first.compactTo, second.compactTo);
  const cut = second.truncateFrom;
  // Entries that the first would have written and the second removes never reach the disk.
  const onDisk = cut > 0 && cut < first.from;
  const lowest = first.truncateFrom === 0 ? cut : Math.min(first.truncateFrom, cut);
  const truncateFrom = onDisk ? lowest : first.truncateFrom;
  const from = Math.min(first.from, second.from);
  return { ...second, known, reset, truncateFrom, from, compactTo };
}
