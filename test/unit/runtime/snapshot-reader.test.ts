import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySnapshotStore } from '../../../src/memory/memory-snapshot-store.ts';
import { SnapshotReader } from '../../../src/runtime/snapshot-reader.ts';

/** A store of snapshots that come in pieces of some length, and notes how each is read. */
class Store extends MemorySnapshotStore {
  readonly opened: string[] = [];
  readonly left: string[] = [];
  readonly content = new Map<string, Uint8Array>();
  pieceBytes = 3;

  override async *read(id: string, fromByte = 0): AsyncGenerator<Uint8Array, void, undefined> {
    this.opened.push(`${id}+${fromByte}`);
    try {
      const bytes = this.content.get(id);
      if (bytes === undefined) throw new Error(`${id} is gone`);
      for (let at = fromByte; at < bytes.length; at += this.pieceBytes) {
        yield bytes.subarray(at, at + this.pieceBytes);
      }
    } finally {
      this.left.push(id);
    }
  }
}

const bytes = Uint8Array.from({ length: 100 }, (_, at) => at);
const numbers = async (reading: Promise<Uint8Array>) => [...(await reading)];

function createStore(): Store {
  const store = new Store();
  store.content.set('a', bytes).set('b', bytes.toReversed());
  return store;
}

describe('a reader of snapshots', () => {
  it('goes on where it was, and opens anew only for another place or snapshot', async () => {
    const store = createStore();
    const reader = new SnapshotReader(store);
    expect(await numbers(reader.read('a', 0, 4))).toEqual([0, 1, 2, 3]);
    expect(await numbers(reader.read('a', 4, 5))).toEqual([4]);
    expect(await numbers(reader.read('a', 5, 7))).toEqual([5, 6]);
    expect(store.opened).toEqual(['a+0']);
    expect(await numbers(reader.read('a', 2, 4))).toEqual([2, 3]);
    expect(await numbers(reader.read('b', 4, 6))).toEqual([95, 94]);
    expect(store.opened).toEqual(['a+0', 'a+2', 'b+4']);
    expect(store.left).toEqual(['a', 'a']);
  });

  it('gives fewer bytes only at the end', async () => {
    const reader = new SnapshotReader(createStore());
    expect(await numbers(reader.read('a', 97, 200))).toEqual([97, 98, 99]);
    expect(await numbers(reader.read('a', 100, 200))).toEqual([]);
  });

  it('lets go of the snapshot when it is closed, and begins anew after that', async () => {
    const store = createStore();
    const reader = new SnapshotReader(store);
    await reader.close();
    await reader.read('a', 0, 4);
    await reader.close();
    expect(store.left).toEqual(['a']);
    expect(await numbers(reader.read('a', 4, 6))).toEqual([4, 5]);
    expect(store.opened).toEqual(['a+0', 'a+4']);
  });

  it('fails with what the store says, and reads again after that', async () => {
    const store = createStore();
    const reader = new SnapshotReader(store);
    await expect(reader.read('c', 0, 4)).rejects.toThrow('c is gone');
    store.content.set('c', bytes);
    expect(await numbers(reader.read('c', 1, 3))).toEqual([1, 2]);
  });

  it('gives the bytes of each place, whatever was read before', async () => {
    const read = fc.tuple(fc.constantFrom('a', 'b'), fc.nat(110), fc.nat(20), fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.array(read), fc.integer({ min: 1, max: 50 }), async (reads, length) => {
        const store = createStore();
        store.pieceBytes = length;
        const reader = new SnapshotReader(store);
        let next = 0;
        for (const [id, place, count, follows] of reads) {
          const from = follows ? next : place;
          const expected = store.content.get(id)?.subarray(from, from + count) ?? [];
          expect(await numbers(reader.read(id, from, from + count))).toEqual([...expected]);
          next = from + count;
        }
        await reader.close();
        expect(store.left.length).toBe(store.opened.length);
      }),
    );
  });
});
