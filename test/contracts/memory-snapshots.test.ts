// The memory store passes the suite that every snapshot store must pass; broken ones do not.
import {
  CoxswainError,
  MemoryStorage,
  type SnapshotInfo,
  type SnapshotSink,
  type SnapshotStore,
  type StoredSnapshot,
} from 'coxswain';
import { snapshotStoreSuite } from 'coxswain/testkit';
import { describe, expect, test } from 'vitest';

type Change = (store: SnapshotStore) => Partial<SnapshotStore>;

async function makeStore(change: Change = () => ({})) {
  const storage = new MemoryStorage();
  await storage.log.load();
  const inner = storage.snapshots;
  const store: SnapshotStore = {
    save: (info, chunks, signal) => inner.save(info, chunks, signal),
    latest: () => inner.latest(),
    read: (id, fromByte) => inner.read(id, fromByte),
    receive: (snapshot) => inner.receive(snapshot),
    prune: (keep) => inner.prune(keep),
    close: () => inner.close(),
    ...change(inner),
  };
  return {
    store,
    reopen: async () => {
      await store.close();
      await storage.log.close();
      await storage.log.load();
      return store;
    },
    dispose: () => storage.close(),
  };
}

describe('MemoryStorage', () => {
  for (const { name, run } of snapshotStoreSuite(() => makeStore())) test(name, run);

  test('keeps snapshots, and one that was begun, until it is loaded again', async () => {
    const storage = new MemoryStorage();
    await storage.log.load();
    const info = { id: 'a', index: 3, term: 1, header: new Uint8Array(0) };
    await storage.snapshots.save(info, piecesOf(Uint8Array.of(1)), new AbortController().signal);
    const begun = { ...info, id: 'b', bytes: 5 };
    await (await storage.snapshots.receive(begun)).write(Uint8Array.of(7, 8));
    await storage.close();
    await storage.close();
    await expect(storage.snapshots.latest()).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
    await storage.log.load();
    expect(await storage.snapshots.latest()).toEqual({ ...info, bytes: 1 });
    expect((await storage.snapshots.receive(begun)).received).toBe(2);
  });

  test('closes once what is being saved is there', async () => {
    const { snapshots } = new MemoryStorage();
    const order: string[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    async function* chunks() {
      await held;
      yield Uint8Array.of(1);
    }
    const info = { id: 'a', index: 3, term: 1, header: new Uint8Array(0) };
    const saving = snapshots.save(info, chunks(), new AbortController().signal);
    const closing = snapshots.close().then(() => order.push('closed'));
    order.push('released');
    release();
    await Promise.all([saving.then(() => order.push('saved')), closing]);
    expect(order).toEqual(['released', 'saved', 'closed']);
  });
});

async function* piecesOf(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

async function* failing(code: 'ERR_STORE_FAILED'): AsyncGenerator<Uint8Array> {
  yield* [];
  throw new CoxswainError(code, 'it cannot be read');
}

/** What comes before the chunks fail, or the signal is aborted. */
async function* whatComes(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal) {
  try {
    for await (const chunk of chunks) {
      if (signal.aborted) return;
      yield chunk;
    }
  } catch {
    return;
  }
}

async function allOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return parts;
}

function withSink(change: (sink: SnapshotSink, snapshot: StoredSnapshot) => Partial<SnapshotSink>) {
  return (store: SnapshotStore): Partial<SnapshotStore> => ({
    receive: async (snapshot) => {
      const sink = await store.receive(snapshot);
      return {
        get received() {
          return sink.received;
        },
        write: (bytes) => sink.write(bytes),
        read: () => sink.read(),
        commit: () => sink.commit(),
        discard: () => sink.discard(),
        ...change(sink, snapshot),
      };
    },
  });
}

const never = () => new AbortController().signal;

const broken: Readonly<Record<string, Change>> = {
  'keeps what came before a save failed': (store) => ({
    save: async (info, chunks, signal) => {
      const kept = await store.save(info, whatComes(chunks, signal), never());
      await store.save(info, chunks, signal);
      return kept;
    },
  }),
  'takes no notice of an abort': (store) => ({
    save: (info, chunks, signal) =>
      signal.aborted ? store.save(info, chunks, signal) : store.save(info, chunks, never()),
  }),
  'wraps what the chunks throw': (store) => ({
    save: (info, chunks, signal) =>
      store.save(info, chunks, signal).catch((cause) => {
        throw signal.aborted ? cause : new CoxswainError('ERR_STORE_FAILED', 'it', { cause });
      }),
  }),
  'takes all chunks before it writes one': (store) => ({
    save: async (info, chunks, signal) =>
      store.save(info, piecesOf(...(await allOf(chunks))), signal),
  }),
  'takes the one that came last for the latest': (store) => {
    let last: SnapshotInfo | undefined;
    const saved = (info: StoredSnapshot) => {
      last = info;
      return info;
    };
    return {
      save: (info, chunks, signal) => store.save(info, chunks, signal).then(saved),
      latest: async () => (await store.latest()) && (last as StoredSnapshot | undefined),
    };
  },
  'forgets headers': (store) => ({
    save: (info, ...rest) => store.save({ ...info, header: new Uint8Array(0) }, ...rest),
  }),
  'reads from the beginning whatever it is asked for': (store) => ({
    read: (id) => store.read(id),
  }),
  'calls what is gone a failure': (store) => ({
    read: (id, fromByte) => {
      const pieces = store.read(id, fromByte);
      return (async function* () {
        try {
          yield* pieces;
        } catch {
          yield* failing('ERR_STORE_FAILED');
        }
      })();
    },
  }),
  'gives the pieces of one reader to another': (store) => {
    const readers = new Map<string, AsyncIterable<Uint8Array>>();
    return {
      read: (id, fromByte = 0) => {
        const shared = readers.get(`${id} ${fromByte}`) ?? store.read(id, fromByte);
        readers.set(`${id} ${fromByte}`, shared);
        return shared;
      },
    };
  },
  'prunes nothing': () => ({ prune: async () => undefined }),
  'prunes also what is being received': (store) => {
    let begun: SnapshotSink | undefined;
    return {
      receive: async (snapshot) => {
        begun = await store.receive(snapshot);
        return begun;
      },
      prune: async (keep) => {
        await begun?.discard();
        await store.prune(keep);
      },
    };
  },
  'goes on with the bytes of another snapshot': (store) => {
    let first: SnapshotSink | undefined;
    return {
      receive: async (snapshot) => {
        const sink = await store.receive(snapshot);
        for (const part of first === undefined ? [] : await allOf(first.read()).catch(() => [])) {
          await sink.write(part);
        }
        first = { ...sink, read: () => piecesOf(new Uint8Array(20)) };
        return sink;
      },
    };
  },
  'keeps what was written under a sink that was discarded': withSink(() => ({
    discard: async () => undefined,
  })),
  'commits what is incomplete': withSink((sink, snapshot) => ({
    commit: async () => {
      await sink.write(new Uint8Array(Math.max(0, snapshot.bytes - sink.received)));
      await sink.commit();
    },
  })),
  'forgets on close what was begun': (store) => {
    let begun: SnapshotSink | undefined;
    return {
      receive: async (snapshot) => {
        const sink = await store.receive(snapshot);
        begun = sink;
        return begun;
      },
      close: async () => {
        await store.close();
        await begun?.commit();
      },
    };
  },
  'commits nothing': withSink(() => ({ commit: async () => undefined })),
};

describe('the snapshot store suite', () => {
  test.each(Object.entries(broken))('fails a store that %s', async (_, change) => {
    const runs = snapshotStoreSuite(() => makeStore(change)).map(({ run }) => run());
    const results = await Promise.allSettled(runs);
    const failed = results.filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
  });
});
