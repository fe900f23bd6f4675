import { describe, expect, it } from 'vitest';
import type { Proposed } from '../../../../src/contracts/index.ts';
import { CoxswainError, type ErrorCode, type ErrorDetails } from '../../../../src/errors.ts';
import { SessionCall } from '../../../../src/runtime/requests/session-call.ts';
import { LocalTicket } from '../../../../src/runtime/requests/ticket.ts';

const body = Uint8Array.of(1, 2, 3);

/** One call; what becomes of its attempts is in the test's hands. */
class Bench {
  readonly tickets: LocalTicket<unknown>[] = [];
  readonly limits: number[] = [];
  readonly pauses: (() => void)[] = [];
  readonly ends: boolean[] = [];
  leader = true;
  /** Thrown when the next attempt is to be queued. */
  full: CoxswainError | undefined;
  fate: unknown = 'open';
  readonly call: SessionCall<string>;

  constructor(kind: 'session-command' | 'fence' = 'session-command', signal?: AbortSignal) {
    this.call = new SessionCall<string>(
      {
        resolve: (value) => {
          this.fate = value;
        },
        reject: (error) => {
          this.fate = error;
        },
        ...{ signal, entry: { kind, body }, sequence: 9 },
        read: ({ result }: Proposed<unknown>) => {
          if (result === 'odd') throw new Error('it does not decode');
          return String(result);
        },
        onEnd: (isKnown) => void this.ends.push(isKnown),
      },
      {
        enqueue: (entry, init, timeoutMs) => {
          if (this.full !== undefined) throw this.full;
          const owner = { knowsLeader: () => this.leader, ticketSettled: () => undefined };
          const ticket = new LocalTicket<unknown>(init, entry, owner);
          this.tickets.push(ticket);
          this.limits.push(timeoutMs);
          return ticket;
        },
        later: (item, delayMs) => {
          expect(delayMs).toBe(20);
          this.pauses.push(() => item.expire());
        },
        knowsLeader: () => this.leader,
        ...{ firstAttemptMs: 300, pauseMs: 20 },
      },
    );
    this.call.attempt();
  }

  get last(): LocalTicket<unknown> {
    const ticket = this.tickets.at(-1);
    if (ticket === undefined) throw new Error('no attempt');
    return ticket;
  }

  fail(code: ErrorCode, details: ErrorDetails): void {
    this.last.fail(new CoxswainError(code, code, details));
  }
}

const lost = { outcome: 'unknown', retryable: true } as const;
const refused = { outcome: 'not-applied', retryable: true } as const;

