// The memory parts pass the suites that every store and transport must pass; broken ones do not.
import {
  CoxswainError,
  type LogStore,
  type LogWrite,
  MemoryNetwork,
  MemoryStorage,
  type StoredLog,
} from 'coxswain';
import { logStoreSuite, ManualClock, transportSuite } from 'coxswain/testkit';
import { describe, expect, test } from 'vitest';

async function makeStore(wrap: (store: LogStore) => LogStore = (store) => store) {
  const { log } = new MemoryStorage();
  const store = wrap(log);
  return {
    store,
    reopen: async () => {
      await store.close();
      return store;
    },
    dispose: () => store.close(),
  };
}

async function makeTransports() {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ clock, maxFrameBytes: 100_000 });
  return {
    a: network.transport('a'),
    b: network.transport('b'),
    addresses: { a: 'a', b: 'b' },
    settle: () => clock.settle(),
    dispose: async () => undefined,
  };
}

describe('MemoryStorage', () => {
  for (const { name, run } of logStoreSuite(() => makeStore())) test(name, run);
});

describe('MemoryNetwork', () => {
  for (const { name, run } of transportSuite(makeTransports)) test(name, run);
});

function changed(change: (write: LogWrite) => LogWrite): (store: LogStore) => LogStore {
  return (store) => ({
    supports: store.supports,
    load: () => store.load(),
    read: (from, until, maxBytes) => store.read(from, until, maxBytes),
    write: (write) => store.write(change(write)),
    close: () => store.close(),
  });
}

function loading(change: (stored: StoredLog) => StoredLog): (store: LogStore) => LogStore {
  return (store) => ({
    ...changed((write) => write)(store),
    load: async () => change(await store.load()),
  });
}

const brokenStores: Readonly<Record<string, (store: LogStore) => LogStore>> = {
  'forgets the hard state': changed(({ hardState: _, ...rest }) => rest),
  'forgets meta': changed(({ meta: _, ...rest }) => rest),
  'loses the last entry of a write': changed((write) =>
    write.entries === undefined ? write : { ...write, entries: write.entries.slice(0, -1) },
  ),
  'does not compact': changed(({ compactTo: _, ...rest }) => rest),
  'does not reset': changed(({ reset, ...rest }) =>
    reset === undefined ? rest : { ...rest, entries: [] },
  ),
  'compacts an entry too few': changed((write) =>
    write.compactTo === undefined ? write : { ...write, compactTo: write.compactTo - 1 },
  ),
  'forgets the term of its base': loading((stored) => ({
    ...stored,
    base: { index: stored.base.index, term: 0 },
  })),
  'takes the base for its last entry': loading((stored) => ({ ...stored, last: stored.base })),
  'says of what was compacted that it failed': (store) => ({
    ...changed((write) => write)(store),
    read: async (from, until, maxBytes) => {
      try {
        return await store.read(from, until, maxBytes);
      } catch (cause) {
        throw new CoxswainError('ERR_STORE_FAILED', 'it cannot be read', { cause });
      }
    },
  }),
  'does not truncate': changed(({ truncateFrom, ...rest }) =>
    truncateFrom === undefined ? rest : { ...rest, entries: [] },
  ),
};

describe('the log store suite', () => {
  test.each(Object.entries(brokenStores))('fails a store that %s', async (_name, wrap) => {
    const runs = logStoreSuite(() => makeStore(wrap)).map(({ run }) => run());
    const results = await Promise.allSettled(runs);
    expect(results.some((result) => result.status === 'rejected')).toBe(true);
  });
});

describe('the transport suite', () => {
  test('fails a transport that calls back inside send', async () => {
    const soon = { ...clockOf(new ManualClock()), soon: (callback: () => void) => callback() };
    const make = async () => {
      const network = new MemoryNetwork({ clock: soon });
      const [a, b] = [network.transport('a'), network.transport('b')];
      const settle = async () => undefined;
      return { a, b, addresses: { a: 'a', b: 'b' }, settle, dispose: settle };
    };
    const results = await Promise.allSettled(transportSuite(make).map(({ run }) => run()));
    expect(results.some((result) => result.status === 'rejected')).toBe(true);
  });
});

function clockOf(clock: ManualClock) {
  return {
    now: () => clock.now(),
    wallMs: () => clock.wallMs(),
    after: (delayMs: number, callback: () => void) => clock.after(delayMs, callback),
  };
}
