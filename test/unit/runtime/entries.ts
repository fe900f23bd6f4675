// Entries for tests: an own entry of some term, with a body of some size.
import { OwnEntry } from '../../../src/runtime/wire/index.ts';

export function entryOf(index: number, term = 1, size = 8): OwnEntry {
  const body = new Uint8Array(size).fill(index & 0xff);
  return new OwnEntry(index, { term, timeMs: 1000 + index, kind: 'command' }, body);
}

/** Entries [from, until). */
export function entriesOf(from: number, until: number, term = 1, size = 8): OwnEntry[] {
  return Array.from({ length: until - from }, (_, at) => entryOf(from + at, term, size));
}
