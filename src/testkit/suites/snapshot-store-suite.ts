// What every SnapshotStore must do. A store that passes may be trusted with a node's snapshots, as
// far as a process can tell without losing power.
import type {
  SnapshotInfo,
  SnapshotSink,
  SnapshotStore,
  StoredSnapshot,
} from '../../contracts/index.ts';
import { joinBytes } from '../../lib/bytes.ts';
import { type Case, expectCode, expectEqual, expectTrue } from './suite.ts';

export interface SnapshotStoreUnderTest {
  readonly store: SnapshotStore;
  /** The same store after a clean close: what a restarted process would open. */
  reopen(): Promise<SnapshotStore>;
  /** Removes what the case has left behind. */
  dispose(): Promise<void>;
}

/** So long a store that takes no notice of an abort is waited for. */
const PATIENCE_MS = 1000;

type Body = (under: SnapshotStoreUnderTest) => Promise<void>;

export function snapshotStoreSuite(make: () => Promise<SnapshotStoreUnderTest>): readonly Case[] {
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

const cases: readonly (readonly [string, Body])[] = [
  ['a new store has no snapshot', emptyAtFirst],
  ['what was saved is there, and after a reopen', keepsSaves],
  ['an empty snapshot, and a large one', keepsSizes],
  ['the bytes that were given, whatever a reader does to what it got', keepsBytes],
  ['a snapshot is not there while it is being saved', savesAtOnce],
  ['chunks are taken one at a time', takesOneAtATime],
  ['a save whose chunks fail rejects with their error and leaves nothing', refusesFailingChunks],
  ['an aborted save leaves nothing and lets its chunks go', abortsSaves],
  ['a save is aborted while it waits for a chunk', abortsWaitingSaves],
  ['a save that was aborted before it began', abortsAtOnce],
  ['the latest is the one of the highest index', findsHighest],
  ['of equal indexes the latest is the one that came last', findsLastOfEqual],
  ['read begins at a byte', readsFrom],
  ['several readers at once, one of which stops early', readsAtOnce],
  ['read of what is not there is refused as compacted', refusesMissing],
  ['prune removes all that is not named', prunes],
  ['prune while a snapshot is being read', prunesWhileReading],
  ['what is received is not there until it is committed', receives],
  ['what was begun goes on', goesOn],
  ['what was begun goes on after a reopen', goesOnAfterReopen],
  ['another snapshot makes the one that was begun forgotten', forgetsOther],
  ['another snapshot of the same index does so as well', forgetsOtherOfSameIndex],
  ['commit refuses what is incomplete, and what is too long', refusesIncomplete],
  ['discard forgets, twice and after a commit as well', discards],
  ['prune leaves alone what is being received', prunesNothingBegun],
  ['a closed store refuses everything, and closes twice', refusesClosed],
];

async function emptyAtFirst({ store }: SnapshotStoreUnderTest): Promise<void> {
  expectEqual(await store.latest(), undefined, 'no snapshot');
  await store.prune([]);
}

async function keepsSaves({ store, reopen }: SnapshotStoreUnderTest): Promise<void> {
  const header = Uint8Array.from({ length: 128 * 1024 }, (_, at) => at % 253);
  const info = { ...infoOf('one', 7), header };
  const saved = await save(store, info, [patternOf(10), new Uint8Array(0), patternOf(5)]);
  expectSnapshot(saved, { ...info, bytes: 15 }, 'what save gives');
  for (const each of [store, await reopen()]) {
    expectSnapshot(await each.latest(), { ...info, bytes: 15 }, 'latest');
    const expected = joinBytes([patternOf(10), patternOf(5)]);
    expectBytes(await collect(each.read('one')), expected, 'its bytes');
    expectBytes(await collect(each.read('one')), expected, 'its bytes, again');
  }
}

async function keepsSizes({ store, reopen }: SnapshotStoreUnderTest): Promise<void> {
  await save(store, { ...infoOf('empty', 1), header: new Uint8Array(0) }, []);
  expectEqual((await store.latest())?.bytes, 0, 'length of the empty one');
  const chunks = Array.from({ length: 30 }, (_, at) => patternOf(100_000 + at));
  await save(store, infoOf('large', 2), chunks);
  const again = await reopen();
  expectEqual((await again.latest())?.bytes, 3_000_435, 'length of the large one');
  expectBytes(await collect(again.read('empty')), new Uint8Array(0), 'the empty one');
  expectBytes(await collect(again.read('large')), joinBytes(chunks), 'the large one');
}

async function keepsBytes({ store }: SnapshotStoreUnderTest): Promise<void> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const byte of [1, 2, 3]) yield Buffer.alloc(1000, byte);
  }
  await store.save(infoOf('one', 1), chunks(), new AbortController().signal);
  const expected = joinBytes([1, 2, 3].map((byte) => new Uint8Array(1000).fill(byte)));
  expectBytes(await collect(store.read('one')), expected, 'what was given');
  for await (const piece of store.read('one')) piece.fill(9);
  expectBytes(await collect(store.read('one')), expected, 'after a reader changed its pieces');
}

