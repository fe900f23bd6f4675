// What the algorithm knows of the log: positions, terms as runs, sizes. Never the entries' bytes.
// By Log Matching (§5.3) terms are enough for every check; sizes are there to bound messages.
import { assert } from '../lib/assert.ts';

/** Room one entry takes at most beyond its body, on the wire and against every byte limit. */
const ENTRY_OVERHEAD_BYTES = 32;

/** A place in a log: an index and the term of the entry there. */
export interface LogPosition {
  readonly index: number;
  readonly term: number;
}

/** Entries from `from` up to the next run have this term. */
export interface TermRun {
  readonly from: number;
  readonly term: number;
}

/** Plain data, changed only by the functions of this file. */
export interface Log {
  /** Position before the first entry: 0@0, or where the log was compacted. */
  base: LogPosition;
  /** Index of the last entry; equal to `base.index` when there is none. */
  last: number;
  /** Everything up to here is durable in this store, as it is now. */
  durable: number;
  /** Time stamp of the last entry: stamps never go back. */
  lastTimeMs: number;
  readonly runs: TermRun[];
  /** Ring by index: bytes of all entries up to and including it, from an arbitrary origin. */
  bytes: Float64Array;
}

export interface StoredPositions {
  readonly base: LogPosition;
  readonly runs: readonly TermRun[];
  /** Body sizes of the entries after `base`, in order. */
  readonly sizes: readonly number[];
  readonly lastTimeMs: number;
}

export function createLog(stored: StoredPositions): Log {
  const log: Log = {
    base: stored.base,
    last: stored.base.index,
    durable: stored.base.index,
    lastTimeMs: stored.lastTimeMs,
    runs: [],
    bytes: new Float64Array(64),
  };
  let next = 0;
  for (const size of stored.sizes) {
    const index = log.last + 1;
    while ((stored.runs[next + 1]?.from ?? Number.POSITIVE_INFINITY) <= index) next++;
    const run = stored.runs[next];
    assert(run !== undefined && run.from <= index, `the term of stored entry ${index} is known`);
    appendHead(log, run.term, size);
  }
  log.durable = log.last;
  return log;
}

/** The term of the entry at `index`; undefined outside [base, last]. */
export function termAt(log: Log, index: number): number | undefined {
  if (index > log.last || index < log.base.index) return undefined;
  for (let at = log.runs.length - 1; at >= 0; at--) {
    const run = log.runs[at];
    if (run !== undefined && run.from <= index) return run.term;
  }
  return log.base.term;
}

export function lastTerm(log: Log): number {
  return log.runs[log.runs.length - 1]?.term ?? log.base.term;
}

/** Is a log that ends at this position at least as up to date as ours? (§5.4.1) */
export function isUpToDate(log: Log, lastIndex: number, term: number): boolean {
  const ours = lastTerm(log);
  return term > ours || (term === ours && lastIndex >= log.last);
}

/** Largest index ≤ `limit` whose term is ≤ `term`: where two logs may first agree (§5.3, end). */
export function findTermAtMost(log: Log, limit: number, term: number): LogPosition {
  let index = Math.min(limit, log.last);
  for (let at = log.runs.length - 1; at >= 0; at--) {
    const run = log.runs[at];
    if (run === undefined || run.from > index) continue;
    if (run.term <= term) return { index, term: run.term };
    index = run.from - 1;
  }
  return index < log.base.index ? { index, term: 0 } : log.base;
}

/** One more entry, at `last + 1`. */
export function appendHead(log: Log, term: number, bodyBytes: number): void {
  const index = log.last + 1;
  if (term !== lastTerm(log) || log.runs.length === 0) log.runs.push({ from: index, term });
  if (index - log.base.index >= log.bytes.length) growRing(log);
  const mask = log.bytes.length - 1;
  const before = log.bytes[log.last & mask] ?? 0;
  log.bytes[index & mask] = before + bodyBytes + ENTRY_OVERHEAD_BYTES;
  log.last = index;
}

/** Removes every entry from `from` on. What was durable there no longer counts. */
export function truncateLog(log: Log, from: number): void {
  assert(from > log.base.index, `truncation at ${from} is above the base ${log.base.index}`);
  log.last = from - 1;
  log.durable = Math.min(log.durable, log.last);
  while ((log.runs[log.runs.length - 1]?.from ?? 0) >= from) log.runs.pop();
}

/** Lets go of the entries up to `to`, of which only the last one's term stays known. */
export function compactLog(log: Log, to: LogPosition): void {
  assert(to.index <= log.durable, `compaction to ${to.index} leaves what is not durable alone`);
  log.base = to;
  while ((log.runs[1]?.from ?? Number.POSITIVE_INFINITY) <= to.index + 1) log.runs.shift();
  const first = log.runs[0];
  if (first === undefined || first.from > to.index) return;
  if (log.last === to.index) log.runs.shift();
  else log.runs[0] = { from: to.index + 1, term: first.term };
}

/** Nothing is left, and what comes next follows this position, which is durable elsewhere. */
export function resetLog(log: Log, { index, term }: LogPosition, timeMs: number): void {
  log.base = { index, term };
  log.last = index;
  log.durable = index;
  log.lastTimeMs = timeMs;
  log.runs.length = 0;
}

/** Bytes of entries [from, until), overhead included; of those before the base nothing is known. */
export function bytesOf(log: Log, from: number, until: number): number {
  const before = Math.max(from - 1, log.base.index);
  if (until - 1 <= before) return 0;
  const mask = log.bytes.length - 1;
  return (log.bytes[(until - 1) & mask] ?? 0) - (log.bytes[before & mask] ?? 0);
}

/** Largest `until` ≤ last + 1 such that [from, until) fits in `maxBytes`; at least one entry. */
export function fitBytes(log: Log, from: number, maxBytes: number): number {
  if (bytesOf(log, from, log.last + 1) <= maxBytes) return log.last + 1;
  let low = from + 1;
  let high = log.last + 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (bytesOf(log, from, middle) <= maxBytes) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function entryBytes(bodyBytes: number): number {
  return bodyBytes + ENTRY_OVERHEAD_BYTES;
}

function growRing(log: Log): void {
  const bigger = new Float64Array(log.bytes.length * 2);
  for (let index = log.base.index; index <= log.last; index++) {
    bigger[index & (bigger.length - 1)] = log.bytes[index & (log.bytes.length - 1)] ?? 0;
  }
  log.bytes = bigger;
}
