import { describe, expect, it } from 'vitest';
import type { Transport } from '../../../../src/contracts/index.ts';
import { CoxswainError } from '../../../../src/errors.ts';
import type { FrameSource } from '../../../../src/runtime/inbox.ts';
import { Refusal } from '../../../../src/runtime/refusal.ts';
import { Delegates } from '../../../../src/runtime/requests/delegates.ts';
import { Proposals } from '../../../../src/runtime/requests/proposals.ts';
import {
  decodeAnswer,
  encodeSessionOpen,
  type Forward,
  type ForwardedKind,
  type ForwardReply,
  SESSION_COMMAND_BYTES,
} from '../../../../src/runtime/wire/index.ts';
import { settledLeader } from '../../raft/member.ts';
import { requestMeter } from '../request-meter.ts';
import { codec, decodeFrame } from '../wire/frames.ts';

const never = () => {
  throw new Error('not asked for in this test');
};

const opening = { max: 7, idleMs: 70 };

interface Limits {
  readonly maxQueuedProposals?: number;
  readonly maxCommandBytes?: number;
  readonly maxBytes?: number;
  readonly maxFrameBytes?: number;
}

/** The leader of term 1, and what it answers. */
class Bench {
  readonly leader = settledLeader();
  readonly proposals: Proposals;
  readonly replies: { readonly to: string; readonly reply: ForwardReply }[] = [];
  readonly delegates: Delegates;

  constructor(limits: Limits = {}) {
    const { maxQueuedProposals = 1000, maxFrameBytes = 1 << 20 } = limits;
    this.proposals = new Proposals({ maxQueuedProposals, maxQueuedBytes: 1 << 20 });
    const transport: Transport = {
      ...{ open: never, setPeers: never, close: never, supports: { maxFrameBytes } },
      send: (to, parts) => {
        const bytes = Buffer.concat(parts);
        if (bytes.length > maxFrameBytes) return false;
        const reply = decodeFrame(bytes);
        if (reply.type !== 'forward-reply') throw new Error(`a ${reply.type}`);
        this.replies.push({ to, reply });
        return true;
      },
    };
    this.delegates = new Delegates({
      ...{ state: this.leader.state, transport, codec, proposals: this.proposals, maxFrameBytes },
      ...{ maxCommandBytes: limits.maxCommandBytes ?? 1000, maxBytes: limits.maxBytes ?? 1 << 16 },
      sessionOpening: encodeSessionOpen(opening),
      meter: requestMeter(),
      encodeResult: (result) => {
        if (!(result instanceof Uint8Array)) throw new TypeError('not bytes');
        return result;
      },
    });
  }

  forward(
    requests: readonly number[],
    changes: Partial<Forward & FrameSource & { kind: ForwardedKind }> = {},
    from = 'b',
    bytes = 1,
  ): void {
    const { boot = 1, incarnation = 98, kind = 'command', term = 1 } = changes;
    this.delegates.receive(
      from,
      { boot, incarnation },
      {
        ...{ type: 'forward', term },
        requests: requests.map((request) => {
          return { request, kind, body: new Uint8Array(bytes).fill(request) };
        }),
      },
    );
  }

  /** The requests that wait to enter the log, in order. */
  get queued(): readonly number[] {
    return this.proposals.queued().map(({ request }) => request);
  }

  /** Puts everything queued into the log from `from` on and applies it. */
  apply(from: number, result: unknown = Uint8Array.of(9)): void {
    const { length } = this.proposals.queued();
    this.proposals.log(from, from + length, 1);
    for (let index = from; index < from + length; index++) this.proposals.apply(index, 1, result);
  }
}