async function savesAtOnce({ store }: SnapshotStoreUnderTest): Promise<void> {
  await save(store, infoOf('before', 1), [patternOf(3)]);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield patternOf(50_000);
    expectEqual((await store.latest())?.id, 'before', 'latest while another is being saved');
    await expectCode(collect(store.read('after')), 'ERR_COMPACTED');
    yield patternOf(50_000);
  }
  await store.save(infoOf('after', 2), chunks(), new AbortController().signal);
  expectEqual((await store.latest())?.id, 'after', 'latest once it is there');
}

async function takesOneAtATime({ store }: SnapshotStoreUnderTest): Promise<void> {
  let asked = 0;
  const source: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        asked++;
        expectEqual(asked, 1, 'questions under way');
        await Promise.resolve();
        asked--;
        left--;
        return left < 0 ? { done: true, value: undefined } : { done: false, value: patternOf(9) };
      },
    }),
  };
  let left = 20;
  await store.save(infoOf('one', 1), source, new AbortController().signal);
  expectEqual((await store.latest())?.bytes, 180, 'length');
}

async function refusesFailingChunks({ store, reopen }: SnapshotStoreUnderTest): Promise<void> {
  const failure = new Error('the machine has failed');
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield patternOf(100_000);
    throw failure;
  }
  const saving = store.save(infoOf('bad', 5), chunks(), new AbortController().signal);
  expectEqual(await reasonOf(saving), failure, 'the error of the chunks');
  await expectNothing(store, 'bad');
  await expectNothing(await reopen(), 'bad');
}

async function abortsSaves({ store, reopen }: SnapshotStoreUnderTest): Promise<void> {
  const aborting = new AbortController();
  const reason = new Error('enough');
  let letGo = false;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      yield patternOf(100_000);
      aborting.abort(reason);
      yield patternOf(100_000);
      yield patternOf(100_000);
    } finally {
      letGo = true;
    }
  }
  const saving = store.save(infoOf('bad', 5), chunks(), aborting.signal);
  expectEqual(await reasonOf(saving), reason, 'the reason of the signal');
  await new Promise((resolve) => setImmediate(resolve));
  expectTrue(letGo, 'the chunks are let go');
  await expectNothing(store, 'bad');
  await save(store, infoOf('good', 4), [patternOf(3)]);
  const again = await reopen();
  expectEqual((await again.latest())?.id, 'good', 'latest after a reopen');
  await expectCode(collect(again.read('bad')), 'ERR_COMPACTED');
}

async function abortsWaitingSaves({ store }: SnapshotStoreUnderTest): Promise<void> {
  const aborting = new AbortController();
  let letGo = false;
  let timer: NodeJS.Timeout | undefined;
  let asked = (): void => undefined;
  const waiting = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const never: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        asked();
        return new Promise((_, reject) => {
          timer = setTimeout(() => reject(new Error('it still waits for a chunk')), PATIENCE_MS);
        });
      },
      return: async () => {
        letGo = true;
        clearTimeout(timer);
        return { done: true, value: undefined };
      },
    }),
  };
  const saving = reasonOf(store.save(infoOf('bad', 5), never, aborting.signal));
  await waiting;
  aborting.abort('enough');
  expectEqual(await saving, 'enough', 'the reason of the signal');
  expectTrue(letGo, 'the chunks are let go');
  await expectNothing(store, 'bad');
}

