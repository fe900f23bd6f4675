// Entries as bytes: runs of equal term, time and kind, then length and body of each. One section is
// encoded once and sent to every follower that needs the same range.
import type { EntryKind, LogEntry } from '../../contracts/index.ts';
import { type ByteReader, ByteWriter, frameError, type SlabAllocator } from '../../lib/bytes.ts';
import { decodeMembers } from './members-entry.ts';
import { checkSessionEntry } from './session-entries.ts';
import { type EntryRun, ReceivedEntry } from './sized-entry.ts';
import { decodeVerify } from './verify-entry.ts';
import { decodeVersion } from './version-entry.ts';

const RUN_BYTES = 4 + 8 + 8 + 1;

/** Numbers are part of the format and are never used again. */
const kindNumbers: Readonly<Record<EntryKind, number>> = {
  command: 1,
  noop: 2,
  members: 3,
  'session-open': 4,
  'session-close': 5,
  fence: 6,
  verify: 7,
  tick: 8,
  version: 9,
  'session-command': 10,
};

const kindsByNumber: ReadonlyMap<number, EntryKind> = new Map(
  Object.entries(kindNumbers).map(([kind, number]) => [number, kind as EntryKind]),
);

export function encodeEntries(entries: readonly LogEntry[], slab: SlabAllocator): Uint8Array {
  let bytes = 0;
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at] as LogEntry;
    bytes += 4 + entry.body.length;
    if (startsRun(entries[at - 1], entry)) bytes += RUN_BYTES;
  }
  const section = slab.take(bytes);
  const writer = new ByteWriter(section);
  for (let from = 0; from < entries.length; ) {
    const first = entries[from] as LogEntry;
    let until = from + 1;
    while (until < entries.length && !startsRun(first, entries[until] as LogEntry)) until++;
    writer.u32(until - from);
    writer.u53(first.term);
    writer.u53(first.timeMs);
    writer.u8(kindNumbers[first.kind]);
    for (; from < until; from++) {
      const { body } = entries[from] as LogEntry;
      writer.u32(body.length);
      writer.bytes(body);
    }
  }
  return section;
}

/** Reads entries [from, until) of an append of `term`, whose previous entry has `prevTerm`. */
export function decodeEntries(
  reader: ByteReader,
  range: { from: number; until: number; prevTerm: number; term: number },
): ReceivedEntry[] {
  const entries: ReceivedEntry[] = [];
  let index = range.from;
  let lastTerm = range.prevTerm;
  while (index < range.until) {
    const count = reader.u32();
    if (count === 0 || count > range.until - index) throw frameError(`a run of ${count} entries`);
    const term = reader.u53();
    if (term < lastTerm || term > range.term) throw frameError(`an entry of term ${term}`);
    lastTerm = term;
    const timeMs = reader.u53();
    const kind = kindsByNumber.get(reader.u8());
    if (kind === undefined) throw frameError('an entry of unknown kind');
    const run: EntryRun = { term, timeMs, kind };
    for (let last = index + count; index < last; index++) {
      const size = reader.u32();
      const entry = new ReceivedEntry(index, run, reader.source, reader.skip(size), size);
      if (kind !== 'command') checkBody(kind, entry.body);
      entries.push(entry);
    }
  }
  return entries;
}

/** Throws ERR_FRAME when an entry of this kind could not be applied. */
function checkBody(kind: EntryKind, body: Uint8Array): void {
  if (kind === 'members') decodeMembers(body);
  else if (kind === 'version') decodeVersion(body);
  else if (kind === 'verify') decodeVerify(body);
  else checkSessionEntry(kind, body);
}

function startsRun(before: LogEntry | undefined, entry: LogEntry): boolean {
  if (before === undefined) return true;
  return before.term !== entry.term || before.timeMs !== entry.timeMs || before.kind !== entry.kind;
}
