import { describe, expect, it } from 'vitest';
import type { LogEntry, MemberId, Transport } from '../../../src/contracts/index.ts';
import type { Append, Message, Send } from '../../../src/raft/index.ts';
import { LogWindow } from '../../../src/runtime/log-window.ts';
import { Sender } from '../../../src/runtime/sender.ts';
import { makeLeader, progress, TestMember } from '../raft/member.ts';
import { DeferredStore, macrotask } from './deferred.ts';
import { entriesOf, entryOf } from './entries.ts';
import { codec, decodeFrame, join } from './wire/frames.ts';

const never = () => {
  throw new Error('not asked for in this test');
};

/** A leader of term 2 whose window holds entries [first, until). */
class Bench {
  readonly leader = new TestMember({ terms: [1] });
  readonly store = new DeferredStore();
  readonly window: LogWindow;
  readonly frames: Uint8Array[] = [];
  /** One line a frame: to whom, on which lane, what. */
  readonly sent: string[] = [];
  readonly failed: unknown[] = [];
  readonly sender: Sender;

  constructor(first = 1, until = 10) {
    makeLeader(this.leader);
    this.window = new LogWindow(first, { memoryWindowBytes: 1 << 20 });
    for (const entry of entriesOf(first, until)) this.window.append(entry);
    const transport: Transport = {
      ...{ open: never, setPeers: never, close: never, supports: { maxFrameBytes: 1 << 20 } },
      send: (to, parts, lane) => {
        const frame = join(...parts);
        this.frames.push(frame);
        this.sent.push(`${to} ${lane} ${describeFrame(frame)}`);
        return true;
      },
    };
    this.sender = new Sender({
      ...{ state: this.leader.state, transport, codec, window: this.window, store: this.store },
      ...{ limits: { maxAppendBytes: 1000 }, chunks: { send: never } },
      failed: (cause) => void this.failed.push(cause),
    });
  }

  send(message: Message, to: MemberId = 'b', after = 0): void {
    const effect: Send = { type: 'send', to, message, after };
    this.sender.send(effect);
  }

  append(from: number, until: number, to = 'b'): void {
    const { stream } = progress(this.leader, to);
    const prevTerm = from > 1 ? 1 : 0;
    const message: Append = {
      ...{ type: 'append', term: 2, stream, prevIndex: from - 1, prevTerm },
      ...{ from, until, commit: 0 },
    };
    this.send(message, to);
  }

  async answer(at: number, entries: readonly LogEntry[]): Promise<void> {
    this.store.reads[at]?.resolve(entries);
    await macrotask();
  }
}

function describeFrame(bytes: Uint8Array): string {
  const frame = decodeFrame(bytes);
  if (frame.type !== 'message') return frame.type;
  const { message, entries } = frame;
  if (message.type !== 'append') return `${message.type}@${message.term}`;
  return `append [${entries.map((entry) => `${entry.index}@${entry.term}`).join(' ')}]`;
}

describe('a message', () => {
  it('that waits for no write leaves at once, control ahead of entries', () => {
    const bench = new Bench();
    bench.send({ type: 'stale-term', term: 2 }, 'c');
    bench.append(2, 4);
    bench.append(4, 4);
    expect(bench.sent).toEqual([
      'c control stale-term@2',
      'b entries append [2@1 3@1]',
      'b entries append []',
    ]);
  });

  it('that waits leaves when its write is durable, in order, and not before', () => {
    const bench = new Bench();
    bench.send({ type: 'stale-term', term: 1 }, 'b', 2);
    bench.send({ type: 'stale-term', term: 2 }, 'b', 1);
    bench.send({ type: 'stale-term', term: 3 }, 'b', 3);
    bench.send({ type: 'stale-term', term: 4 }, 'b', 2);
    expect(bench.sent).toEqual([]);
    bench.sender.release(1);
    expect(bench.sent).toEqual(['b control stale-term@2']);
    bench.sender.release(2);
    expect(bench.sent.slice(1)).toEqual(['b control stale-term@1', 'b control stale-term@4']);
    bench.send({ type: 'stale-term', term: 5 }, 'b', 2);
    expect(bench.sent.at(-1)).toBe('b control stale-term@5');
    bench.sender.release(3);
    expect(bench.sent.at(-1)).toBe('b control stale-term@3');
    expect(bench.sent).toHaveLength(5);
  });

  it('that waits longest is dropped when too many wait: the newest say the most', () => {
    const bench = new Bench();
    for (let term = 1; term <= 4097; term++) bench.send({ type: 'stale-term', term }, 'b', 1);
    bench.sender.release(1);
    expect(bench.sent).toHaveLength(4096);
    expect([bench.sent[0], bench.sent.at(-1)]).toEqual([
      'b control stale-term@2',
      'b control stale-term@4097',
    ]);
  });

  it('that waits takes its entries as they are when it leaves', () => {
    const bench = new Bench();
    const { stream } = progress(bench.leader, 'b');
    const append = { type: 'append', term: 2, stream, prevIndex: 8, prevTerm: 1 } as const;
    bench.send({ ...append, from: 9, until: 10, commit: 0 }, 'b', 1);
    bench.window.truncate(9);
    bench.window.append(entryOf(9, 2));
    bench.sender.release(1);
    expect(bench.sent).toEqual(['b entries append [9@2]']);
  });
});

