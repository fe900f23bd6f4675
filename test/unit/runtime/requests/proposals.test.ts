import { describe, expect, it } from 'vitest';
import { CoxswainError } from '../../../../src/errors.ts';
import { Proposals } from '../../../../src/runtime/requests/proposals.ts';
import type { Ticket, TicketPlace } from '../../../../src/runtime/requests/ticket.ts';

/** A ticket that notes its fate as one line and tells the queue, as real ones do. */
class NotedTicket implements Ticket {
  readonly kind = 'command';
  readonly body: Uint8Array;
  readonly name: string;
  place: TicketPlace = 'queued';
  index = 0;
  term = 0;
  request = 0;
  settled = false;
  fate = 'waits';
  error: CoxswainError | undefined;
  readonly #proposals: Proposals;

  constructor(name: string, bytes: number, proposals: Proposals) {
    this.name = name;
    this.body = new Uint8Array(bytes);
    this.#proposals = proposals;
  }

  applied(result: unknown, index: number, term: number): void {
    this.#settle(`${String(result)} at ${index}@${term}`);
  }

  fail(error: CoxswainError): void {
    this.error = error;
    this.#settle(error.code);
  }

  #settle(fate: string): void {
    if (this.settled) throw new Error(`${this.name} is settled twice`);
    this.settled = true;
    this.fate = fate;
    this.#proposals.settled(this);
  }
}

class Bench {
  readonly proposals: Proposals;

  constructor(maxQueuedProposals = 100, maxQueuedBytes = 1000) {
    this.proposals = new Proposals({ maxQueuedProposals, maxQueuedBytes });
  }

  enqueue(names: string, bytes = 10): NotedTicket[] {
    return [...names].map((name) => {
      this.proposals.checkRoom(bytes);
      const ticket = new NotedTicket(name, bytes, this.proposals);
      this.proposals.enqueue(ticket);
      return ticket;
    });
  }
}

function names(tickets: readonly Ticket[]): string {
  return tickets.map((ticket) => (ticket instanceof NotedTicket ? ticket.name : '?')).join('');
}

function fates(tickets: readonly NotedTicket[]): readonly string[] {
  return tickets.map(({ fate }) => fate);
}

const full = expect.objectContaining({
  code: 'ERR_QUEUE_FULL',
  outcome: 'not-applied',
  retryable: true,
});

describe('the queue of proposals', () => {
  it('keeps the order of arrival', () => {
    const { proposals } = new Bench();
    const bench = new Bench();
    bench.enqueue('ab');
    bench.enqueue('c');
    expect(names(bench.proposals.queued())).toBe('abc');
    expect([bench.proposals.waiting, proposals.waiting]).toEqual([3, 0]);
  });

  it('is full at its count, and names the limit', () => {
    const bench = new Bench(2);
    bench.enqueue('ab');
    expect(() => bench.enqueue('c')).toThrow(full);
    expect(() => bench.enqueue('c')).toThrow(/maxQueuedProposals/);
  });

  it('is full at its bytes, and names the limit', () => {
    const bench = new Bench(100, 25);
    bench.enqueue('ab');
    expect(() => bench.enqueue('c', 6)).toThrow(full);
    expect(() => bench.enqueue('c', 6)).toThrow(/maxQueuedBytes/);
    bench.enqueue('c', 5);
    expect(() => bench.enqueue('d', 1)).toThrow(full);
  });

  it('takes a single one that is larger than its bytes', () => {
    const bench = new Bench(100, 25);
    bench.enqueue('a', 500);
    expect(() => bench.enqueue('b', 0)).toThrow(full);
  });

  it.each(['settled', 'logged'])('has room again for what was %s', (how) => {
    const bench = new Bench(2, 20);
    const [first] = bench.enqueue('ab');
    if (how === 'settled') first?.fail(new CoxswainError('ERR_TIMEOUT', 'too slow'));
    else bench.proposals.log(1, 2, 1);
    bench.enqueue('c');
    expect(names(bench.proposals.queued())).toBe('bc');
    expect(bench.proposals.waiting).toBe(2);
    expect(() => bench.enqueue('d')).toThrow(full);
  });

  it('still counts what is on its way to the leader, until it is settled', () => {
    const bench = new Bench(2);
    const [first] = bench.enqueue('ab');
    bench.proposals.forward(1);
    expect(first?.place).toBe('forwarded');
    expect(names(bench.proposals.queued())).toBe('b');
    expect(bench.proposals.waiting).toBe(2);
    expect(() => bench.enqueue('c')).toThrow(full);
    first?.applied('x', 3, 1);
    expect(bench.proposals.waiting).toBe(1);
  });

  it('counts right through thousands that are settled while they wait', () => {
    const bench = new Bench(10_000, 1_000_000);
    const tickets = bench.enqueue('x'.repeat(5000));
    for (const ticket of tickets.slice(0, 4990)) {
      ticket.fail(new CoxswainError('ERR_ABORTED', 'no longer'));
    }
    expect(bench.proposals.waiting).toBe(10);
    expect(bench.proposals.queued()).toEqual(tickets.slice(4990));
  });
});

