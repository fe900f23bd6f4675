// What every LogStore must do. A store that passes may be trusted with a node's log, as far as a
// process can tell without losing power.
import type { EntryKind, LogEntry, LogStore } from '../../contracts/index.ts';
import { type Case, expectCode, expectEqual, expectTrue } from './suite.ts';

export interface LogStoreUnderTest {
  readonly store: LogStore;
  /** The same store after a clean close: what a restarted process would open. */
  reopen(): Promise<LogStore>;
  /** Removes what the case has left behind. */
  dispose(): Promise<void>;
}

type Body = (under: LogStoreUnderTest) => Promise<void>;

export function logStoreSuite(make: () => Promise<LogStoreUnderTest>): readonly Case[] {
  return cases.map(([name, body]) => ({
    name,
    run: async () => {
      const under = await make();
      try {
        await body(under);
      } finally {
        await under.dispose();
      }
    },
  }));
}

const ALL = 1 << 30;

const cases: readonly (readonly [string, Body])[] = [
  ['a new store is empty', emptyAtFirst],
  ['what was written is there after a reopen', keepsWrites],
  ['a hard state replaces the one before', replacesHardState],
  ['meta and hard state survive writes without them', keepsMeta],
  ['truncation and the entries after it are one write', truncates],
  ['truncation of the last entry alone', truncatesLast],
  ['truncation past the end removes nothing', truncatesNothing],
  ['a write that leaves a gap is refused', refusesGaps],
  ['read gives a range in order, half-open', readsRanges],
  ['read stops at maxBytes, after at least one entry', readsBounded],
  ['read of what is not there is refused', refusesMissing],
  ['empty and large bodies, and every kind, come back as they were', keepsBodies],
  ['writes without waiting keep their order', keepsOrder],
  ['a compacted log remembers the term of its base', compacts],
  ['a log that was compacted whole goes on behind its base', compactsWhole],
  ['compaction to the base changes nothing', compactsNothing],
  ['compaction of what the same write truncates and appends', compactsWhatItWrites],
  ['read of what was compacted is refused as such', refusesCompacted],
  ['truncation in a compacted log', truncatesCompacted],
  ['a reset log is empty behind its new base', resets],
  ['a reset, and the entries after it, are one write', resetsAndAppends],
  ['a reset, entries and a compaction are one write', resetsAndCompacts],
  ['a reset goes backwards as well', resetsBackwards],
  ['a write that leaves a gap to the base is refused', refusesGapsToBase],
  ['a base beyond the end is refused', refusesBaseBeyond],
  ['a closed store refuses writes, and closes twice', refusesClosed],
];

async function emptyAtFirst({ store }: LogStoreUnderTest): Promise<void> {
  const stored = await store.load();
  expectEqual(stored.meta, undefined, 'no meta');
  expectEqual(stored.hardState, { term: 0, votedFor: undefined, commit: 0 }, 'no hard state');
  expectEqual([stored.base, stored.last], [at(0, 0), at(0, 0)], 'no entries');
  expectEqual([stored.runs, stored.sizes, stored.configIndexes], [[], [], []], 'nothing known');
}

async function keepsWrites({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [entry(1, 1, 'members'), entry(2, 1), entry(3, 4)] });
  const again = await reopen();
  const stored = await again.load();
  expectEqual(stored.last, at(3, 4), 'last');
  expectEqual(
    stored.runs,
    [
      { from: 1, term: 1 },
      { from: 3, term: 4 },
    ],
    'runs',
  );
  expectEqual(stored.configIndexes, [1], 'members entries');
  expectEqual(stored.sizes, [8, 8, 8], 'sizes');
  expectEqual(stored.lastTimeMs, 3000, 'time of the last entry');
  expectEqual(names(await again.read(1, 4, ALL)), ['entry1@1', 'entry2@1', 'entry3@4'], 'bodies');
}