async function abortsAtOnce({ store }: SnapshotStoreUnderTest): Promise<void> {
  const saving = store.save(infoOf('bad', 5), from([patternOf(3)]), AbortSignal.abort('before'));
  expectEqual(await reasonOf(saving), 'before', 'the reason of the signal');
  await expectNothing(store, 'bad');
}

async function findsHighest({ store, reopen }: SnapshotStoreUnderTest): Promise<void> {
  for (const index of [9, 100, 20]) await save(store, infoOf(`at-${index}`, index), []);
  expectEqual((await store.latest())?.id, 'at-100', 'latest');
  expectEqual((await (await reopen()).latest())?.id, 'at-100', 'latest after a reopen');
}

async function findsLastOfEqual({ store, reopen }: SnapshotStoreUnderTest): Promise<void> {
  for (const id of ['b', 'c', 'a']) await save(store, infoOf(id, 4), [patternOf(1)]);
  expectEqual((await store.latest())?.id, 'a', 'the last that was saved');
  const snapshot = { ...infoOf('0', 4), bytes: 2 };
  const sink = await store.receive(snapshot);
  await sink.write(patternOf(2));
  await sink.commit();
  expectEqual((await store.latest())?.id, '0', 'the last that was received');
  expectEqual((await (await reopen()).latest())?.id, '0', 'latest after a reopen');
}

async function readsFrom({ store }: SnapshotStoreUnderTest): Promise<void> {
  const bytes = patternOf(200_000);
  await save(store, infoOf('one', 1), [bytes.subarray(0, 70_000), bytes.subarray(70_000)]);
  for (const at of [0, 1, 65_536, 70_000, 131_073, 199_999, 200_000]) {
    expectBytes(await collect(store.read('one', at)), bytes.subarray(at), `from byte ${at}`);
  }
}

async function readsAtOnce({ store }: SnapshotStoreUnderTest): Promise<void> {
  const bytes = patternOf(300_000);
  await save(store, infoOf('one', 1), [bytes]);
  const early = (async () => {
    for await (const piece of store.read('one')) return piece.length;
    return 0;
  })();
  const all = await Promise.all([
    collect(store.read('one')),
    collect(store.read('one', 1000)),
    collect(store.read('one')),
  ]);
  expectTrue((await early) > 0, 'a first piece');
  for (const [at, read] of all.entries()) {
    expectBytes(read, bytes.subarray(at === 1 ? 1000 : 0), `reader ${at}`);
  }
  expectBytes(await collect(store.read('one')), bytes, 'a reader after them');
}

async function refusesMissing({ store }: SnapshotStoreUnderTest): Promise<void> {
  await expectCode(collect(store.read('one')), 'ERR_COMPACTED');
  await save(store, infoOf('one', 1), [patternOf(3)]);
  await expectCode(collect(store.read('two')), 'ERR_COMPACTED');
}

async function prunes({ store, reopen }: SnapshotStoreUnderTest): Promise<void> {
  for (const index of [1, 2, 3])
    await save(store, infoOf(`at-${index}`, index), [patternOf(index)]);
  await store.prune(['at-2', 'unknown']);
  for (const each of [store, await reopen()]) {
    expectEqual((await each.latest())?.id, 'at-2', 'latest');
    expectBytes(await collect(each.read('at-2')), patternOf(2), 'the one that was named');
    for (const id of ['at-1', 'at-3']) await expectCode(collect(each.read(id)), 'ERR_COMPACTED');
  }
}

async function prunesWhileReading({ store, reopen }: SnapshotStoreUnderTest): Promise<void> {
  const bytes = patternOf(1_000_000);
  await save(store, infoOf('one', 1), [bytes]);
  const pieces: Uint8Array[] = [];
  const reading = (async () => {
    for await (const piece of store.read('one')) {
      if (pieces.length === 0) await store.prune([]);
      pieces.push(piece);
    }
  })();
  await reading.catch(() => expectCode(reading, 'ERR_COMPACTED'));
  const read = joinBytes(pieces);
  expectBytes(read, bytes.subarray(0, read.length), 'what was read');
  await expectNothing(await reopen(), 'one');
}

