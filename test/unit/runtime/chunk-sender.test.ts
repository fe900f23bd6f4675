// Pieces of snapshots on their way out: read in order, and only as long as they are wanted.
import { describe, expect, it } from 'vitest';
import type { MemberId } from '../../../src/contracts/index.ts';
import { MemorySnapshotStore } from '../../../src/memory/memory-snapshot-store.ts';
import type { SnapshotHead } from '../../../src/raft/index.ts';
import { ChunkSender } from '../../../src/runtime/chunk-sender.ts';
import { headOf, type ReceivedChunk } from '../../../src/runtime/wire/index.ts';
import { makeLeader, progress, TestMember } from '../raft/member.ts';
import { Deferred, macrotask } from './deferred.ts';
import { storedAs } from './snapshots.ts';
import { codec, decodeFrame, join, snapshotHeader } from './wire/frames.ts';

const bytes = Uint8Array.from({ length: 100 }, (_, at) => at);

/** Each read waits for the test. */
class SlowStore extends MemorySnapshotStore {
  readonly reads: (Deferred<void> & { readonly from: number })[] = [];
  closed = 0;

  override async *read(_: string, from = 0): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      const asked = Object.assign(new Deferred<void>(), { from });
      this.reads.push(asked);
      await asked.promise;
      yield bytes.subarray(from);
    } finally {
      this.closed++;
    }
  }
}

/** A leader of term 6 that sends b and c the snapshot of entry 9. */
class Bench {
  readonly leader = new TestMember({ terms: [5] });
  readonly store = new SlowStore();
  readonly head: SnapshotHead = headOf(storedAs('9-5-x-1', 9, bytes));
  readonly headers = new Map([[this.head.id, snapshotHeader]]);
  /** One line a frame: to whom, on which lane, in how many parts, what. */
  readonly sent: string[] = [];
  readonly failed: unknown[] = [];
  readonly sender: ChunkSender;

  constructor() {
    makeLeader(this.leader);
    for (const id of ['b', 'c']) this.begin(id);
    this.sender = new ChunkSender({
      ...{ state: this.leader.state, store: this.store, codec },
      headerOf: (id) => this.headers.get(id),
      failed: (cause) => void this.failed.push(cause),
      transport: {
        send: (to, parts, lane) => {
          const frame = decodeFrame(join(...parts));
          if (frame.type !== 'message') throw new Error(frame.type);
          const piece = frame.message as ReceivedChunk;
          expect(piece.bytes).toEqual(bytes.subarray(piece.from, piece.until));
          this.sent.push(`${to} ${lane} ${parts.length}: [${piece.from}, ${piece.until})`);
          return true;
        },
      },
    });
  }

  begin(id: MemberId, head = this.head): void {
    const sending = { head, stored: 0, next: 0, storedBefore: undefined };
    Object.assign(progress(this.leader, id), { mode: 'snapshot', sending });
  }

  send(from: number, until: number, to = 'b'): void {
    const { stream } = progress(this.leader, to);
    const { term } = this.leader.state;
    const chunk = {
      type: 'snapshot-chunk',
      term,
      stream,
      head: this.head,
      ask: 0,
      from,
      until,
    } as const;
    this.sender.send(to, chunk);
  }

  async answer(at = 0): Promise<void> {
    await macrotask();
    this.store.reads[at]?.resolve();
    await macrotask();
  }
}

describe('pieces of a snapshot', () => {
  it('leave behind everything else, in order, out of one reading', async () => {
    const bench = new Bench();
    for (const from of [0, 10, 20]) bench.send(from, from + 10);
    await macrotask();
    expect([bench.sent, bench.store.reads.length]).toEqual([[], 1]);
    await bench.answer();
    expect(bench.sent).toEqual(['b bulk 2: [0, 10)', 'b bulk 2: [10, 20)', 'b bulk 2: [20, 30)']);
    expect([bench.store.reads.length, bench.store.closed, bench.failed]).toEqual([1, 1, []]);
  });

  it('of one follower hold up no other', async () => {
    const bench = new Bench();
    bench.send(0, 10);
    bench.send(50, 60, 'c');
    await bench.answer(1);
    expect(bench.sent).toEqual(['c bulk 2: [50, 60)']);
    await bench.answer(0);
    expect(bench.sent.at(-1)).toBe('b bulk 2: [0, 10)');
  });

  it('that only ask what is there need no reading', async () => {
    const bench = new Bench();
    bench.send(0, 0);
    await macrotask();
    expect([bench.sent, bench.store.reads]).toEqual([['b bulk 1: [0, 0)'], []]);
  });

  it('are read anew when more comes later', async () => {
    const bench = new Bench();
    bench.send(0, 10);
    await bench.answer();
    bench.send(10, 20);
    await bench.answer(1);
    expect(bench.store.reads.map(({ from }) => from)).toEqual([0, 10]);
    expect(bench.sent.at(-1)).toBe('b bulk 2: [10, 20)');
  });
});

describe('pieces that are not wanted any more', () => {
  const ends: readonly (readonly [string, (bench: Bench) => void])[] = [
    ['the term', ({ leader }) => leader.receive('c', { type: 'stale-term', term: 9 })],
    ['the stream', ({ leader }) => void progress(leader, 'b').stream++],
    [
      'the sending',
      ({ leader }) => void Object.assign(progress(leader, 'b'), { sending: undefined }),
    ],
    ['the snapshot', (bench) => bench.begin('b', { ...bench.head, id: '12-5-x-2' })],
  ];

  it.each(ends)('as %s has ended while they were read, are not sent', async (_, end) => {
    const bench = new Bench();
    for (const from of [0, 10]) bench.send(from, from + 10);
    await macrotask();
    end(bench);
    await bench.answer();
    expect([bench.sent, bench.failed, bench.store.closed]).toEqual([[], [], 1]);
  });

  it.each(ends)('as %s has ended, may be gone: that harms nobody', async (_, end) => {
    const bench = new Bench();
    for (const from of [0, 10]) bench.send(from, from + 10);
    await macrotask();
    end(bench);
    bench.store.reads[0]?.reject(new Error('gone'));
    await macrotask();
    expect([bench.sent, bench.failed]).toEqual([[], []]);
  });

  it('as the snapshot was pruned are not sent', async () => {
    const bench = new Bench();
    bench.send(0, 10);
    bench.headers.clear();
    await bench.answer();
    expect([bench.sent, bench.failed]).toEqual([[], []]);
  });
});

describe('a snapshot that is wanted', () => {
  it('and cannot be read stops the node', async () => {
    const bench = new Bench();
    bench.send(0, 10);
    await macrotask();
    const cause = new Error('EIO');
    bench.store.reads[0]?.reject(cause);
    await macrotask();
    expect(bench.failed).toMatchObject([{ code: 'ERR_STORE_FAILED', cause }]);
    expect(bench.sent).toEqual([]);
  });

  it('and is shorter than it was stops the node, and nothing of that is sent', async () => {
    const bench = new Bench();
    bench.send(95, 110);
    await bench.answer();
    expect(bench.failed).toMatchObject([
      { code: 'ERR_STORE_FAILED', message: expect.stringContaining('[95, 110)') },
    ]);
    expect(bench.sent).toEqual([]);
  });
});
