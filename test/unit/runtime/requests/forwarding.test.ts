import { describe, expect, it } from 'vitest';
import type { Transport } from '../../../../src/contracts/index.ts';
import { CoxswainError } from '../../../../src/errors.ts';
import type { FrameSource } from '../../../../src/runtime/inbox.ts';
import { Forwarding } from '../../../../src/runtime/requests/forwarding.ts';
import { Proposals } from '../../../../src/runtime/requests/proposals.ts';
import { LocalTicket } from '../../../../src/runtime/requests/ticket.ts';
import { systemClock } from '../../../../src/runtime/system-clock.ts';
import {
  encodeSessionClose,
  type Forward,
  type ForwardedApplied,
} from '../../../../src/runtime/wire/index.ts';
import { TestMember } from '../../raft/member.ts';
import { requestMeter } from '../request-meter.ts';
import { codecOf } from '../wire/frames.ts';

const INCARNATION = 2 ** 52 + 7;

const never = () => {
  throw new Error('not asked for in this test');
};

/** A follower of `b` in term 3 and what it forwards. */
class Bench {
  readonly member = new TestMember({ terms: [1], term: 3 });
  readonly proposals = new Proposals({ maxQueuedProposals: 1000, maxQueuedBytes: 1 << 20 });
  readonly forwards: (Forward & FrameSource)[] = [];
  /** Fate of each caller by its name. */
  readonly fates = new Map<string, unknown>();
  readonly clock = { ...systemClock, now: () => this.nowMs };
  nowMs = 5000;
  accepts = true;
  readonly forwarding: Forwarding;

  constructor(maxBytes = 1 << 20) {
    this.follow('b', 3);
    const identity = { incarnation: INCARNATION, boot: 5 };
    const codec = codecOf(identity);
    const transport: Transport = {
      ...{ open: never, setPeers: never, close: never, supports: { maxFrameBytes: 1 << 20 } },
      send: (to, parts, lane) => {
        const { boot, frame, incarnation } = codec.decode(Buffer.concat(parts));
        if (frame.type !== 'forward' || to !== this.member.state.leader || lane !== 'entries') {
          throw new Error(`a ${frame.type} to ${to} on ${lane}`);
        }
        if (this.accepts) this.forwards.push({ ...frame, boot, incarnation });
        return this.accepts;
      },
    };
    this.forwarding = new Forwarding({
      ...{ state: this.member.state, transport, codec, proposals: this.proposals, maxBytes },
      identity,
      clock: this.clock,
      meter: requestMeter(),
      decodeResult: (bytes) => {
        if (bytes.length === 0) throw new Error('no result');
        return bytes[0];
      },
    });
    this.forwarding.leaderChanged();
  }

  /** The time is over in which an old leader may answer. */
  loseOrphans(): void {
    const dueMs = this.forwarding.nextExpiry();
    expect(dueMs).toBe(this.nowMs + 2 * this.member.state.options.heartbeatMs);
    this.forwarding.expire(dueMs - 1);
    expect(this.fates.size).toBe(0);
    this.forwarding.expire(dueMs);
    expect(this.forwarding.nextExpiry()).toBe(Number.POSITIVE_INFINITY);
  }

  follow(leader: string, term: number): void {
    const beat = { type: 'heartbeat', stream: 1, round: 1, commit: 0, sent: 0 } as const;
    this.member.receive(leader, { ...beat, term });
  }

  enqueue(
    names: string,
    kind: 'command' | 'session-close' = 'command',
    bytes = 1,
  ): LocalTicket<number>[] {
    return [...names].map((name) => {
      const note = (fate: unknown) => void this.fates.set(name, fate);
      const owner = {
        knowsLeader: () => true,
        ticketSettled: (ticket: Parameters<Forwarding['forget']>[0]) => {
          this.proposals.settled(ticket);
          if (ticket.place === 'forwarded') this.forwarding.forget(ticket);
        },
      };
      const init = { resolve: note, reject: note, signal: undefined };
      const command = new Uint8Array(bytes).fill(name.charCodeAt(0));
      const body = kind === 'command' ? command : encodeSessionClose(7);
      const ticket = new LocalTicket<number>(init, { kind, body }, owner);
      this.proposals.enqueue(ticket);
      return ticket;
    });
  }

