import { describe, expect, it } from 'vitest';
import type { Logger } from '../../../src/contracts/index.ts';
import { Inbox } from '../../../src/runtime/inbox.ts';
import type { CodecIdentity } from '../../../src/runtime/wire/index.ts';
import {
  appendFrame,
  capabilities,
  codec,
  codecOf,
  digestReport,
  forward,
  forwardReply,
  join,
  messages,
  origin,
} from './wire/frames.ts';

class Bench {
  readonly got: string[] = [];
  /** Incarnation, and the term of a message or the boot of a forward. */
  readonly sources: (readonly [number, number])[] = [];
  readonly warnings: object[] = [];
  readonly #unexpected = () => {
    throw new Error('not expected to be logged');
  };
  readonly #logger: Logger = {
    ...{ debug: this.#unexpected, info: this.#unexpected, error: this.#unexpected },
    warn: (fields) => void this.warnings.push(fields),
  };
  readonly inbox = new Inbox(codec, this.#logger, {
    message: (from, incarnation, { term, type }, entries) => {
      this.got.push(`${from} ${type} ${entries.length}`);
      this.sources.push([incarnation, term]);
    },
    forward: (from, { boot, incarnation }, { requests }) => {
      this.got.push(`${from} forward ${requests.length}`);
      this.sources.push([incarnation, boot]);
    },
    forwardReply: ({ applied }) => void this.got.push(`reply ${applied.length}`),
    report: (from, { type }) => void this.got.push(`${from} ${type}`),
  });
}

/** A frame with this term, of a store in some boot. */
function frameOf(changes: Partial<CodecIdentity>, term = 1): Uint8Array {
  return join(codecOf(changes).encodeMessage({ type: 'stale-term', term }));
}

const bad = Uint8Array.of(1, 2, 3);

describe('an inbox', () => {
  it('hands each frame to the one it is for', () => {
    const { got, inbox } = new Bench();
    inbox.receive('b', appendFrame());
    for (const message of messages.slice(0, 2)) inbox.receive('c', codec.encodeMessage(message));
    inbox.receive('b', join(codec.encodeForward(forward)));
    inbox.receive('b', join(codec.encodeForwardReply(forwardReply)));
    for (const report of [digestReport, capabilities]) {
      inbox.receive('c', join(codec.encodeReport(report)));
    }
    expect(got).toEqual([
      'b append 5',
      'c pre-vote-request 0',
      'c pre-vote-reply 0',
      `b forward ${forward.requests.length}`,
      'reply 2',
      'c digest-report',
      'c capabilities',
    ]);
    expect([inbox.badFrames, inbox.staleFrames]).toEqual([0, 0]);
  });

  it('says which store each frame comes from', () => {
    const { inbox, sources } = new Bench();
    inbox.receive('b', frameOf({ incarnation: 98 }, 5));
    inbox.receive('b', join(codec.encodeForward(forward)));
    expect(sources).toEqual([
      [98, 5],
      [origin.incarnation, origin.boot],
    ]);
  });

  it('counts what does not decode, hands it to nobody and names each sender once', () => {
    const { got, inbox, warnings } = new Bench();
    for (const from of ['b', 'b', 'c', 'b']) inbox.receive(from, bad);
    expect(inbox.badFrames).toBe(4);
    expect(got).toEqual([]);
    expect(warnings).toEqual([
      expect.objectContaining({ from: 'b', err: expect.objectContaining({ code: 'ERR_FRAME' }) }),
      expect.objectContaining({ from: 'c' }),
    ]);
  });

  it('stays silent about new senders once there are too many of them', () => {
    const { inbox, warnings } = new Bench();
    for (let sender = 0; sender < 1000; sender++) inbox.receive(`s${sender}`, bad);
    expect(inbox.badFrames).toBe(1000);
    expect(warnings).toHaveLength(64);
  });
});

describe('what a store sent before it was opened again', () => {
  const store = { incarnation: 98 };

  it('is counted and handed to nobody, from the first later frame on', () => {
    const { got, inbox, sources } = new Bench();
    inbox.receive('b', frameOf({ ...store, boot: 1 }, 1));
    inbox.receive('b', frameOf({ ...store, boot: 1 }, 2));
    inbox.receive('b', frameOf({ ...store, boot: 3 }, 3));
    inbox.receive('b', frameOf({ ...store, boot: 1 }, 4));
    inbox.receive('b', join(codecOf({ ...store, boot: 2 }).encodeForward(forward)));
    inbox.receive('b', join(codecOf({ ...store, boot: 2 }).encodeForwardReply(forwardReply)));
    inbox.receive('b', frameOf({ ...store, boot: 3 }, 5));
    expect(sources.map(([, term]) => term)).toEqual([1, 2, 3, 5]);
    expect(got).toHaveLength(4);
    expect([inbox.staleFrames, inbox.badFrames]).toEqual([3, 0]);
  });

  it('is told by the store, whatever id a copy of it has taken', () => {
    const { inbox, sources } = new Bench();
    inbox.receive('b', frameOf({ ...store, boot: 4 }, 1));
    inbox.receive('c', frameOf({ ...store, boot: 3 }, 2));
    inbox.receive('b', frameOf({ incarnation: 99, boot: 1 }, 3));
    expect(sources.map(([, term]) => term)).toEqual([1, 3]);
    expect(inbox.staleFrames).toBe(1);
  });

  it('is not learnt from a frame that does not decode', () => {
    const { inbox, sources } = new Bench();
    inbox.receive('b', frameOf({ ...store, boot: 9 }).with(3, 255));
    inbox.receive('b', frameOf({ ...store, boot: 1 }, 2));
    expect(sources.map(([, term]) => term)).toEqual([2]);
    expect(inbox.badFrames).toBe(1);
  });

  it('is told for a bounded number of stores: those heard of last', () => {
    const { inbox } = new Bench();
    for (let n = 1; n <= 257; n++) inbox.receive('b', frameOf({ incarnation: n, boot: 2 }));
    inbox.receive('b', frameOf({ incarnation: 2, boot: 1 }));
    expect(inbox.staleFrames).toBe(1);
    // The first of them is forgotten: it passes, and is remembered in the place of the next.
    inbox.receive('b', frameOf({ incarnation: 1, boot: 1 }));
    expect(inbox.staleFrames).toBe(1);
    inbox.receive('b', frameOf({ incarnation: 257, boot: 1 }));
    expect(inbox.staleFrames).toBe(2);
  });
});
