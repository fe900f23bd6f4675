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
import { CoxswainError, type ErrorCode } from '../errors.ts';

export class MemoryLogStore implements LogStore {
  readonly supports: LogStoreSupports = { durable: false };
  #meta: Uint8Array | undefined;
  #hardState: HardState = { term: 0, votedFor: undefined, commit: 0 };
  #base: LogPosition = { index: 0, term: 0 };
  readonly #entries: LogEntry[] = [];
  readonly #opened: () => void;
  #open = false;
  #failed = false;

  /** `opened` is called with each load. */
  constructor(opened: () => void = () => undefined) {
    this.#opened = opened;
  }

  load(): Promise<StoredLog> {
    if (this.#open) return refuse('ERR_STORE_LOCKED', 'the memory store is open already');
    this.#open = true;
    this.#failed = false;
    this.#opened();
    const base = this.#base;
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

  write({ meta, hardState, ...change }: LogWrite): Promise<void> {
    const unusable = this.#unusable();
    if (unusable !== undefined) return refuse('ERR_STORE_FAILED', unusable);
    const fault = faultOf(change, this.#base.index, this.#entries.length);
    if (fault !== undefined) {
      this.#failed = true;
      return refuse('ERR_STORE_FAILED', fault);
    }
    if (meta !== undefined) this.#meta = meta;
    if (hardState !== undefined) this.#hardState = hardState;
    this.#change(change);
    return Promise.resolve();
  }

  read(from: number, until: number, maxBytes: number): Promise<readonly LogEntry[]> {
    const unusable = this.#unusable();
    if (unusable !== undefined) return refuse('ERR_STORE_FAILED', unusable);
    const first = this.#base.index + 1;
    if (from < 1 || until > this.#entries.length + first || from >= until) {
      return refuse('ERR_STORE_FAILED', `there is no range [${from}, ${until})`);
    }
    if (from < first) {
      return refuse('ERR_COMPACTED', `entry ${from} is gone: the log begins at ${first}`);
    }
    const found: LogEntry[] = [];
    let bytes = 0;
    for (const entry of this.#entries.slice(from - first, until - first)) {
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

  #change({ reset, truncateFrom, entries = [], compactTo = 0 }: Change): void {
    if (reset !== undefined) {
      this.#base = { index: reset.index, term: reset.term };
      this.#entries.length = 0;
    }
    this.#entries.length = endOf(truncateFrom, this.#base.index, this.#entries.length);
    for (const entry of entries) this.#entries.push(entry);
    const last = this.#entries[compactTo - this.#base.index - 1];
    if (last === undefined) return;
    this.#entries.splice(0, compactTo - this.#base.index);
    this.#base = { index: last.index, term: last.term };
  }

  #unusable(): string | undefined {
    if (!this.#open) return 'the memory store is closed';
    return this.#failed ? 'an earlier write was refused' : undefined;
  }
}

type Change = Omit<LogWrite, 'meta' | 'hardState'>;

/** How many of `count` entries after `base` a truncation leaves. */
function endOf(truncateFrom: number | undefined, base: number, count: number): number {
  return Math.min(Math.max((truncateFrom ?? Number.POSITIVE_INFINITY) - base - 1, 0), count);
}

function faultOf(change: Change, base: number, count: number): string | undefined {
  const { reset, truncateFrom, entries = [], compactTo = 0 } = change;
  const start = reset?.index ?? base;
  const last = start + endOf(truncateFrom, start, reset === undefined ? count : 0);
  const stray = entries.find(({ index }, place) => index !== last + 1 + place);
  if (stray !== undefined) return `entry ${stray.index} leaves a gap in a log that ends at ${last}`;
  const end = last + entries.length;
  return compactTo > end
    ? `${compactTo} cannot be the base of a log that ends at ${end}`
    : undefined;
}

function runsOf(entries: readonly LogEntry[]): TermRun[] {
  const runs: TermRun[] = [];
  for (const { index, term } of entries) {
    if (runs.at(-1)?.term !== term) runs.push({ from: index, term });
  }
  return runs;
}

function refuse(code: ErrorCode, message: string): Promise<never> {
  const retryable = code === 'ERR_STORE_LOCKED';
  return Promise.reject(new CoxswainError(code, message, { retryable }));
}