describe('entries', () => {
  it('for several followers are encoded once, for each its own head', () => {
    const bench = new Bench();
    bench.append(2, 5, 'b');
    bench.append(2, 5, 'c');
    bench.append(2, 4, 'c');
    expect(bench.sent).toEqual([
      'b entries append [2@1 3@1 4@1]',
      'c entries append [2@1 3@1 4@1]',
      'c entries append [2@1 3@1]',
    ]);
  });

  it('that were replaced are not sent as they were', () => {
    const bench = new Bench();
    bench.append(8, 10);
    bench.window.truncate(9);
    bench.window.append(entryOf(9, 2));
    bench.sender.truncated();
    bench.append(8, 10, 'c');
    expect(bench.sent.at(-1)).toBe('c entries append [8@1 9@2]');
  });

  it('that are no longer in memory are read from the store, as often as it takes', async () => {
    const bench = new Bench(7, 10);
    bench.append(2, 6);
    expect(bench.store.reads).toMatchObject([{ from: 2, until: 6, maxBytes: 1000 }]);
    await bench.answer(0, entriesOf(2, 4));
    expect(bench.store.reads[1]).toMatchObject({ from: 4, until: 6 });
    await bench.answer(1, entriesOf(4, 6));
    expect(bench.sent).toEqual(['b entries append [2@1 3@1 4@1 5@1]']);
  });

  it('are read no further than what memory lacks: the rest may not be durable yet', async () => {
    const bench = new Bench(7, 10);
    bench.append(5, 10);
    expect(bench.store.reads).toMatchObject([{ from: 5, until: 7 }]);
    await bench.answer(0, entriesOf(5, 7));
    expect(bench.sent).toEqual(['b entries append [5@1 6@1 7@1 8@1 9@1]']);
    expect(bench.store.reads).toHaveLength(1);
  });

  it('of one follower keep their order while the store is read, and hold up no other', async () => {
    const bench = new Bench(7, 10);
    bench.append(5, 7);
    bench.append(7, 9);
    bench.append(7, 8, 'c');
    bench.send({ type: 'stale-term', term: 2 });
    expect(bench.sent).toEqual(['c entries append [7@1]', 'b control stale-term@2']);
    await bench.answer(0, entriesOf(5, 7));
    expect(bench.sent.slice(2)).toEqual([
      'b entries append [5@1 6@1]',
      'b entries append [7@1 8@1]',
    ]);
    bench.append(9, 10);
    expect(bench.sent.at(-1)).toBe('b entries append [9@1]');
  });

  it('are not sent when their stream ended while they were read', async () => {
    const bench = new Bench(7, 10);
    bench.append(5, 7);
    bench.append(2, 4);
    bench.leader.receive('b', {
      ...{ type: 'append-reject', term: 2, stream: 1 },
      ...{ prevIndex: 1, hintIndex: 0, hintTerm: 0 },
    });
    expect(progress(bench.leader, 'b').stream).toBe(2);
    await bench.answer(0, entriesOf(5, 7));
    expect(bench.sent).toEqual([]);
    expect(bench.store.reads).toHaveLength(1);
    bench.append(8, 9);
    expect(bench.sent).toEqual(['b entries append [8@1]']);
  });

  it('are not sent when the term ended while they were read', async () => {
    const bench = new Bench(7, 10);
    bench.append(5, 7);
    bench.leader.receive('c', { type: 'stale-term', term: 9 });
    await bench.answer(0, entriesOf(5, 7));
    expect([bench.sent, bench.failed]).toEqual([[], []]);
  });

  it('that cannot be read stop the node', async () => {
    const bench = new Bench(7, 10);
    bench.append(5, 7);
    const cause = new Error('damaged');
    bench.store.reads[0]?.reject(cause);
    await macrotask();
    expect(bench.failed).toMatchObject([{ code: 'ERR_STORE_FAILED', outcome: 'unknown', cause }]);
    expect(bench.sent).toEqual([]);
  });

  it('that cannot be read and are no longer wanted stop nothing', async () => {
    const bench = new Bench(7, 10);
    bench.append(5, 7);
    bench.leader.receive('c', { type: 'stale-term', term: 9 });
    bench.store.reads[0]?.reject(new Error('truncated meanwhile'));
    await macrotask();
    expect([bench.sent, bench.failed]).toEqual([[], []]);
  });

  it('that have become part of a snapshot while they were read are not sent', async () => {
    const bench = new Bench(7, 10);
    bench.append(5, 7);
    const { log } = bench.leader.state;
    log.base = { index: 6, term: 1 };
    bench.store.reads[0]?.reject(new Error('compacted'));
    await macrotask();
    expect([bench.sent, bench.failed]).toEqual([[], []]);
  });
});