async function receives({ store, reopen }: SnapshotStoreUnderTest): Promise<void> {
  const bytes = patternOf(150_000);
  const snapshot = { ...infoOf('theirs', 9), bytes: bytes.length };
  const sink = await store.receive(snapshot);
  expectEqual(sink.received, 0, 'received at first');
  await sink.write(bytes.subarray(0, 100_000));
  await sink.write(bytes.subarray(100_000));
  expectEqual(sink.received, 150_000, 'received');
  expectBytes(await collect(sink.read()), bytes, 'what the sink reads');
  await expectNothing(store, 'theirs');
  await sink.commit();
  for (const each of [store, await reopen()]) {
    expectSnapshot(await each.latest(), snapshot, 'latest');
    expectBytes(await collect(each.read('theirs')), bytes, 'its bytes');
  }
}

async function goesOn({ store }: SnapshotStoreUnderTest): Promise<void> {
  const bytes = patternOf(90_000);
  const snapshot = { ...infoOf('theirs', 9), bytes: bytes.length };
  await (await store.receive(snapshot)).write(bytes.subarray(0, 50_000));
  await finish(await store.receive(snapshot), bytes, 50_000);
  expectBytes(await collect(store.read('theirs')), bytes, 'its bytes');
}

async function goesOnAfterReopen({ store, reopen }: SnapshotStoreUnderTest): Promise<void> {
  const bytes = patternOf(90_000);
  const snapshot = { ...infoOf('theirs', 9), bytes: bytes.length };
  await (await store.receive(snapshot)).write(bytes.subarray(0, 50_000));
  const again = await reopen();
  await expectNothing(again, 'theirs');
  await finish(await again.receive(snapshot), bytes, 50_000);
  expectSnapshot(await again.latest(), snapshot, 'latest');
  expectBytes(await collect(again.read('theirs')), bytes, 'its bytes');
}

async function forgetsOther({ store, reopen }: SnapshotStoreUnderTest): Promise<void> {
  const first = { ...infoOf('first', 9), bytes: 100 };
  const second = { ...infoOf('second', 10), bytes: 50 };
  const stale = await store.receive(first);
  await stale.write(patternOf(60));
  const sink = await store.receive(second);
  expectEqual(sink.received, 0, 'nothing of the first');
  await expectCode(stale.write(patternOf(40)), 'ERR_STORE_FAILED');
  await expectCode(stale.commit(), 'ERR_STORE_FAILED');
  await stale.discard();
  await sink.write(patternOf(50));
  await sink.commit();
  expectBytes(await collect(store.read('second')), patternOf(50), 'the second');
  const again = await reopen();
  expectEqual((await again.receive(first)).received, 0, 'the first is forgotten');
}

async function forgetsOtherOfSameIndex({ store }: SnapshotStoreUnderTest): Promise<void> {
  await (await store.receive({ ...infoOf('first', 9), bytes: 100 })).write(patternOf(60));
  const other = await store.receive({ ...infoOf('other', 9), bytes: 100 });
  expectEqual(other.received, 0, 'received');
}

async function refusesIncomplete({ store }: SnapshotStoreUnderTest): Promise<void> {
  const snapshot = { ...infoOf('theirs', 9), bytes: 100 };
  const sink = await store.receive(snapshot);
  await expectCode(sink.commit(), 'ERR_STORE_FAILED');
  await sink.write(patternOf(99));
  await expectCode(sink.commit(), 'ERR_STORE_FAILED');
  await expectNothing(store, 'theirs');
  const long = await store.receive({ ...infoOf('longer', 9), bytes: 100 });
  const writing = long.write(patternOf(101)).then(() => long.commit());
  await expectCode(writing, 'ERR_STORE_FAILED');
  await expectNothing(store, 'longer');
}