describe('a call of a session', () => {
  it('asks for the same bytes again, each time with twice the patience', () => {
    const bench = new Bench();
    for (let attempt = 0; attempt < 4; attempt++) bench.last.expire();
    expect(bench.limits).toEqual([300, 600, 1200, 2400, 4800]);
    expect(new Set(bench.tickets.map((ticket) => ticket.body))).toEqual(new Set([body]));
    bench.last.applied('x', 5, 2);
    expect([bench.fate, bench.ends]).toEqual(['x', [true]]);
  });

  it('is no more patient after a refusal: what is lost then is soon asked for again', () => {
    const bench = new Bench();
    for (let attempt = 0; attempt < 3; attempt++) {
      bench.fail('ERR_QUEUE_FULL', refused);
      bench.pauses[attempt]?.();
    }
    bench.last.expire();
    expect(bench.limits).toEqual([300, 300, 300, 300, 600]);
  });

  it('waits a little after a refusal, and after a lost leader', () => {
    const bench = new Bench();
    bench.fail('ERR_NOT_LEADER', refused);
    bench.pauses[0]?.();
    bench.fail('ERR_LEADERSHIP_LOST', lost);
    expect([bench.tickets.length, bench.pauses.length]).toEqual([2, 2]);
    bench.pauses[1]?.();
    bench.full = new CoxswainError('ERR_QUEUE_FULL', 'no room', refused);
    bench.last.expire();
    expect([bench.tickets.length, bench.pauses.length]).toEqual([3, 3]);
    bench.full = undefined;
    bench.pauses[2]?.();
    bench.last.applied('x', 5, 2);
    expect(bench.fate).toBe('x');
  });

  it('is not applied when every attempt was surely not', () => {
    const bench = new Bench();
    bench.fail('ERR_NOT_LEADER', refused);
    bench.pauses[0]?.();
    bench.call.expire();
    const expected = { code: 'ERR_TIMEOUT', outcome: 'not-applied', retryable: true, sequence: 9 };
    expect(bench.fate).toMatchObject(expected);
    expect([bench.last.settled, bench.ends]).toEqual([true, [true]]);
    bench.pauses[0]?.();
    expect(bench.tickets).toHaveLength(2);
  });

  it('is unknown when any attempt may have left an entry (X5)', () => {
    const bench = new Bench();
    bench.last.place = 'forwarded';
    bench.last.expire();
    bench.fail('ERR_NOT_LEADER', refused);
    bench.leader = false;
    bench.call.expire();
    const expected = { code: 'ERR_TIMEOUT', outcome: 'unknown', retryable: true, sequence: 9 };
    expect(bench.fate).toMatchObject(expected);
    expect(bench.ends).toEqual([false]);
  });

  it('is unknown when its attempt is under way, and the caller stops waiting (X5)', () => {
    const controller = new AbortController();
    const bench = new Bench('session-command', controller.signal);
    bench.last.place = 'logged';
    controller.abort();
    expect(bench.fate).toMatchObject({ code: 'ERR_ABORTED', outcome: 'unknown', sequence: 9 });
    bench.last.applied('x', 5, 2);
    expect(bench.ends).toEqual([false]);
  });

  it('takes what still waits in a queue out of it, when the caller stops waiting', () => {
    const controller = new AbortController();
    const bench = new Bench('session-command', controller.signal);
    controller.abort();
    expect(bench.fate).toMatchObject({ code: 'ERR_ABORTED', outcome: 'not-applied' });
    expect([bench.last.settled, bench.ends]).toEqual([true, [true]]);
  });

  it('says that there was no leader, when there was none', () => {
    const bench = new Bench();
    bench.leader = false;
    bench.call.expire();
    expect(bench.fate).toMatchObject({ code: 'ERR_NO_LEADER', outcome: 'not-applied' });
  });

  it('ends with what cannot become better', () => {
    const ends: readonly (readonly [ErrorCode, ErrorDetails])[] = [
      ['ERR_SESSION_EXPIRED', { outcome: 'unknown', index: 5 }],
      ['ERR_CLOSED', { outcome: 'not-applied' }],
      ['ERR_COMMAND_TOO_LARGE', { outcome: 'not-applied' }],
      ['ERR_QUEUE_FULL', { outcome: 'not-applied', retryable: true, index: 5 }],
    ];
    for (const [code, details] of ends) {
      const bench = new Bench();
      bench.fail(code, details);
      expect(bench.fate).toMatchObject({ code, ...details, sequence: 9 });
      expect(bench.ends).toEqual([details.outcome === 'not-applied']);
      expect(bench.pauses).toEqual([]);
    }
  });

  it('ends with the node, whatever it waits for', () => {
    const bench = new Bench();
    bench.fail('ERR_LEADERSHIP_LOST', lost);
    bench.call.end(new CoxswainError('ERR_CLOSED', 'gone', { outcome: 'not-applied' }));
    expect(bench.fate).toMatchObject({ code: 'ERR_CLOSED', outcome: 'unknown', retryable: false });
  });

  it('was applied when its result does not decode: that can be asked for', () => {
    const bench = new Bench();
    bench.last.applied('odd', 5, 2);
    const expected = { code: 'ERR_COMMAND_ENCODING', outcome: 'unknown', index: 5, sequence: 9 };
    expect(bench.fate).toMatchObject(expected);
    expect(bench.ends).toEqual([false]);
  });

  it('about a fence never says that the command was not applied, but in its answer', () => {
    const bench = new Bench('fence');
    bench.call.expire();
    expect(bench.fate).toMatchObject({ code: 'ERR_TIMEOUT', outcome: 'unknown', sequence: 9 });
    expect(bench.ends).toEqual([false]);
  });
});