describe('a leader that is asked by another member', () => {
  it('takes its requests in order and answers where they were applied', () => {
    const bench = new Bench();
    bench.forward([1, 2]);
    expect(bench.queued).toEqual([1, 2]);
    bench.apply(5);
    bench.delegates.flush();
    const result = Buffer.of(9);
    expect(bench.replies).toMatchObject([
      {
        to: 'b',
        reply: {
          ...{ incarnation: 98, boot: 1 },
          applied: [
            { request: 1, index: 5, term: 1, result },
            { request: 2, index: 6, term: 1, result },
          ],
          failed: [],
        },
      },
    ]);
    bench.delegates.flush();
    expect(bench.replies).toHaveLength(1);
  });

  it('takes each request once, however often its frame comes', () => {
    const bench = new Bench();
    bench.forward([1, 2]);
    bench.forward([2, 1, 3]);
    bench.apply(5);
    bench.forward([1, 2, 3]);
    expect(bench.queued).toEqual([]);
    bench.delegates.flush();
    expect(bench.replies.flatMap(({ reply }) => reply.applied.map((a) => a.request))).toEqual([
      1, 2, 3,
    ]);
  });

  it('knows the runs and stores of one member apart', () => {
    const bench = new Bench();
    bench.forward([1]);
    bench.forward([1], { boot: 2 });
    bench.forward([1], { incarnation: 2 ** 53 - 1 });
    bench.forward([1], {}, 'c');
    expect(bench.queued).toEqual([1, 1, 1, 1]);
    // What an earlier run left in the network is not taken any more.
    bench.forward([2], { boot: 1 });
    expect(bench.queued).toHaveLength(4);
    bench.forward([2], { boot: 2 });
    expect(bench.queued).toHaveLength(5);
  });

  it('says nothing to a stranger, nor in any term but the one that is named', () => {
    const bench = new Bench();
    bench.forward([1], {}, 'x');
    bench.forward([1], { term: 2 });
    bench.forward([1], { term: 0 });
    bench.leader.receive('b', { type: 'stale-term', term: 2 });
    bench.forward([1], { term: 2 });
    bench.forward([1], { term: 1 });
    bench.delegates.flush();
    expect([bench.queued, bench.replies]).toEqual([[], []]);
  });

  it('refuses what it has no room for, and what is too large, at once', () => {
    const bench = new Bench({ maxQueuedProposals: 1, maxCommandBytes: 10 });
    bench.forward([1, 2]);
    bench.forward([3], {}, 'b', 11);
    bench.delegates.flush();
    expect(bench.queued).toEqual([1]);
    expect(bench.replies[0]?.reply.failed).toMatchObject([
      { request: 2, code: 'ERR_QUEUE_FULL', outcome: 'not-applied', retryable: true, index: 0 },
      { request: 3, code: 'ERR_COMMAND_TOO_LARGE', outcome: 'not-applied', retryable: false },
    ]);
  });

  it('gives back what waits when it steps down, and stays with what is in its log', () => {
    const bench = new Bench();
    bench.forward([1]);
    bench.proposals.log(5, 6, 1);
    bench.forward([2]);
    bench.delegates.stepDown();
    bench.delegates.flush();
    expect(bench.replies.map(({ reply }) => reply.failed)).toMatchObject([
      [{ request: 2, code: 'ERR_NOT_LEADER', outcome: 'not-applied', retryable: true }],
    ]);
    bench.proposals.apply(5, 1, Uint8Array.of(9));
    bench.delegates.flush();
    expect(bench.replies.at(-1)?.reply.applied).toMatchObject([{ request: 1, index: 5 }]);
  });

  it('says that a result does not encode, or is larger than a frame: it was applied', () => {
    for (const result of ['text', new Uint8Array(5000)]) {
      const bench = new Bench({ maxFrameBytes: 4096 });
      bench.forward([1]);
      bench.apply(5, result);
      bench.delegates.flush();
      expect(bench.replies[0]?.reply.failed).toMatchObject([
        { request: 1, code: 'ERR_COMMAND_ENCODING', outcome: 'unknown', index: 5 },
      ]);
    }
  });

  it('carries what is known of a session’s command, and that it was applied at the least', () => {
    const ask = (kind: ForwardedKind, result: Uint8Array) => {
      const bench = new Bench({ maxFrameBytes: 4096 });
      bench.forward([1], { kind });
      bench.apply(5, { applied: true, index: 3, term: 1, result });
      bench.delegates.flush();
      return bench.replies[0]?.reply;
    };
    for (const kind of ['session-command', 'fence'] as const) {
      const answer = { applied: true, index: 3, term: 1, result: Buffer.of(7) };
      const bytes = ask(kind, Uint8Array.of(7))?.applied[0]?.result;
      expect(decodeAnswer(bytes ?? new Uint8Array(0))).toEqual(answer);
    }
    expect(ask('session-command', new Uint8Array(5000))?.failed).toMatchObject([
      { request: 1, code: 'ERR_COMMAND_ENCODING', outcome: 'unknown', index: 5 },
    ]);
    const without = ask('fence', new Uint8Array(5000))?.applied[0]?.result;
    expect(decodeAnswer(without ?? new Uint8Array(0))).toEqual({
      ...{ applied: true, index: 3, term: 1, result: undefined },
    });
  });

  it('passes on why an entry was only looked at', () => {
    const bench = new Bench();
    bench.forward([1], { kind: 'session-command' });
    const details = { outcome: 'unknown', index: 5 } as const;
    bench.apply(5, new Refusal(new CoxswainError('ERR_SESSION_EXPIRED', 'it is gone', details)));
    bench.delegates.flush();
    expect(bench.replies[0]?.reply.failed).toMatchObject([
      { request: 1, code: 'ERR_SESSION_EXPIRED', outcome: 'unknown', index: 5 },
    ]);
  });

  it('opens sessions by its own options, whatever the other member says', () => {
    const bench = new Bench();
    bench.forward([1], { kind: 'session-open' });
    expect(bench.proposals.queued()).toMatchObject([{ body: encodeSessionOpen(opening) }]);
  });

  it('bounds the command of a session by its own bytes', () => {
    const bench = new Bench({ maxCommandBytes: 10 });
    bench.forward([1], { kind: 'session-command' }, 'b', 10 + SESSION_COMMAND_BYTES);
    bench.forward([2], { kind: 'session-command' }, 'b', 11 + SESSION_COMMAND_BYTES);
    expect(bench.queued).toEqual([1]);
  });

  it('forgets the origin that has been silent for longest, when there are too many', () => {
    const bench = new Bench({ maxQueuedProposals: 1_000_000 });
    bench.forward([1], { incarnation: 100 });
    bench.forward([1], { incarnation: 101 });
    bench.forward([2], { incarnation: 100 });
    for (let n = 2; n < 65; n++) bench.forward([1], { incarnation: 100 + n });
    const before = bench.queued.length;
    bench.forward([1], { incarnation: 100 });
    expect(bench.queued).toHaveLength(before);
  });
});