describe('a proposal in the log', () => {
  it('knows its position, and is settled as its entry is applied', () => {
    const bench = new Bench();
    const tickets = bench.enqueue('abc');
    expect(names(bench.proposals.log(7, 9, 3))).toBe('ab');
    expect(tickets.map(({ place, index, term }) => [place, index, term])).toEqual([
      ['logged', 7, 3],
      ['logged', 8, 3],
      ['queued', 0, 0],
    ]);
    for (const index of [5, 6, 7]) bench.proposals.apply(index, 3, `r${index}`);
    expect(fates(tickets)).toEqual(['r7 at 7@3', 'waits', 'waits']);
    bench.proposals.apply(8, 3, 'r8');
    expect(fates(tickets)).toEqual(['r7 at 7@3', 'r8 at 8@3', 'waits']);
  });

  it('is not applied, and says so, when another entry is applied at its index', () => {
    const bench = new Bench();
    const [ticket] = bench.enqueue('a');
    bench.proposals.log(7, 8, 3);
    bench.proposals.apply(7, 4, 'of another');
    expect(ticket?.error).toMatchObject({
      ...{ code: 'ERR_LEADERSHIP_LOST', outcome: 'not-applied' },
      ...{ retryable: true, index: 7 },
    });
  });

  it('that was settled before is not told again', () => {
    const bench = new Bench();
    const tickets = bench.enqueue('ab');
    bench.proposals.log(1, 3, 1);
    tickets[0]?.fail(new CoxswainError('ERR_TIMEOUT', 'too slow'));
    expect(bench.proposals.waiting).toBe(0);
    bench.proposals.truncate(1);
    bench.proposals.apply(1, 1, 'r1');
    bench.proposals.apply(2, 1, 'r2');
    expect(fates(tickets)).toEqual(['ERR_TIMEOUT', 'r2 at 2@1']);
  });
});

describe('a proposal whose entry was truncated', () => {
  function displaced(): [Bench, NotedTicket[]] {
    const bench = new Bench();
    const tickets = bench.enqueue('abc');
    bench.proposals.log(5, 8, 2);
    bench.proposals.truncate(6);
    return [bench, tickets];
  }

  it('waits on: another leader may still have it', () => {
    const [bench, tickets] = displaced();
    expect(fates(tickets)).toEqual(['waits', 'waits', 'waits']);
    for (const index of [5, 6, 7]) bench.proposals.apply(index, 2, `r${index}`);
    expect(fates(tickets)).toEqual(['r5 at 5@2', 'r6 at 6@2', 'r7 at 7@2']);
  });

  it('fails as not applied once another entry is applied at its index', () => {
    const [bench, tickets] = displaced();
    bench.proposals.apply(5, 2, 'r5');
    bench.proposals.apply(6, 3, 'r6');
    expect(fates(tickets)).toEqual(['r5 at 5@2', 'ERR_LEADERSHIP_LOST', 'waits']);
    bench.proposals.apply(7, 3, 'r7');
    for (const ticket of tickets.slice(1)) {
      expect(ticket.error).toMatchObject({ outcome: 'not-applied', index: ticket.index });
    }
  });

  it('is kept apart from those that enter the log at its index later', () => {
    const [bench, tickets] = displaced();
    const others = bench.enqueue('xy');
    bench.proposals.log(6, 8, 4);
    bench.proposals.apply(5, 2, 'r5');
    bench.proposals.apply(6, 4, 'x');
    bench.proposals.apply(7, 4, 'y');
    expect(fates(others)).toEqual(['x at 6@4', 'y at 7@4']);
    expect(fates(tickets)).toEqual(['r5 at 5@2', 'ERR_LEADERSHIP_LOST', 'ERR_LEADERSHIP_LOST']);
  });

  it('is not lost when it is truncated behind entries that were applied', () => {
    const bench = new Bench();
    const tickets = bench.enqueue('abcd');
    bench.proposals.log(1, 5, 1);
    bench.proposals.apply(1, 1, 'r1');
    bench.proposals.apply(2, 1, 'r2');
    bench.proposals.truncate(3);
    bench.proposals.truncate(3);
    bench.proposals.apply(3, 2, 'other');
    bench.proposals.apply(4, 1, 'r4');
    expect(fates(tickets)).toEqual(['r1 at 1@1', 'r2 at 2@1', 'ERR_LEADERSHIP_LOST', 'r4 at 4@1']);
  });
});