async function replacesHardState({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ hardState: { term: 3, votedFor: 'b', commit: 0 } });
  await store.write({ hardState: { term: 4, votedFor: undefined, commit: 0 } });
  const { hardState } = await (await reopen()).load();
  expectEqual(hardState, { term: 4, votedFor: undefined, commit: 0 }, 'hard state');
}

async function keepsMeta({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ meta: Uint8Array.of(1, 2, 255) });
  await store.write({ hardState: { term: 2, votedFor: 'a', commit: 0 } });
  await store.write({ entries: [entry(1, 2)] });
  const stored = await (await reopen()).load();
  expectEqual([...(stored.meta ?? [])], [1, 2, 255], 'meta');
  expectEqual(stored.hardState.term, 2, 'hard state');
}

async function truncates({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [entry(1, 1), entry(2, 1), entry(3, 1), entry(4, 1)] });
  const hardState = { term: 2, votedFor: undefined, commit: 1 };
  await store.write({ hardState, truncateFrom: 2, entries: [entry(2, 2)] });
  await expectCode(store.read(3, 4, ALL), 'ERR_STORE_FAILED');
  const again = await reopen();
  const stored = await again.load();
  expectEqual([stored.last, stored.hardState], [at(2, 2), hardState], 'last and hard state');
  expectEqual(names(await again.read(1, 3, ALL)), ['entry1@1', 'entry2@2'], 'no old entry');
}

async function truncatesLast({ store }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [entry(1, 1), entry(2, 1)] });
  await store.write({ truncateFrom: 2 });
  await store.write({ entries: [entry(2, 5)] });
  expectEqual(names(await store.read(1, 3, ALL)), ['entry1@1', 'entry2@5'], 'entries');
}

async function truncatesNothing({ store }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [entry(1, 1)] });
  await store.write({ truncateFrom: 2, entries: [entry(2, 1)] });
  expectEqual(names(await store.read(1, 3, ALL)), ['entry1@1', 'entry2@1'], 'entries');
}

async function refusesGaps({ store }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [entry(1, 1)] });
  await expectCode(store.write({ entries: [entry(3, 1)] }), 'ERR_STORE_FAILED');
}

async function readsRanges({ store }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [1, 2, 3, 4, 5].map((index) => entry(index, 1)) });
  expectEqual(names(await store.read(2, 4, ALL)), ['entry2@1', 'entry3@1'], 'range');
}

async function readsBounded({ store }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [1, 2, 3].map((index) => entry(index, 1)) });
  expectEqual((await store.read(1, 4, 17)).length, 2, 'two bodies of 8 bytes fit in 17');
  expectEqual((await store.read(1, 4, 1)).length, 1, 'one entry at least');
}

async function refusesMissing({ store }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [entry(1, 1)] });
  await expectCode(store.read(1, 3, ALL), 'ERR_STORE_FAILED');
}

async function keepsBodies({ store, reopen }: LogStoreUnderTest): Promise<void> {
  const kinds: readonly EntryKind[] = [
    ...(['command', 'noop', 'members', 'session-open', 'session-close'] as const),
    ...(['fence', 'verify', 'tick', 'version', 'session-command'] as const),
  ];
  const large = Uint8Array.from({ length: 300_000 }, (_, place) => place % 251);
  const written = kinds.map((kind, place) => {
    const body = place % 2 === 0 ? new Uint8Array(0) : large;
    return { index: place + 1, term: 1, timeMs: 2 ** 45, kind, body };
  });
  await store.load();
  await store.write({ entries: written });
  const again = await reopen();
  await again.load();
  for (const expected of written) {
    const [found] = await again.read(expected.index, expected.index + 1, 1);
    const { kind, timeMs, body } = expected;
    expectEqual([found?.kind, found?.timeMs], [kind, timeMs], 'kind and time');
    expectTrue(Buffer.compare(found?.body ?? Buffer.of(7), body) === 0, `body of ${kind}`);
  }
}

async function keepsOrder({ store }: LogStoreUnderTest): Promise<void> {
  await store.load();
  const writes = Array.from({ length: 50 }, (_, place) =>
    store.write({ entries: [entry(place + 1, 1)] }),
  );
  await Promise.all(writes);
  const read = await store.read(1, 51, ALL);
  expectEqual(
    read.map((each) => each.index),
    read.map((_, place) => place + 1),
    'order',
  );
}

