// What an effect means for the parts of a node: here, that they forget together what was replaced.
import { describe, expect, it } from 'vitest';
import type { Transport } from '../../../src/contracts/index.ts';
import { type Append, type ConfigurationAt, createConfiguration } from '../../../src/raft/index.ts';
import { EffectRunner } from '../../../src/runtime/effect-runner.ts';
import { LogWindow } from '../../../src/runtime/log-window.ts';
import { Proposals } from '../../../src/runtime/requests/index.ts';
import { Roster } from '../../../src/runtime/roster.ts';
import { Sender } from '../../../src/runtime/sender.ts';
import { decodeMembers, type SizedEntry } from '../../../src/runtime/wire/index.ts';
import { Writer } from '../../../src/runtime/writer.ts';
import { makeLeader, TestMember } from '../raft/member.ts';
import { DeferredStore } from './deferred.ts';
import { entriesOf, entryOf } from './entries.ts';
import { codec, decodeFrame, join, members, membersEntry } from './wire/frames.ts';

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
  readonly runner: EffectRunner;

  constructor() {
    makeLeader(this.leader);
    const { leader, roster, window } = this;
    const store = new DeferredStore();
    const transport: Transport = {
      ...{ open: never, setPeers: never, close: never, supports: { maxFrameBytes: 1 << 20 } },
      send: (_, parts) => {
        const frame = decodeFrame(join(...parts));
        if (frame.type === 'message') this.terms.push(frame.entries.map(({ term }) => term));
        return true;
      },
    };
    const parts = { transport, codec, window, store, maxAppendBytes: 1000, failed: never };
    this.runner = new EffectRunner({
      ...{ window, roster, apply: never, readIndex: never, roleChanged: never },
      membersChanged: (configs) => void this.told.push(configs),
      sender: new Sender({ state: leader.state, ...parts }),
      writer: new Writer(store, window, { now: never, meta: never, written: never, failed: never }),
      proposals: new Proposals({ maxQueuedProposals: 1, maxQueuedBytes: 1 }),
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