describe('all proposals', () => {
  it('fail together at the end, wherever they wait', () => {
    const bench = new Bench();
    const tickets = bench.enqueue('abcd');
    bench.proposals.log(1, 4, 1);
    bench.proposals.truncate(3);
    const told: string[] = [];
    bench.proposals.failAll((ticket) => {
      told.push(ticket.place);
      return new CoxswainError('ERR_CLOSED', 'closed');
    });
    expect(fates(tickets)).toEqual(Array.from('abcd', () => 'ERR_CLOSED'));
    expect(told.sort()).toEqual(['logged', 'logged', 'logged', 'queued']);
    expect([bench.proposals.queued(), bench.proposals.waiting]).toEqual([[], 0]);
  });
});

describe('proposals whose log a snapshot took the place of', () => {
  const lost = { code: 'ERR_LEADERSHIP_LOST', outcome: 'unknown' };

  it('up to there may have been applied or not: nobody here will know (X5)', () => {
    const bench = new Bench();
    const { proposals } = bench;
    const tickets = bench.enqueue('abcd');
    proposals.log(7, 10, 3);
    proposals.truncate(9);
    proposals.skip(8);
    expect(fates(tickets)).toEqual([lost.code, lost.code, 'waits', 'waits']);
    expect(tickets.map(({ error }) => error?.index)).toEqual([7, 8, undefined, undefined]);
    expect(tickets[0]?.error).toMatchObject(lost);
    expect(proposals.waiting).toBe(1);
  });

  it('behind it are settled by what is applied there', () => {
    const bench = new Bench();
    const { proposals } = bench;
    const [a, b, c] = bench.enqueue('abc');
    proposals.log(7, 10, 3);
    proposals.skip(7);
    proposals.apply(8, 3, 'r8');
    proposals.apply(9, 4, 'of another');
    expect([a?.fate, b?.fate, c?.fate]).toEqual([lost.code, 'r8 at 8@3', lost.code]);
    expect([b?.error, c?.error?.outcome]).toEqual([undefined, 'not-applied']);
  });

  it('that were truncated long before are told as well, and settled once', () => {
    const bench = new Bench();
    const { proposals } = bench;
    const [ticket] = bench.enqueue('a');
    proposals.log(7, 8, 3);
    proposals.truncate(7);
    proposals.skip(20);
    expect(ticket?.error).toMatchObject(lost);
    proposals.skip(30);
    proposals.apply(31, 4, 'of another');
    expect(ticket?.fate).toBe(lost.code);
  });

  it('do not harm those that wait, here or at the leader', () => {
    const bench = new Bench();
    const { proposals } = bench;
    const tickets = bench.enqueue('ab');
    proposals.forward(1);
    proposals.skip(20);
    expect(fates(tickets)).toEqual(['waits', 'waits']);
    expect(names(proposals.log(21, 22, 4))).toBe('b');
  });
});
