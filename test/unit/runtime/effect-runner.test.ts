// What an effect means for the parts of a node: here, that they forget together what was replaced.
import { describe, expect, it } from 'vitest';
import type { Transport } from '../../../src/contracts/index.ts';
import type { Append } from '../../../src/raft/index.ts';
import { EffectRunner } from '../../../src/runtime/effect-runner.ts';
import { LogWindow } from '../../../src/runtime/log-window.ts';
import { Proposals } from '../../../src/runtime/requests/index.ts';
import { Roster } from '../../../src/runtime/roster.ts';
import { Sender } from '../../../src/runtime/sender.ts';
import { Writer } from '../../../src/runtime/writer.ts';
import { makeLeader, TestMember } from '../raft/member.ts';
import { DeferredStore } from './deferred.ts';
import { entriesOf } from './entries.ts';
import { codec, decodeFrame, join } from './wire/frames.ts';

const never = () => {
  throw new Error('not asked for in this test');
};

describe('entries that take the place of others', () => {
  it('are the ones sent from then on, though the same places were encoded before', () => {
    const leader = new TestMember({ terms: [1] });
    makeLeader(leader);
    const store = new DeferredStore();
    const window = new LogWindow(1, 1 << 20);
    for (const entry of entriesOf(1, 4)) window.append(entry);
    const terms: number[][] = [];
    const transport: Transport = {
      ...{ open: never, setPeers: never, close: never, supports: { maxFrameBytes: 1 << 20 } },
      send: (_, parts) => {
        const frame = decodeFrame(join(...parts));
        if (frame.type === 'message') terms.push(frame.entries.map(({ term }) => term));
        return true;
      },
    };
    const parts = { transport, codec, window, store, maxAppendBytes: 1000, failed: never };
    const runner = new EffectRunner({
      ...{ window, apply: never, roleChanged: never, membersChanged: never },
      roster: new Roster([]),
      sender: new Sender({ state: leader.state, ...parts }),
      writer: new Writer(store, window, { meta: never, written: never, failed: never }),
      proposals: new Proposals({ maxQueuedProposals: 1, maxQueuedBytes: 1 }),
    });
    const message: Append = {
      ...{ type: 'append', term: 2, stream: 1, prevIndex: 1, prevTerm: 1 },
      ...{ from: 2, until: 4, commit: 0 },
    };
    const send = { type: 'send', to: 'b', message, after: 0 } as const;
    const received = {
      type: 'receive',
      from: 'c',
      incarnation: 99,
      message,
      entries: entriesOf(2, 4, 2),
    } as const;
    runner.run([send], { type: 'timeout' });
    runner.run([{ type: 'accept', from: 2, until: 4 }], received);
    runner.run([send], { type: 'timeout' });
    expect(terms).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });
});