  reply(applied: readonly ForwardedApplied[], boot = 5, incarnation = INCARNATION): void {
    this.forwarding.receive({ type: 'forward-reply', incarnation, boot, applied, failed: [] });
  }

  get requests(): readonly number[] {
    return this.forwards.flatMap((forward) => forward.requests.map(({ request }) => request));
  }
}

function applied(request: number, ...result: number[]): ForwardedApplied {
  return { request, index: 10 + request, term: 3, result: Uint8Array.from(result) };
}

const lost = expect.objectContaining({
  ...{ code: 'ERR_LEADERSHIP_LOST', outcome: 'unknown', retryable: true },
});

describe('forwarding', () => {
  it('sends each proposal once, with who asks, from which run, for which term', () => {
    const bench = new Bench();
    bench.enqueue('xy');
    bench.enqueue('z', 'session-close');
    bench.forwarding.flush();
    bench.forwarding.flush();
    expect(bench.forwards).toHaveLength(1);
    expect(bench.forwards[0]).toMatchObject({
      ...{ term: 3, incarnation: INCARNATION, boot: 5 },
      requests: [
        { request: 1, kind: 'command', body: Buffer.from('x') },
        { request: 2, kind: 'command' },
        { request: 3, kind: 'session-close' },
      ],
    });
    bench.enqueue('w');
    bench.forwarding.flush();
    expect(bench.requests).toEqual([1, 2, 3, 4]);
  });

  it('waits while no leader is known, and while it leads itself', () => {
    const bench = new Bench();
    bench.member.step({ type: 'campaign' });
    bench.enqueue('x');
    bench.forwarding.flush();
    expect(bench.forwards).toEqual([]);
    bench.member.state.leader = 'a';
    bench.forwarding.flush();
    expect(bench.forwards).toEqual([]);
  });

  it('fills frames up to its bound; a larger proposal travels alone', () => {
    const bench = new Bench(100);
    bench.enqueue('uvw', 'command', 30);
    bench.enqueue('x', 'command', 500);
    bench.enqueue('yz', 'command', 30);
    bench.forwarding.flush();
    expect(bench.forwards.map(({ requests }) => requests.map(({ request }) => request))).toEqual([
      [1, 2],
      [3],
      [4],
      [5, 6],
    ]);
  });

  it('keeps what the transport does not take, and tries again under the same numbers', () => {
    const bench = new Bench();
    bench.accepts = false;
    const [ticket] = bench.enqueue('x');
    bench.forwarding.flush();
    expect([ticket?.place, bench.forwards.length]).toEqual(['queued', 0]);
    bench.accepts = true;
    bench.forwarding.flush();
    expect([ticket?.place, bench.requests]).toEqual(['forwarded', [1]]);
  });
});