async function compacts({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [entry(1, 1, 'members'), entry(2, 3), entry(3, 3, 'members')] });
  await store.write({ entries: [entry(4, 5), entry(5, 5)], compactTo: 2 });
  await store.write({ entries: [entry(6, 5)] });
  expectEqual(names(await store.read(3, 7, ALL)).length, 4, 'entries before a reopen');
  const again = await reopen();
  const stored = await again.load();
  expectEqual([stored.base, stored.last], [at(2, 3), at(6, 5)], 'base and last');
  const runs = [
    { from: 3, term: 3 },
    { from: 4, term: 5 },
  ];
  expectEqual(stored.runs, runs, 'runs');
  expectEqual(stored.configIndexes, [3], 'members entries');
  expectEqual(stored.sizes, [8, 8, 8, 8], 'sizes');
  expectEqual(stored.lastTimeMs, 6000, 'time of the last entry');
  expectEqual(names(await again.read(3, 5, ALL)), ['entry3@3', 'entry4@5'], 'bodies');
}

async function compactsWhole({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [entry(1, 1, 'members'), entry(2, 4)] });
  await store.write({ compactTo: 2 });
  const again = await reopen();
  const stored = await again.load();
  expectEqual([stored.base, stored.last], [at(2, 4), at(2, 4)], 'base and last');
  expectEqual([stored.runs, stored.sizes, stored.configIndexes], [[], [], []], 'no entries');
  expectEqual(stored.lastTimeMs, 0, 'no entry has a time');
  await again.write({ entries: [entry(3, 6)] });
  expectEqual(names(await again.read(3, 4, ALL)), ['entry3@6'], 'the next entry');
}

async function compactsNothing({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [entry(1, 1), entry(2, 2), entry(3, 2)], compactTo: 2 });
  await store.write({ compactTo: 2 });
  const again = await reopen();
  const { base, last } = await again.load();
  expectEqual([base, last], [at(2, 2), at(3, 2)], 'base and last');
  expectEqual(names(await again.read(3, 4, ALL)), ['entry3@2'], 'the entry that is left');
}

async function compactsWhatItWrites({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [entry(1, 1), entry(2, 1), entry(3, 1), entry(4, 1)] });
  await store.write({ truncateFrom: 3, entries: [entry(3, 7), entry(4, 8)], compactTo: 3 });
  const again = await reopen();
  const { base, last } = await again.load();
  expectEqual([base, last], [at(3, 7), at(4, 8)], 'the term of the base is that of the new entry');
  expectEqual(names(await again.read(4, 5, ALL)), ['entry4@8'], 'the entry that is left');
}

async function refusesCompacted({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [entry(1, 1), entry(2, 1), entry(3, 1)] });
  await store.write({ compactTo: 2 });
  for (const from of [1, 2]) await expectCode(store.read(from, 4, ALL), 'ERR_COMPACTED');
  const again = await reopen();
  await again.load();
  await expectCode(again.read(2, 3, ALL), 'ERR_COMPACTED');
  expectEqual(names(await again.read(3, 4, ALL)), ['entry3@1'], 'what is left');
}

async function truncatesCompacted({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [1, 2, 3, 4, 5].map((index) => entry(index, 1)) });
  await store.write({ compactTo: 2 });
  await store.write({ truncateFrom: 4, entries: [entry(4, 2)] });
  await store.write({ truncateFrom: 4 });
  const again = await reopen();
  const { base, last } = await again.load();
  expectEqual([base, last], [at(2, 1), at(3, 1)], 'base and last');
  await again.write({ truncateFrom: 3 });
  await again.write({ entries: [entry(3, 9)] });
  expectEqual(names(await again.read(3, 4, ALL)), ['entry3@9'], 'a log truncated down to its base');
}