describe('the answers of one turn', () => {
  const requests = Array.from({ length: 100 }, (_, at) => at + 1);

  it('are put into frames of about maxBytes of results', () => {
    const bench = new Bench({ maxBytes: 1000 });
    bench.forward(requests);
    bench.apply(5, new Uint8Array(72));
    bench.delegates.flush();
    expect(bench.replies.map(({ reply }) => reply.applied.length)).toEqual(
      Array.from({ length: 10 }, () => 10),
    );
    const answered = bench.replies.flatMap(({ reply }) => reply.applied.map((a) => a.request));
    expect(answered).toEqual(requests);
  });

  it('that are larger than maxBytes travel alone', () => {
    const bench = new Bench({ maxBytes: 100 });
    bench.forward([1, 2, 3]);
    bench.apply(5, new Uint8Array(500));
    bench.delegates.flush();
    expect(bench.replies.map(({ reply }) => reply.applied.map((a) => a.request))).toEqual([
      [1],
      [2],
      [3],
    ]);
  });

  it('all fit into the frames of the transport, whatever maxBytes says', () => {
    const bench = new Bench({ maxFrameBytes: 8192, maxBytes: 1 << 16 });
    bench.forward(requests);
    bench.apply(5, new Uint8Array(300));
    bench.delegates.flush();
    expect(bench.replies.flatMap(({ reply }) => reply.applied)).toHaveLength(100);
  });

  it('all fit when there are as many results as failures', () => {
    const limits = { maxQueuedProposals: 50, maxFrameBytes: 8192, maxBytes: 7168 };
    const bench = new Bench(limits);
    bench.forward(requests);
    bench.apply(5, new Uint8Array(100));
    bench.delegates.flush();
    const replies = bench.replies.map(({ reply }) => reply);
    expect(replies.flatMap(({ applied }) => applied)).toHaveLength(50);
    expect(replies.flatMap(({ failed }) => failed)).toHaveLength(50);
  });

  it('all fit into the frames of the transport, the failures too', () => {
    const bench = new Bench({ maxQueuedProposals: 1, maxFrameBytes: 8192, maxBytes: 4096 });
    bench.forward(requests);
    bench.apply(5, new Uint8Array(100));
    bench.delegates.flush();
    const answered = bench.replies.flatMap(({ reply }) =>
      [...reply.applied, ...reply.failed].map(({ request }) => request),
    );
    expect(answered.sort((a, b) => a - b)).toEqual(requests);
  });
});
