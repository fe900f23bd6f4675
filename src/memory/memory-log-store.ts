// A log store in memory. It keeps its contents over close, and may be loaded again: a restart.
import type {
  HardState,
  LogEntry,
  LogPosition,
  LogStore,
  LogStoreSupports,
  LogWrite,
  StoredLog,
  TermRun,
} from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';

export class MemoryLogStore implements LogStore {
  readonly supports: LogStoreSupports = { durable: false };
  #meta: Uint8Array | undefined;
  #hardState: HardState = { term: 0, votedFor: undefined, commit: 0 };
  readonly #entries: LogEntry[] = [];
  #open = false;
  #failed = false;

  load(): Promise<StoredLog> {
    if (this.#open) return refuse('ERR_STORE_LOCKED', 'the memory store is open already');
    this.#open = true;
    this.#failed = false;
    const base: LogPosition = { index: 0, term: 0 };
    const last = this.#entries.at(-1);
    return Promise.resolve({
      meta: this.#meta,
      hardState: this.#hardState,
      base,
      last: last === undefined ? base : { index: last.index, term: last.term },
      runs: runsOf(this.#entries),
      sizes: this.#entries.map((entry) => entry.body.length),
      configIndexes: this.#entries.filter((e) => e.kind === 'members').map((e) => e.index),
      lastTimeMs: last?.timeMs ?? 0,
    });
  }

  write({ meta, hardState, truncateFrom, entries }: LogWrite): Promise<void> {
    if (!this.#open) return refuse('ERR_STORE_FAILED', 'the memory store is closed');
    if (this.#failed) return refuse('ERR_STORE_FAILED', 'an earlier write was refused');
    const end = Math.min(truncateFrom ?? Number.POSITIVE_INFINITY, this.#entries.length + 1);
    const stray = entries?.find(({ index }, place) => index !== end + place);
    if (stray !== undefined) {
      this.#failed = true;
      const message = `entry ${stray.index} leaves a gap in a log that ends at ${end - 1}`;
      return refuse('ERR_STORE_FAILED', message);
    }
    if (meta !== undefined) this.#meta = meta;
    if (hardState !== undefined) this.#hardState = hardState;
    this.#entries.length = end - 1;
    for (const entry of entries ?? []) this.#entries.push(entry);
    return Promise.resolve();
  }

  read(from: number, until: number, maxBytes: number): Promise<readonly LogEntry[]> {
    if (!this.#open) return refuse('ERR_STORE_FAILED', 'the memory store is closed');
    if (this.#failed) return refuse('ERR_STORE_FAILED', 'an earlier write was refused');
    if (from < 1 || until > this.#entries.length + 1 || from >= until) {
      return refuse('ERR_STORE_FAILED', `there is no range [${from}, ${until})`);
    }
    const found: LogEntry[] = [];
    let bytes = 0;
    for (const entry of this.#entries.slice(from - 1, until - 1)) {
      bytes += entry.body.length;
      if (bytes > maxBytes && found.length > 0) break;
      found.push(entry);
    }
    return Promise.resolve(found);
  }

  close(): Promise<void> {
    this.#open = false;
    return Promise.resolve();
  }
}

function runsOf(entries: readonly LogEntry[]): TermRun[] {
  const runs: TermRun[] = [];
  for (const { index, term } of entries) {
    if (runs.at(-1)?.term !== term) runs.push({ from: index, term });
  }
  return runs;
}

function refuse(code: 'ERR_STORE_FAILED' | 'ERR_STORE_LOCKED', message: string): Promise<never> {
  const retryable = code === 'ERR_STORE_LOCKED';
  return Promise.reject(new CoxswainError(code, message, { retryable }));
}