async function resets({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  const hardState = { term: 9, votedFor: 'a', commit: 3 };
  await store.write({ hardState, entries: [entry(1, 1, 'members'), entry(2, 1), entry(3, 1)] });
  await store.write({ reset: at(40, 8) });
  await expectCode(store.read(3, 4, ALL), 'ERR_COMPACTED');
  const again = await reopen();
  const stored = await again.load();
  expectEqual([stored.base, stored.last], [at(40, 8), at(40, 8)], 'base and last');
  expectEqual([stored.runs, stored.sizes, stored.configIndexes], [[], [], []], 'no entries');
  expectEqual([stored.lastTimeMs, stored.hardState], [0, hardState], 'time and hard state');
  await again.write({ entries: [entry(41, 9)] });
  expectEqual(names(await again.read(41, 42, ALL)), ['entry41@9'], 'the next entry');
}

async function resetsAndAppends({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [1, 2, 3, 4, 5, 6, 7].map((index) => entry(index, 1)) });
  const hardState = { term: 5, votedFor: undefined, commit: 4 };
  const entries = [entry(5, 5), entry(6, 5, 'members')];
  await store.write({ hardState, reset: at(4, 3), entries });
  const again = await reopen();
  const stored = await again.load();
  expectEqual([stored.base, stored.last], [at(4, 3), at(6, 5)], 'no old entry, before or behind');
  expectEqual(
    [stored.runs, stored.configIndexes],
    [[{ from: 5, term: 5 }], [6]],
    'runs and members',
  );
  expectEqual([stored.hardState, stored.lastTimeMs], [hardState, 6000], 'hard state and time');
  expectEqual(names(await again.read(5, 7, ALL)), ['entry5@5', 'entry6@5'], 'bodies');
}

async function resetsAndCompacts({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [entry(1, 1), entry(2, 1)] });
  const entries = [entry(11, 4), entry(12, 5), entry(13, 5)];
  await store.write({ reset: at(10, 4), entries, compactTo: 12 });
  const again = await reopen();
  const { base, last, sizes } = await again.load();
  expectEqual([base, last, sizes.length], [at(12, 5), at(13, 5), 1], 'base, last and count');
  expectEqual(names(await again.read(13, 14, ALL)), ['entry13@5'], 'the entry that is left');
}

async function resetsBackwards({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ reset: at(30, 2), entries: [entry(31, 2), entry(32, 2)] });
  await store.write({ reset: at(20, 3), entries: [entry(21, 3)] });
  await expectCode(store.read(31, 33, ALL), 'ERR_STORE_FAILED');
  const again = await reopen();
  const { base, last } = await again.load();
  expectEqual([base, last], [at(20, 3), at(21, 3)], 'base and last');
}

async function refusesGapsToBase({ store }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await expectCode(store.write({ reset: at(5, 1), entries: [entry(7, 1)] }), 'ERR_STORE_FAILED');
}

async function refusesBaseBeyond({ store, reopen }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.write({ entries: [entry(1, 1), entry(2, 1)] });
  const hardState = { term: 8, votedFor: undefined, commit: 0 };
  await expectCode(store.write({ hardState, compactTo: 3 }), 'ERR_STORE_FAILED');
  const stored = await (await reopen()).load();
  expectEqual(
    [stored.base, stored.last, stored.hardState.term],
    [at(0, 0), at(2, 1), 0],
    'as before',
  );
}

async function refusesClosed({ store }: LogStoreUnderTest): Promise<void> {
  await store.load();
  await store.close();
  await store.close();
  await expectCode(store.write({ entries: [entry(1, 1)] }), 'ERR_STORE_FAILED');
}

function at(index: number, term: number): { index: number; term: number } {
  return { index, term };
}

function entry(index: number, term: number, kind: EntryKind = 'command'): LogEntry {
  const body = new TextEncoder().encode(`entry${index}@${term}`);
  return { index, term, timeMs: index * 1000, kind, body };
}

function names(entries: readonly LogEntry[]): string[] {
  return entries.map(({ body }) => new TextDecoder().decode(body));
}
