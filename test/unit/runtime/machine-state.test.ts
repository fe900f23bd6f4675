import { describe, expect, it } from 'vitest';
import type { SnapshotSource } from '../../../src/contracts/index.ts';
import { CoxswainError } from '../../../src/errors.ts';
import {
  decodeSessions,
  encodeSessionOpen,
  encodeSessions,
  encodeVersion,
  type SnapshotContent,
} from '../../../src/runtime/wire/index.ts';
import { Deferred, macrotask } from './deferred.ts';
import { fateOf, WAITS } from './fate.ts';
import { join, MachineBench, tableOf } from './machine-state-bench.ts';

const bytes = (value: string) => Uint8Array.from(Buffer.from(value));
const opening = encodeSessionOpen({ idleMs: 1000, max: 5 });
const read = (source: SnapshotSource) => join(source instanceof Uint8Array ? [source] : source);

async function* cut(value: string): AsyncGenerator<Uint8Array, void, undefined> {
  for (const letter of value) yield bytes(letter);
}

/** The library's part of a snapshot: sessions of these names. */
const library = (...ids: readonly number[]) => Buffer.concat(encodeSessions(tableOf(...ids)));
const idsIn = (parts: readonly Uint8Array[]) => [
  ...decodeSessions(Buffer.concat(parts)).open.keys(),
];

/** A snapshot taken elsewhere, at `index`. */
const elsewhere = (index: number, machineVersion = 1) => ({
  at: { index, term: 3, timeMs: 500, machineVersion, members: undefined },
  open: async () => ({ library: library(7), machine: cut('xyz') }),
});

describe('what is captured', () => {
  it('is what the log says at that entry, and what is there', async () => {
    const bench = new MachineBench({ version: 4 });
    bench.add('a');
    bench.add('m', 'members');
    bench.add(opening, 'session-open');
    bench.add(encodeVersion({ features: 1, machineVersion: 3 }), 'version');
    bench.add('', 'noop');
    bench.durable = { index: 1, term: 2 };
    bench.applier.advance(5);
    const { at, durable, library: table, machine } = await bench.state.capture();
    expect(at).toEqual({
      ...{ index: 5, term: 2, timeMs: 50, machineVersion: 3 },
      members: { index: 2, body: bytes('m') },
    });
    expect([idsIn(table), await read(machine), durable]).toEqual([
      ...[[3], 'a', { index: 1, term: 2 }],
    ]);
  });

  it('is the state at exactly that entry, though writes go on (S7)', async () => {
    const bench = new MachineBench({ maxApplyBatch: 2 });
    const waits: Deferred<void>[] = [];
    const wait = () => {
      waits.push(new Deferred());
      return waits.at(-1)?.promise;
    };
    bench.applying = (command) => (command < 'm' ? wait() : undefined);
    bench.saving = wait;
    bench.addLetters('azbycxdwevft');
    const captures = [];
    for (let upTo = 1; upTo <= 12; upTo++) {
      bench.applier.advance(upTo);
      if (upTo % 3 === 0) captures.push(bench.state.capture());
      // Those asked last are answered first, as far as there are several.
      for (const each of waits.splice(0).reverse()) each.resolve();
      await macrotask();
    }
    for (let round = 0; round < 40; round++) {
      for (const each of waits.splice(0)) each.resolve();
      bench.runSoon();
      await macrotask();
    }
    expect(bench.applier.applied).toBe(12);
    const all = await Promise.all(captures);
    expect(new Set(all.map(({ at }) => at.index)).size).toBeGreaterThan(2);
    for (const { at, machine } of all) {
      expect(await read(machine)).toBe('azbycxdwevft'.slice(0, at.index));
    }
  });

  it('keeps entries and queries out until the machine has let go', async () => {
    const bench = new MachineBench();
    const saving = new Deferred<void>();
    bench.saving = () => saving.promise;
    bench.add('a');
    bench.add('b');
    bench.applier.advance(1);
    const captured = bench.state.capture();
    bench.applier.advance(2);
    const asked = bench.query('q');
    bench.nowMs = 9;
    expect([await fateOf(captured), await fateOf(asked), bench.applier.busySinceMs]).toEqual([
      ...[WAITS, WAITS, 0],
    ]);
    expect(bench.applier.backlog).toBe(1);
    saving.resolve();
    expect((await captured).at.index).toBe(1);
    expect(await asked).toBe('a');
    expect([bench.applier.applied, bench.applier.busySinceMs]).toEqual([2, Infinity]);
  });

  it('waits for entries to reach a machine that has kept its state', async () => {
    const bench = new MachineBench({ kept: 2 });
    bench.content = ['a', 'b'];
    bench.addLetters('abc');
    bench.applier.advance(1);
    const captured = bench.state.capture();
    expect([await fateOf(captured), await bench.query('q')]).toEqual([WAITS, 'ab']);
    bench.applier.advance(3);
    const { at, machine } = await captured;
    expect([at.index, await read(machine)]).toEqual([3, 'abc']);
  });

  it.each([
    () => {
      throw new Error('odd');
    },
    () => Promise.reject(new Error('odd')),
  ])('is an error for the one who asked when the machine throws', async (saving) => {
    const bench = new MachineBench();
    bench.saving = saving;
    await expect(bench.state.capture()).rejects.toThrow('odd');
    bench.add('a');
    bench.applier.advance(1);
    expect([bench.content, bench.failed]).toEqual([['a'], []]);
  });

  it('is refused by a machine that stores at no position', async () => {
    const bench = new MachineBench();
    bench.durable = { index: 1, term: Number.NaN };
    await expect(bench.state.capture()).rejects.toThrow(/lastApplied\(\) gave 1@NaN/);
  });
});