describe('an answer of the leader', () => {
  it('settles who asked, once, with what was applied where', () => {
    const bench = new Bench();
    bench.enqueue('xy');
    bench.forwarding.flush();
    bench.reply([applied(2, 7)]);
    bench.reply([applied(2, 8), applied(99, 9)]);
    expect([...bench.fates]).toEqual([['y', { result: 7, index: 12, term: 3 }]]);
    expect(bench.proposals.waiting).toBe(1);
  });

  it('to an earlier run of this member does not count', () => {
    const bench = new Bench();
    bench.enqueue('x');
    bench.forwarding.flush();
    bench.reply([applied(1, 7)], 4);
    // Nor to a member of this name whose store was wiped since: it counts its runs from 1 again.
    bench.reply([applied(1, 7)], 5, INCARNATION + 1);
    expect(bench.fates.size).toBe(0);
    bench.reply([applied(1, 7)]);
    expect(bench.fates.size).toBe(1);
  });

  it('to an entry without a result carries none, and to a command one that must decode', () => {
    const bench = new Bench();
    bench.enqueue('x', 'session-close');
    bench.enqueue('y');
    bench.forwarding.flush();
    bench.reply([applied(1), applied(2)]);
    expect(bench.fates.get('x')).toEqual({ result: undefined, index: 11, term: 3 });
    expect(bench.fates.get('y')).toMatchObject({
      ...{ code: 'ERR_COMMAND_ENCODING', outcome: 'unknown', index: 12 },
    });
  });

  it('that it failed is passed on as it was said', () => {
    const bench = new Bench();
    bench.enqueue('xy');
    bench.forwarding.flush();
    const failure = { message: 'full', outcome: 'not-applied', retryable: true } as const;
    bench.forwarding.receive({
      ...{ type: 'forward-reply', incarnation: INCARNATION, boot: 5, applied: [] },
      failed: [
        { ...failure, request: 1, code: 'ERR_QUEUE_FULL', index: 0 },
        { ...failure, request: 2, code: 'ERR_LEADERSHIP_LOST', index: 9 },
      ],
    });
    expect(bench.fates.get('x')).toMatchObject({ ...failure, code: 'ERR_QUEUE_FULL' });
    expect(Reflect.get(Object(bench.fates.get('x')), 'index')).toBeUndefined();
    expect(bench.fates.get('y')).toMatchObject({ code: 'ERR_LEADERSHIP_LOST', index: 9 });
  });

  it('is nobody’s once the caller no longer waits', () => {
    const bench = new Bench();
    const [ticket] = bench.enqueue('x');
    bench.forwarding.flush();
    ticket?.expire();
    bench.reply([applied(1, 7)]);
    expect(bench.fates.get('x')).toMatchObject({ code: 'ERR_TIMEOUT', outcome: 'unknown' });
  });
});

describe('a change of leader', () => {
  it('leaves the fate of forwarded commands unknown, and keeps the queue', () => {
    const bench = new Bench();
    bench.enqueue('x');
    bench.forwarding.flush();
    bench.enqueue('y');
    bench.forwarding.leaderChanged();
    expect(bench.fates.size).toBe(0);
    bench.follow('c', 4);
    bench.forwarding.leaderChanged();
    bench.loseOrphans();
    expect(bench.fates.get('x')).toEqual(lost);
    bench.forwarding.flush();
    expect(bench.forwards.at(-1)).toMatchObject({ term: 4, requests: [{ request: 2 }] });
  });

  it('lets the old leader answer yet, which knows what became of them', () => {
    const bench = new Bench();
    bench.enqueue('xy');
    bench.forwarding.flush();
    bench.follow('c', 4);
    bench.forwarding.leaderChanged();
    bench.reply([applied(1, 7)]);
    expect(bench.fates.get('x')).toMatchObject({ result: 7 });
    bench.forwarding.expire(Number.MAX_VALUE);
    expect(bench.fates.get('y')).toEqual(lost);
  });

  it('is one also when the same leader comes back in another term', () => {
    const bench = new Bench();
    bench.enqueue('x');
    bench.forwarding.flush();
    bench.follow('b', 4);
    bench.forwarding.leaderChanged();
    bench.loseOrphans();
    expect(bench.fates.get('x')).toEqual(lost);
  });

  it('settles all that is out when the node ends', () => {
    const bench = new Bench();
    bench.enqueue('xy');
    bench.forwarding.flush();
    bench.forwarding.failAll(() => new CoxswainError('ERR_CLOSED', 'closed'));
    expect([...bench.fates.keys()]).toEqual(['x', 'y']);
    expect(bench.proposals.waiting).toBe(0);
  });
});