async function discards({ store, reopen }: SnapshotStoreUnderTest): Promise<void> {
  const snapshot = { ...infoOf('theirs', 9), bytes: 100 };
  const sink = await store.receive(snapshot);
  await sink.write(patternOf(60));
  await sink.discard();
  await sink.discard();
  await expectCode(sink.write(patternOf(40)), 'ERR_STORE_FAILED');
  const next = await store.receive(snapshot);
  expectEqual(next.received, 0, 'nothing is left');
  await next.write(patternOf(100));
  await next.commit();
  await next.discard();
  const again = await reopen();
  expectBytes(await collect(again.read('theirs')), patternOf(100), 'what was committed stays');
}

async function prunesNothingBegun({ store }: SnapshotStoreUnderTest): Promise<void> {
  await save(store, infoOf('ours', 8), [patternOf(3)]);
  const sink = await store.receive({ ...infoOf('theirs', 9), bytes: 100 });
  await sink.write(patternOf(100));
  await store.prune([]);
  expectEqual(await store.latest(), undefined, 'nothing whole is left');
  await sink.commit();
  expectEqual((await store.latest())?.id, 'theirs', 'what was received');
}

async function refusesClosed({ store }: SnapshotStoreUnderTest): Promise<void> {
  await save(store, infoOf('one', 8), [patternOf(3)]);
  const snapshot = { ...infoOf('theirs', 9), bytes: 3 };
  const sink = await store.receive(snapshot);
  await store.close();
  await store.close();
  await expectCode(save(store, infoOf('two', 9), []), 'ERR_STORE_FAILED');
  await expectCode(store.latest(), 'ERR_STORE_FAILED');
  await expectCode(collect(store.read('one')), 'ERR_STORE_FAILED');
  await expectCode(store.receive(snapshot), 'ERR_STORE_FAILED');
  await expectCode(store.prune([]), 'ERR_STORE_FAILED');
  await expectCode(sink.write(patternOf(3)), 'ERR_STORE_FAILED');
  await expectCode(sink.commit(), 'ERR_STORE_FAILED');
}

/** Writes what is missing, and commits. `most` is how much can be there. */
async function finish(sink: SnapshotSink, bytes: Uint8Array, most: number): Promise<void> {
  const { received } = sink;
  expectTrue(received >= 0 && received <= most, `${received} of ${most} bytes were kept`);
  expectBytes(await collect(sink.read()), bytes.subarray(0, received), 'what was kept');
  await sink.write(bytes.subarray(received));
  expectBytes(await collect(sink.read()), bytes, 'what is there before the commit');
  await sink.commit();
}

async function expectNothing(store: SnapshotStore, id: string): Promise<void> {
  expectEqual(await store.latest(), undefined, 'latest');
  await expectCode(collect(store.read(id)), 'ERR_COMPACTED');
}

function expectSnapshot(
  found: StoredSnapshot | undefined,
  expected: StoredSnapshot,
  message: string,
): void {
  const fields = (each: StoredSnapshot | undefined) => [
    ...[each?.id, each?.index, each?.term, each?.bytes],
  ];
  expectEqual(fields(found), fields(expected), message);
  expectBytes(found?.header ?? new Uint8Array(0), expected.header, `header of ${message}`);
}

function expectBytes(actual: Uint8Array, expected: Uint8Array, message: string): void {
  expectEqual(actual.length, expected.length, `length of ${message}`);
  expectTrue(Buffer.compare(actual, expected) === 0, `bytes of ${message}`);
}

function infoOf(id: string, index: number): SnapshotInfo {
  return { id, index, term: 3, header: Uint8Array.of(index, 255, 0) };
}

function patternOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) % 251);
}

function save(
  store: SnapshotStore,
  info: SnapshotInfo,
  chunks: readonly Uint8Array[],
): Promise<StoredSnapshot> {
  return store.save(info, from(chunks), new AbortController().signal);
}

async function* from(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(Uint8Array.from(chunk));
  return joinBytes(parts);
}

/** What a promise is rejected with. */
async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (reason) {
    return reason;
  }
  throw new Error('it did not reject');
}
