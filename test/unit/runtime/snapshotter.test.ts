// What is done about snapshots as the core says, and what it is told of that.
import { describe, expect, it } from 'vitest';
import type { LogPosition, SnapshotSource } from '../../../src/contracts/index.ts';
import { CoxswainError } from '../../../src/errors.ts';
import { MemorySnapshotStore } from '../../../src/memory/memory-snapshot-store.ts';
import { createSessions, type SnapshotEvent, type SnapshotHead } from '../../../src/raft/index.ts';
import type { AppliedAt } from '../../../src/runtime/applied-point.ts';
import type { Captured } from '../../../src/runtime/machine-state.ts';
import { Snapshotter } from '../../../src/runtime/snapshotter.ts';
import {
  decodeContent,
  decodeSnapshotHeader,
  encodeMembers,
  encodeSessions,
  headOf,
  type SnapshotContent,
} from '../../../src/runtime/wire/index.ts';
import { Deferred, macrotask } from './deferred.ts';
import { join } from './machine-state-bench.ts';
import { contentOf, piecesOf, storedAs } from './snapshots.ts';
import { members, snapshotHeader } from './wire/frames.ts';

const at: AppliedAt = {
  ...{ index: 9, term: 5, timeMs: 2 ** 41, machineVersion: 3 },
  members: { index: 4, body: encodeMembers(members) },
};

class Bench {
  readonly store = new MemorySnapshotStore();
  readonly told: SnapshotEvent[] = [];
  readonly installed: string[] = [];
  readonly mended: number[] = [];
  readonly failed: unknown[] = [];
  /** Where, from what, and whether as a repair. */
  readonly restored: [AppliedAt, string, boolean | undefined][] = [];
  source: SnapshotSource = Buffer.from('a machine');
  durable: LogPosition | undefined;
  capturing: Promise<void> = Promise.resolve();
  restoring: Promise<void> = Promise.resolve();
  /** What waits for everything else to have its turn. */
  readonly turns: (() => void)[] = [];
  readonly snapshotter = this.create();

  create(latest = undefined as Parameters<typeof headOf>[0] | undefined): Snapshotter {
    return new Snapshotter({
      ...{ store: this.store, origin: 'ab-1', latest },
      clock: { soon: (next) => this.turns.push(next) },
      machine: {
        capture: async (): Promise<Captured> => {
          await this.capturing;
          const library = encodeSessions(createSessions());
          return { at, library, machine: this.source, durable: this.durable };
        },
        restore: async (open: () => PromiseLike<SnapshotContent>, to, isRepair) => {
          const { machine } = await open();
          this.restored.push([to, await join(machine), isRepair]);
          await this.restoring;
          return true;
        },
      },
      push: (event) => void this.told.push(event),
      restored: (index) => void this.mended.push(index),
      received: ({ id }, header) => void this.installed.push(`${id} ${header.length}`),
      failed: (cause) => void this.failed.push(cause),
    });
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await macrotask();
  }

  /** Takes one, of which the core is told. */
  async take(): Promise<SnapshotHead | undefined> {
    this.snapshotter.take();
    await this.settle();
    const event = this.told.at(-1);
    return event?.type === 'snapshot-taken' ? event.head : undefined;
  }
}

/** A machine whose bytes come when the test says so. */
async function* slowly(wait: Promise<void>): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(1);
  await wait;
  yield Uint8Array.of(2);
}

describe('a snapshot that is taken', () => {
  it('is stored with all that says where it stands, and the core is told', async () => {
    const bench = new Bench();
    const head = await bench.take();
    expect(head).toMatchObject({
      ...{ id: '9-5-ab-1-1', index: 9, term: 5, timeMs: 2 ** 41 },
      config: { index: 4, config: members.config },
    });
    expect(bench.told).toEqual([
      { type: 'snapshot-taken', head, machineDurable: Number.POSITIVE_INFINITY },
    ]);
    const stored = await bench.store.latest();
    expect(stored && headOf(stored)).toEqual(head);
    const { machine } = await decodeContent('9-5-ab-1-1', bench.store.read('9-5-ab-1-1'));
    expect(await join(machine)).toBe('a machine');
    const header = bench.snapshotter.headerOf('9-5-ab-1-1') ?? new Uint8Array(0);
    expect(decodeSnapshotHeader(header)).toEqual({
      ...{ timeMs: 2 ** 41, machineVersion: 3, configIndex: 4, members },
    });
  });

  it('never has the name of another', async () => {
    const bench = new Bench();
    expect([(await bench.take())?.id, (await bench.take())?.id]).toEqual([
      ...['9-5-ab-1-1', '9-5-ab-1-2'],
    ]);
  });

  it('says how far a machine that keeps its state itself has stored it', async () => {
    const bench = new Bench();
    bench.durable = { index: 7, term: 5 };
    await bench.take();
    expect(bench.told).toMatchObject([{ machineDurable: 7 }]);
  });

  it('stops the node when it cannot be stored, and nothing of it is there', async () => {
    const bench = new Bench();
    const cause = new CoxswainError('ERR_STORE_FAILED', 'no space left');
    bench.store.save = () => Promise.reject(cause);
    await bench.take();
    expect([bench.failed, bench.told, bench.snapshotter.headerOf('9-5-ab-1-1')]).toEqual([
      ...[[cause], [], undefined],
    ]);
  });

  it('is given up when another is restored: there is none, and the core is told so', async () => {
    const bench = new Bench();
    const head = await bench.take();
    bench.source = slowly(new Deferred<void>().promise);
    bench.snapshotter.take();
    await bench.settle();
    if (head !== undefined) bench.snapshotter.restore(head, false);
    await bench.settle();
    expect(bench.told.slice(1)).toEqual([
      { type: 'snapshot-taken', head: undefined, machineDurable: Number.POSITIVE_INFINITY },
      { type: 'restored', index: 9 },
    ]);
    expect((await bench.store.latest())?.id).toBe(head?.id);
    expect(bench.failed).toEqual([]);
  });
});

