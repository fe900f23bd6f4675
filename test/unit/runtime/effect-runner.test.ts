// What an effect means for the parts of a node: here, that they forget together what was replaced.
import { describe, expect, it } from 'vitest';
import type { Transport } from '../../../src/contracts/index.ts';
import {
  type Append,
  type ConfigurationAt,
  createConfiguration,
  type Write,
} from '../../../src/raft/index.ts';
import { EffectRunner } from '../../../src/runtime/effect-runner.ts';
import { LogWindow } from '../../../src/runtime/log-window.ts';
import { Proposals } from '../../../src/runtime/requests/index.ts';
import type { Ticket } from '../../../src/runtime/requests/ticket.ts';
import { Roster } from '../../../src/runtime/roster.ts';
import { Sender } from '../../../src/runtime/sender.ts';
import {
  decodeMembers,
  type ReceivedChunk,
  type SizedEntry,
} from '../../../src/runtime/wire/index.ts';
import { Writer } from '../../../src/runtime/writer.ts';
import { makeLeader, TestMember } from '../raft/member.ts';
import { DeferredStore } from './deferred.ts';
import { entriesOf, entryOf } from './entries.ts';
import {
  chunk,
  codec,
  decodeFrame,
  join,
  members,
  membersEntry,
  piece,
  snapshotHeader,
} from './wire/frames.ts';

const never = () => {
  throw new Error('not asked for in this test');
};

class Bench {
  readonly leader = new TestMember({ terms: [1] });
  readonly window = new LogWindow(1, { memoryWindowBytes: 1 << 20 });
  readonly roster = new Roster([{ index: 1, members: [{ id: 'a', address: 'a:1' }] }]);
  /** The terms of the entries in each frame that was sent. */
  readonly terms: number[][] = [];
  readonly told: (readonly ConfigurationAt[])[] = [];
  /** What of the machine and its snapshots. */
  readonly asked: string[] = [];
  readonly store = new DeferredStore();
  readonly proposals = new Proposals({ maxQueuedProposals: 9, maxQueuedBytes: 99 });
  readonly writer = new Writer(this.store, this.window, {
    ...{ now: () => 0, meta: () => undefined, written: never, failed: never },
  });
  readonly runner: EffectRunner;

  constructor() {
    makeLeader(this.leader);
    const { leader, roster, store, window } = this;
    const transport: Transport = {
      ...{ open: never, setPeers: never, close: never, supports: { maxFrameBytes: 1 << 20 } },
      send: (_, parts) => {
        const frame = decodeFrame(join(...parts));
        if (frame.type === 'message') this.terms.push(frame.entries.map(({ term }) => term));
        return true;
      },
    };
    const limits = { maxAppendBytes: 1000 };
    const chunks = { send: never };
    const parts = { transport, codec, window, store, limits, chunks, failed: never };
    this.runner = new EffectRunner({
      ...{ window, roster, readIndex: never, roleChanged: never },
      applier: {
        advance: (upTo) => void this.asked.push(`advance ${upTo}`),
        skip: () => void this.asked.push('skip'),
      },
      snapshots: {
        take: () => void this.asked.push('take'),
        receive: ({ id }, header) => void this.asked.push(`receive ${id} ${header.length}`),
        store: (bytes) => void this.asked.push(`store ${bytes.join(' ')}`),
        keep: () => void this.asked.push('keep'),
        prune: (keep) => void this.asked.push(`prune all but ${keep.join(' ')}`),
        restore: ({ id }, isRepair) => void this.asked.push(`restore ${id} ${isRepair}`),
      },
      membersChanged: (configs) => void this.told.push(configs),
      sender: new Sender({ state: leader.state, ...parts }),
      ...{ writer: this.writer, proposals: this.proposals },
    });
  }

  /** Entries of an append from entry 2 on enter the log. */
  accept(entries: readonly SizedEntry[], until = 2 + entries.length): void {
    const received = { from: 'c', incarnation: 99, message, entries } as const;
    this.runner.run([{ type: 'accept', from: 2, until }], { type: 'receive', ...received });
  }
}

const message: Append = {
  ...{ type: 'append', term: 2, stream: 1, prevIndex: 1, prevTerm: 1 },
  ...{ from: 2, until: 4, commit: 0 },
};

describe('entries that take the place of others', () => {
  it('are the ones sent from then on, though the same places were encoded before', () => {
    const bench = new Bench();
    for (const entry of entriesOf(1, 4)) bench.window.append(entry);
    const send = { type: 'send', to: 'b', message, after: 0 } as const;
    bench.runner.run([send], { type: 'timeout' });
    bench.accept(entriesOf(2, 4, 2));
    bench.runner.run([send], { type: 'timeout' });
    expect(bench.terms).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });
});

