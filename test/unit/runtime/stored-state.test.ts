// What a log store and a snapshot store hold together, after whatever has happened to them.
import { describe, expect, it } from 'vitest';
import type { LogPosition, StoredLog, StoredSnapshot } from '../../../src/contracts/index.ts';
import { CoxswainError } from '../../../src/errors.ts';
import { MemorySnapshotStore } from '../../../src/memory/memory-snapshot-store.ts';
import { loadState } from '../../../src/runtime/stored-state.ts';

/** A log of entries of these terms after `base`. */
function logOf(terms: readonly number[], changes: Partial<StoredLog> = {}): StoredLog {
  const base = changes.base ?? { index: 0, term: 0 };
  const last = { index: base.index + terms.length, term: terms.at(-1) ?? base.term };
  return {
    ...{ meta: Uint8Array.of(1), base, last, sizes: terms.map(() => 8), configIndexes: [] },
    ...{ runs: terms.map((term, at) => ({ from: base.index + 1 + at, term })), lastTimeMs: 70 },
    hardState: { term: last.term, votedFor: 'b', commit: base.index },
    ...changes,
  };
}

function snapshotAt({ index, term }: LogPosition): StoredSnapshot {
  return { id: `${index}-${term}-x`, index, term, header: Uint8Array.of(7), bytes: 4 };
}

function load(log: StoredLog, at?: LogPosition): ReturnType<typeof loadState> {
  const store = new MemorySnapshotStore();
  store.latest = async () => (at === undefined ? undefined : snapshotAt(at));
  return loadState(log, store);
}

describe('a log and a snapshot', () => {
  it('of which there is only the log are that', async () => {
    const log = logOf([1, 1, 2]);
    expect(await load(log)).toEqual({ log, snapshot: undefined, correction: {} });
  });

  it.each([
    ['in the midst of the log', logOf([1, 1, 2, 2]), { index: 2, term: 1 }],
    ['of its last entry', logOf([1, 1, 2, 2]), { index: 4, term: 2 }],
    ['of its base', logOf([3], { base: { index: 5, term: 2 } }), { index: 5, term: 2 }],
    [
      'of the base of an empty log',
      logOf([], { base: { index: 5, term: 2 } }),
      { index: 5, term: 2 },
    ],
    ['after its base', logOf([3, 3], { base: { index: 5, term: 2 } }), { index: 7, term: 3 }],
  ])('that agree stay as they are, a snapshot %s, and it is committed', async (_, log, at) => {
    const { correction, log: found, snapshot } = await load(log, at);
    expect([correction, snapshot]).toEqual([{}, snapshotAt(at)]);
    expect(found).toEqual({ ...log, hardState: { ...log.hardState, commit: at.index } });
  });

  it('that agree leave a commit alone that is further', async () => {
    const hardState = { term: 2, votedFor: undefined, commit: 4 };
    const { log } = await load(logOf([1, 1, 2, 2], { hardState }), { index: 2, term: 1 });
    expect(log.hardState).toEqual(hardState);
  });

  it.each([
    ['ends before it', logOf([1, 1]), { index: 5, term: 1 }],
    [
      'is empty',
      logOf([], { hardState: { term: 1, votedFor: 'b', commit: 0 } }),
      { index: 5, term: 1 },
    ],
    ['has another entry there', logOf([1, 1, 2]), { index: 3, term: 1 }],
    ['has an older one there, and goes on', logOf([1, 1, 2, 2]), { index: 2, term: 2 }],
  ])('of a crash between them: a log that %s follows the snapshot', async (_, log, at) => {
    const { correction, log: found, snapshot } = await load(log, at);
    const hardState = { ...log.hardState, commit: at.index };
    expect(correction).toEqual({ reset: at, hardState });
    expect(snapshot).toEqual(snapshotAt(at));
    expect(found).toEqual({
      ...{ meta: log.meta, hardState, base: at, last: at },
      ...{ runs: [], sizes: [], configIndexes: [], lastTimeMs: 0 },
    });
  });

  it('of a crash before a term was written raise it: the vote was for an older one', async () => {
    const { correction } = await load(logOf([1, 1]), { index: 5, term: 4 });
    expect(correction).toEqual({
      reset: { index: 5, term: 4 },
      hardState: { term: 4, votedFor: undefined, commit: 5 },
    });
  });

  it.each([
    [
      'its log was lost: it may have voted, and acknowledged entries',
      logOf([], { meta: undefined, hardState: { term: 0, votedFor: undefined, commit: 0 } }),
      { index: 5, term: 1 },
      /snapshot 5-1-x, but the log is empty/,
    ],
    [
      'the snapshots were lost',
      logOf([3], { base: { index: 5, term: 2 } }),
      undefined,
      /begins after entry 5, and there is no snapshot/,
    ],
    [
      'an old snapshot came back',
      logOf([3], { base: { index: 5, term: 2 } }),
      { index: 4, term: 2 },
      /begins after entry 5, and there is only one of entry 4/,
    ],
    [
      'they differ on something committed',
      logOf([1, 2, 2], { hardState: { term: 2, votedFor: undefined, commit: 2 } }),
      { index: 2, term: 1 },
      /entry 2 is committed in another term than snapshot 2-1-x/,
    ],
    [
      'they differ on the base',
      logOf([], { base: { index: 5, term: 2 } }),
      { index: 5, term: 1 },
      /entry 5 is committed in another term/,
    ],
    [
      'the end of the log was lost',
      logOf([1, 1], { hardState: { term: 1, votedFor: undefined, commit: 3 } }),
      undefined,
      /ends at entry 2, but entries up to 3 were committed/,
    ],
    [
      'the end of the log was lost, though a snapshot has it',
      logOf([1, 1], { hardState: { term: 1, votedFor: undefined, commit: 3 } }),
      { index: 3, term: 1 },
      /ends at entry 2/,
    ],
    ['an entry has no length', { ...logOf([1, 1]), sizes: [8] }, undefined, /ends at entry 2/],
    [
      'a term was lost',
      logOf([1, 4], { hardState: { term: 3, votedFor: undefined, commit: 0 } }),
      undefined,
      /entry of term 4, but its term is 3/,
    ],
  ])('are refused when %s', async (_, log, at, message) => {
    await expect(load(log, at)).rejects.toMatchObject({
      ...{ code: 'ERR_STORE_CORRUPT', message: expect.stringMatching(message) },
    });
  });

  it('of which one cannot be read are the store’s own error', async () => {
    const store = new MemorySnapshotStore();
    store.latest = () => Promise.reject(new CoxswainError('ERR_STORE_FORMAT', 'newer'));
    await expect(loadState(logOf([1]), store)).rejects.toMatchObject({ code: 'ERR_STORE_FORMAT' });
    store.latest = () => Promise.reject(new Error('EIO'));
    await expect(loadState(logOf([1]), store)).rejects.toMatchObject({
      ...{ code: 'ERR_STORE_FAILED', message: expect.stringContaining('EIO') },
    });
  });
});