describe('another member’s snapshot', () => {
  const id = '9-5-x-1';

  it('is taken in piece by piece, and everyone is told once it is kept', async () => {
    const bench = new Bench();
    const content = await contentOf(id, 'of another');
    const head = headOf(storedAs(id, 9, content));
    bench.snapshotter.receive(head, snapshotHeader);
    bench.snapshotter.store(content.subarray(0, 5));
    bench.snapshotter.store(content.subarray(5));
    bench.snapshotter.keep();
    await bench.settle();
    expect(bench.told).toEqual([
      ...[0, 5, content.length].map((stored) => ({ type: 'snapshot-progress', id, stored })),
      { type: 'snapshot-received', id },
    ]);
    expect(bench.installed).toEqual([`${id} ${snapshotHeader.length}`]);
    bench.snapshotter.restore(head, true);
    await bench.settle();
    expect(bench.restored).toEqual([[at, 'of another', true]]);
    expect(bench.told.at(-1)).toEqual({ type: 'restored', index: 9 });
    expect(bench.mended).toEqual([9]);
  });

  it('that is damaged is refused, and nobody else hears of it', async () => {
    const bench = new Bench();
    const content = await contentOf(id, 'of another');
    bench.snapshotter.receive(headOf(storedAs(id, 9, content)), snapshotHeader);
    bench.snapshotter.store(content.with(20, (content[20] ?? 0) ^ 1));
    bench.snapshotter.keep();
    await bench.settle();
    expect(bench.told.at(-1)).toEqual({ type: 'snapshot-refused', id });
    expect([bench.installed, bench.failed, await bench.store.latest()]).toEqual([
      ...[[], [], undefined],
    ]);
    expect(bench.snapshotter.headerOf(id)).toBeUndefined();
  });

  it('in whose place another came says nothing more', async () => {
    const bench = new Bench();
    const content = await contentOf(id, 'of another');
    bench.snapshotter.receive(headOf(storedAs(id, 9, content)), snapshotHeader);
    bench.snapshotter.receive(headOf(storedAs('12-5-x-2', 12, content)), snapshotHeader);
    await bench.settle();
    expect(bench.told).toEqual([{ type: 'snapshot-progress', id: '12-5-x-2', stored: 0 }]);
  });

  it('stops the node when it cannot be stored', async () => {
    const bench = new Bench();
    const content = await contentOf(id, 'of another');
    bench.store.receive = () => Promise.reject(new Error('EIO'));
    bench.snapshotter.receive(headOf(storedAs(id, 9, content)), snapshotHeader);
    await bench.settle();
    expect(bench.failed).toMatchObject([{ code: 'ERR_STORE_FAILED' }]);
  });

  it('that nobody has begun is not asked for', async () => {
    const bench = new Bench();
    bench.snapshotter.store(Uint8Array.of(1));
    bench.snapshotter.keep();
    await bench.settle();
    expect([bench.told, bench.failed]).toEqual([[], []]);
  });
});

describe('snapshots of before', () => {
  it('are known by the name of the latest, and forgotten when they are pruned', async () => {
    const bench = new Bench();
    const content = await contentOf('9-5-x-1', 'kept');
    const info = storedAs('9-5-x-1', 9, content);
    const { signal } = new AbortController();
    const stored = await bench.store.save(info, piecesOf(content), signal);
    const snapshotter = bench.create(stored);
    expect(snapshotter.headerOf('9-5-x-1')).toEqual(snapshotHeader);
    snapshotter.restore(headOf(stored), false);
    await bench.settle();
    expect(bench.restored).toEqual([[at, 'kept', false]]);
    snapshotter.prune(['9-5-x-1']);
    await bench.settle();
    expect(await bench.store.latest()).toEqual(stored);
    snapshotter.prune([]);
    await bench.settle();
    expect([await bench.store.latest(), snapshotter.headerOf('9-5-x-1')]).toEqual([
      ...[undefined, undefined],
    ]);
    snapshotter.restore(headOf(stored), false);
    await bench.settle();
    expect([bench.restored.length, bench.failed]).toEqual([1, []]);
  });
});

describe('a node that stops', () => {
  it('gives up the snapshot that is being taken, and says nothing any more', async () => {
    const bench = new Bench();
    bench.source = slowly(new Deferred<void>().promise);
    bench.snapshotter.take();
    await bench.settle();
    await bench.snapshotter.stop();
    bench.snapshotter.take();
    await bench.settle();
    expect([bench.told, bench.failed, await bench.store.latest()]).toEqual([[], [], undefined]);
  });

  it('waits for a restore, and is not told of it', async () => {
    const bench = new Bench();
    const head = await bench.take();
    const restoring = new Deferred<void>();
    bench.restoring = restoring.promise;
    if (head !== undefined) bench.snapshotter.restore(head, false);
    await bench.settle();
    let isStopped = false;
    const stopping = bench.snapshotter.stop().then(() => {
      isStopped = true;
    });
    await bench.settle();
    expect([bench.restored.length, isStopped]).toEqual([1, false]);
    restoring.reject(new Error('closed'));
    await stopping;
    expect([bench.told.length, bench.failed]).toEqual([1, []]);
  });
});