describe('a configuration', () => {
  it('that this leader appends enters the log as an entry of everyone in it', () => {
    const { roster, runner, window } = new Bench();
    const config = createConfiguration({ voters: ['a'], learners: ['b'] });
    const b = { id: 'b', address: 'b:1' };
    roster.expect(config, [b]);
    window.append(entryOf(1));
    const at = { from: 2, until: 3, term: 2, timeMs: 7 };
    runner.run([{ type: 'append', kind: 'members', config, ...at }], { type: 'timeout' });
    const entry = window.get(2);
    expect(entry).toMatchObject({ index: 2, term: 2, timeMs: 7, kind: 'members' });
    const body = entry?.body ?? new Uint8Array(0);
    expect(decodeMembers(body)).toEqual({ members: [{ id: 'a', address: 'a:1' }, b], config });
    expect(roster.membersAt(2).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('that is received is known with its addresses, if its entry was taken', () => {
    const bench = new Bench();
    bench.window.append(entryOf(1));
    bench.accept([entryOf(2, 7), membersEntry(3)]);
    expect(bench.roster.membersAt(3)).toEqual(members.members);
    const other = new Bench();
    other.window.append(entryOf(1));
    other.accept([entryOf(2, 7), membersEntry(3)], 3);
    expect([other.window.get(3), other.roster.membersAt(3)]).toEqual([undefined, []]);
  });

  it('that comes into force, or is committed, is told with all that can be in force', () => {
    const { runner, told } = new Bench();
    const configs = [{ index: 1, config: createConfiguration({ voters: ['a'] }) }];
    runner.run([{ type: 'members', configs }], { type: 'timeout' });
    expect(told).toEqual([configs]);
  });
});

describe('a log that begins after a snapshot', () => {
  const write: Write = {
    ...({ type: 'write', write: 1 } as const),
    ...{ known: undefined, truncateFrom: 0, compactTo: 0 },
    ...{ from: 8, until: 8, lastIndex: 7, lastTerm: 2 },
    hardState: { term: 2, votedFor: undefined, commit: 7 },
    reset: { index: 7, term: 2 },
  };

  it('is empty everywhere at once, and nothing of before is sent or applied', () => {
    const bench = new Bench();
    const { asked, runner, store, window, writer } = bench;
    for (const entry of entriesOf(1, 4)) window.append(entry);
    const send = { type: 'send', to: 'b', message, after: 0 } as const;
    runner.run([send, write], { type: 'timeout' });
    expect([window.first, window.get(3), asked]).toEqual([8, undefined, ['skip']]);
    writer.flush();
    expect(store.writes[0]?.batch).toMatchObject({ reset: { index: 7, term: 2 }, entries: [] });
    for (const entry of entriesOf(8, 10, 2)) window.append(entry);
    const next = { ...message, prevIndex: 7, prevTerm: 2, from: 8, until: 10 };
    runner.run([{ ...send, message: next }], { type: 'timeout' });
    expect(bench.terms).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('is told to who waits for an entry of before: what came of it nobody knows (X5)', () => {
    const { proposals, runner } = new Bench();
    const fates: unknown[] = [];
    const ticket: Ticket = {
      ...{ kind: 'command', body: new Uint8Array(1), place: 'queued', settled: false },
      ...{ index: 0, term: 0, request: 0, applied: never },
      fail: (error) => void fates.push(error),
    };
    proposals.enqueue(ticket);
    proposals.log(5, 6, 1);
    runner.run([write], { type: 'timeout' });
    expect(fates).toMatchObject([{ code: 'ERR_LEADERSHIP_LOST', outcome: 'unknown' }]);
  });
});

describe('effects on snapshots', () => {
  it('reach who keeps them, with what the message brought', () => {
    const { asked, runner } = new Bench();
    const arrived: ReceivedChunk = { ...chunk, header: snapshotHeader, bytes: piece };
    const received = { from: 'b', incarnation: 98, message: arrived, entries: [] };
    const { head } = chunk;
    runner.run(
      [
        { type: 'receive-snapshot', head },
        { type: 'store-chunk', id: head.id, from: chunk.from, until: chunk.until },
      ],
      { type: 'receive', ...received },
    );
    runner.run(
      [
        { type: 'take-snapshot' },
        { type: 'keep-snapshot', id: head.id },
        { type: 'prune-snapshots', keep: ['x', 'y'] },
        { type: 'restore', head, isRepair: true },
        { type: 'apply', upTo: 4 },
      ],
      { type: 'timeout' },
    );
    expect(asked).toEqual([
      ...[`receive ${head.id} ${snapshotHeader.length}`, 'store 1 2 3 4 5', 'take', 'keep'],
      ...['prune all but x y', `restore ${head.id} true`, 'advance 4'],
    ]);
  });
});