describe('a restore', () => {
  it('replaces the machine and the sessions, and goes on behind it', async () => {
    const bench = new MachineBench();
    bench.addLetters('abcdef');
    bench.applier.advance(2);
    const { at, open } = elsewhere(4);
    const restored = bench.state.restore(open, at);
    bench.applier.advance(5);
    expect(await restored).toBe(true);
    expect(bench.log).toEqual(['applied 1', 'applied 2', 'applied 5']);
    expect(bench.content.join('')).toBe('xyze');
    expect(bench.metas).toEqual([{ index: 4, term: 3, timeMs: 500, machineVersion: 1 }]);
    expect([...bench.sessions.table.open.keys()]).toEqual([7]);
    expect((await bench.state.capture()).at).toMatchObject({ index: 5, term: 2, timeMs: 50 });
  });

  it('waits for what is under way', async () => {
    const bench = new MachineBench();
    const [applying, asking] = [new Deferred<void>(), new Deferred<void>()];
    bench.asking = () => asking.promise;
    const asked = bench.query('q');
    const { at, open } = elsewhere(4);
    const restored = bench.state.restore(open, at);
    expect(await fateOf(restored)).toBe(WAITS);
    asking.resolve();
    expect([await asked, await restored]).toEqual(['', true]);
    bench.applying = () => applying.promise;
    bench.addLetters('abcde');
    bench.applier.advance(5);
    const second = elsewhere(9);
    const again = bench.state.restore(second.open, second.at);
    expect([await fateOf(again), bench.content.join('')]).toEqual([WAITS, 'xyz']);
    applying.resolve();
    expect([await again, bench.content.join('')]).toEqual([true, 'xyz']);
    expect(bench.applier.applied).toBe(9);
  });

  it('of an entry that was applied by then changes nothing, and opens nothing', async () => {
    const bench = new MachineBench();
    bench.addLetters('abcd');
    bench.applier.advance(4);
    const open = () => {
      throw new Error('opened');
    };
    expect(await bench.state.restore(open, elsewhere(4).at)).toBe(false);
    expect([bench.content.join(''), bench.metas]).toEqual(['abcd', []]);
  });

  it('leaves a machine alone that has kept its state', async () => {
    const bench = new MachineBench({ kept: 5 });
    bench.content = [...'abcde'];
    bench.addLetters('abcdef');
    const { at, open } = elsewhere(4);
    expect(await bench.state.restore(open, at)).toBe(true);
    bench.applier.advance(6);
    expect([bench.content.join(''), bench.metas]).toEqual(['abcdef', []]);
    expect(bench.log).toEqual(['applied 5', 'applied 6']);
    expect([...bench.sessions.table.open.keys()]).toEqual([7]);
  });

  const storeError = new CoxswainError('ERR_STORE_CORRUPT', 'bad bytes');
  async function* broken(cause: unknown): AsyncGenerator<Uint8Array, void, undefined> {
    yield bytes('x');
    throw cause;
  }
  const good = elsewhere(4);
  it.each([
    ['machine throws', good.open, 'ERR_STATE_MACHINE', /snapshot at index 4: odd/],
    [
      'library’s part is damaged',
      async () => ({ library: bytes('['), machine: cut('') }),
      ...(['ERR_STORE_CORRUPT', /library's part of the snapshot at index 4/] as const),
    ],
    [
      'store says so',
      async () => ({ library: library(), machine: broken(storeError) }),
      ...(['ERR_STORE_CORRUPT', /bad bytes/] as const),
    ],
    [
      'store throws something else',
      async () => ({ library: library(), machine: broken(new Error('EIO')) }),
      ...(['ERR_STORE_FAILED', /snapshot at index 4 could not be read: EIO/] as const),
    ],
    [
      'snapshot cannot be opened',
      () => Promise.reject(new Error('EIO')),
      ...(['ERR_STORE_FAILED', /snapshot at index 4 could not be read: EIO/] as const),
    ],
  ] as const)('ends the node when the %s', async (what, open, code, message) => {
    const bench = new MachineBench();
    // It reads what there is, and takes a store's error for the end.
    bench.restoring = async (pieces) => {
      await join(pieces).catch(() => undefined);
      if (what === 'machine throws') throw new Error('odd');
    };
    const restored = bench.state.restore(open, good.at);
    const expected = { code, message: expect.stringMatching(message) };
    await expect(restored).rejects.toMatchObject(expected);
    expect(bench.failed).toMatchObject([expected]);
    bench.add('a');
    bench.applier.advance(1);
    expect(bench.content).toEqual([]);
  });

  it('not begun is refused when the node closes, and one that has begun is awaited', async () => {
    const bench = new MachineBench();
    const opened = new Deferred<SnapshotContent>();
    const begun = bench.state.restore(() => opened.promise, good.at);
    const waiting = bench.state.restore(good.open, elsewhere(9).at);
    const stopping = bench.applier.stop();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    expect(await fateOf(stopping)).toBe(WAITS);
    opened.reject(new CoxswainError('ERR_CLOSED', 'the store was closed'));
    await expect(begun).rejects.toMatchObject({
      ...{ code: 'ERR_STORE_FAILED', message: expect.stringContaining('store was closed') },
    });
    await stopping;
    expect(bench.failed).toEqual([]);
  });

  it('of a version that the machine cannot follow ends the node before it', async () => {
    const bench = new MachineBench();
    const { at, open } = elsewhere(4, 2);
    const expected = { code: 'ERR_VERSION_UNSUPPORTED', index: 4 };
    await expect(bench.state.restore(open, at)).rejects.toMatchObject(expected);
    expect([bench.failed.length, bench.metas]).toEqual([1, []]);
  });
});
