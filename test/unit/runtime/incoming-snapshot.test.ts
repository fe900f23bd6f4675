// A snapshot on its way into the store: what was kept, what is damaged, what took its place.
import { describe, expect, it } from 'vitest';
import type { SnapshotSink, StoredSnapshot } from '../../../src/contracts/index.ts';
import { MemorySnapshotStore } from '../../../src/memory/memory-snapshot-store.ts';
import { IncomingSnapshot } from '../../../src/runtime/incoming-snapshot.ts';
import { headOf } from '../../../src/runtime/wire/index.ts';
import { Deferred, macrotask } from './deferred.ts';
import { fateOf, WAITS } from './fate.ts';
import { contentOf, storedAs } from './snapshots.ts';

/** Notes what is asked of its sinks, and lets `before` hold that up. */
class Store extends MemorySnapshotStore {
  readonly asked: string[] = [];
  before: (what: string) => PromiseLike<void> | undefined = () => undefined;

  override async receive(snapshot: StoredSnapshot): Promise<SnapshotSink> {
    await this.#ask(`receive ${snapshot.id}`);
    const sink = await super.receive(snapshot);
    return {
      get received() {
        return sink.received;
      },
      read: () => sink.read(),
      write: async (bytes) => {
        await this.#ask(`write ${bytes.length}`);
        await sink.write(bytes);
      },
      commit: async () => {
        await this.#ask('commit');
        await sink.commit();
      },
      discard: async () => {
        await this.#ask('discard');
        await sink.discard();
      },
    };
  }

  async #ask(what: string): Promise<void> {
    this.asked.push(what);
    await this.before(what);
  }
}

const clock = { soon: (next: () => void) => void setImmediate(next) };

function incomingTo(store: Store, snapshot: StoredSnapshot, before?: IncomingSnapshot) {
  return new IncomingSnapshot({ store, clock }, snapshot, headOf(snapshot), before);
}

const content = await contentOf('9-5-x-1', 'a machine');
const snapshot = storedAs('9-5-x-1', 9, content);
const namesake = await contentOf('9-5-y-1', 'a machine');
const otherContent = await contentOf('12-5-y-1', 'of another');
const other = storedAs('12-5-y-1', 12, otherContent);
const half = content.length >> 1;
const damaged = content.with(half + 3, (content[half + 3] ?? 0) ^ 1);

describe('a snapshot that comes in', () => {
  it('is there as a whole once it is committed, and not before', async () => {
    const store = new Store();
    const incoming = incomingTo(store, snapshot);
    expect(await incoming.open()).toBe(0);
    expect(await incoming.write(content.subarray(0, half))).toBe(half);
    expect(await incoming.write(content.subarray(half))).toBe(content.length);
    expect(await store.latest()).toBeUndefined();
    expect(await incoming.commit()).toBe(true);
    expect(await store.latest()).toEqual(snapshot);
  });

  it('goes on with what was kept of it', async () => {
    const store = new Store();
    await (await store.receive(snapshot)).write(content.subarray(0, half));
    const incoming = incomingTo(store, snapshot);
    expect(await incoming.open()).toBe(half);
    await incoming.write(content.subarray(half));
    expect(await incoming.commit()).toBe(true);
  });

  it('begins anew when what was kept of it is damaged', async () => {
    const store = new Store();
    await (await store.receive(snapshot)).write(damaged.subarray(0, content.length - 4));
    const incoming = incomingTo(store, snapshot);
    expect(await incoming.open()).toBe(0);
    expect(store.asked.slice(-2)).toEqual(['discard', `receive ${snapshot.id}`]);
    await incoming.write(content);
    expect(await incoming.commit()).toBe(true);
    expect(await store.latest()).toEqual(snapshot);
  });

  it.each([
    ['damaged on the way', damaged],
    ['of another snapshot', namesake],
    ['cut off', content.subarray(0, -1)],
  ])('is refused and gone when it is %s', async (_, bytes) => {
    const store = new Store();
    const incoming = incomingTo(store, { ...snapshot, bytes: bytes.length });
    await incoming.open();
    for (const byte of [bytes.subarray(0, half), bytes.subarray(half)]) await incoming.write(byte);
    expect(await incoming.commit()).toBe(false);
    expect([store.asked.at(-1), await store.latest()]).toEqual(['discard', undefined]);
    expect(store.asked).not.toContain('commit');
    expect((await store.receive({ ...snapshot, bytes: bytes.length })).received).toBe(0);
  });

  it('asks one thing at a time of the store, in the order in which it came', async () => {
    const store = new Store();
    const opening = new Deferred<void>();
    store.before = (what) => (what.startsWith('receive') ? opening.promise : undefined);
    const incoming = incomingTo(store, snapshot);
    const all = [
      incoming.open(),
      incoming.write(content.subarray(0, half)),
      incoming.write(content.subarray(half)),
      incoming.commit(),
    ];
    await macrotask();
    expect(store.asked).toEqual([`receive ${snapshot.id}`]);
    opening.resolve();
    expect(await Promise.all(all)).toEqual([0, half, content.length, true]);
    const rest = content.length - half;
    expect(store.asked.slice(1)).toEqual([`write ${half}`, `write ${rest}`, 'commit']);
  });

  it('fails with what the store says', async () => {
    const store = new Store();
    const incoming = incomingTo(store, snapshot);
    await incoming.open();
    store.before = () => Promise.reject(new Error('EIO'));
    await expect(incoming.write(content)).rejects.toThrow('EIO');
    const other = new Store();
    other.before = () => Promise.reject(new Error('EIO'));
    await expect(incomingTo(other, snapshot).open()).rejects.toThrow('EIO');
  });
});

describe('a snapshot in the place of another', () => {
  it('waits for what is under way, and nothing more of the other is done', async () => {
    const store = new Store();
    const opening = new Deferred<void>();
    store.before = (what) => (what === `receive ${snapshot.id}` ? opening.promise : undefined);
    const first = incomingTo(store, snapshot);
    const begun = first.open();
    const written = first.write(content);
    await macrotask();
    const second = incomingTo(store, other, first);
    const opened = second.open();
    expect([await fateOf(begun), await fateOf(opened)]).toEqual([WAITS, WAITS]);
    opening.resolve();
    expect([await written, await opened]).toEqual([undefined, 0]);
    expect(store.asked).toEqual([`receive ${snapshot.id}`, `receive ${other.id}`]);
    expect(await first.commit()).toBe(false);
    await second.write(otherContent);
    expect(await second.commit()).toBe(true);
    expect(await store.latest()).toEqual(other);
  });

  it('begins also when the other has failed', async () => {
    const store = new Store();
    store.before = (what) =>
      what.startsWith('write') ? Promise.reject(new Error('EIO')) : undefined;
    const first = incomingTo(store, snapshot);
    await first.open();
    await expect(first.write(content)).rejects.toThrow('EIO');
    const second = incomingTo(store, other, first);
    expect(await second.open()).toBe(0);
  });
});
