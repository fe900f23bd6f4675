import { describe, expect, it } from 'vitest';
import type { Logger } from '../../../src/contracts/index.ts';
import { Inbox } from '../../../src/runtime/inbox.ts';
import { appendFrame, codec, forward, forwardReply, join, messages } from './wire/frames.ts';

class Bench {
  readonly got: string[] = [];
  readonly warnings: object[] = [];
  readonly #unexpected = () => {
    throw new Error('not expected to be logged');
  };
  readonly #logger: Logger = {
    ...{ debug: this.#unexpected, info: this.#unexpected, error: this.#unexpected },
    warn: (fields) => void this.warnings.push(fields),
  };
  readonly inbox = new Inbox(codec, this.#logger, {
    message: (from, { type }, entries) => void this.got.push(`${from} ${type} ${entries.length}`),
    forward: (from, { requests }) => void this.got.push(`${from} forward ${requests.length}`),
    forwardReply: ({ applied }) => void this.got.push(`reply ${applied.length}`),
  });
}

const bad = Uint8Array.of(1, 2, 3);

describe('an inbox', () => {
  it('hands each frame to the one it is for', () => {
    const { got, inbox } = new Bench();
    inbox.receive('b', appendFrame());
    for (const message of messages.slice(0, 2)) inbox.receive('c', codec.encodeMessage(message));
    inbox.receive('b', join(codec.encodeForward(forward)));
    inbox.receive('b', join(codec.encodeForwardReply(forwardReply)));
    expect(got).toEqual([
      'b append 5',
      'c pre-vote-request 0',
      'c pre-vote-reply 0',
      'b forward 2',
      'reply 2',
    ]);
    expect(inbox.badFrames).toBe(0);
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
