import { describe, expect, it } from 'vitest';
import { CoxswainError } from '../../../../src/errors.ts';
import {
  commandTooLarge,
  LocalTicket,
  type Ticket,
  ticketError,
} from '../../../../src/runtime/requests/ticket.ts';
import { Waiter, Waiters } from '../../../../src/runtime/requests/waiters.ts';

interface Held {
  readonly ticket: LocalTicket<string>;
  readonly settled: Ticket[];
  /** What the caller was told. */
  readonly told: unknown[];
}

function hold(init: { signal?: AbortSignal; leader?: boolean } = {}): Held {
  const { leader = true, signal } = init;
  const told: unknown[] = [];
  const settled: Ticket[] = [];
  const note = (value: unknown) => void told.push(value);
  const owner = {
    knowsLeader: () => leader,
    ticketSettled: (ticket: Ticket) => void settled.push(ticket),
  };
  const body = new Uint8Array(1);
  const ticket = new LocalTicket<string>(
    { resolve: note, reject: note, signal },
    { kind: 'command', body },
    owner,
  );
  return { ticket, settled, told };
}

function place(ticket: Ticket, to: Ticket['place'], index = 0): void {
  ticket.place = to;
  ticket.index = index;
}

describe('a ticket', () => {
  it('is settled once, by whatever comes first', () => {
    const { ticket, settled, told } = hold();
    ticket.applied('done', 4, 2);
    ticket.applied('again', 5, 2);
    ticket.fail(new CoxswainError('ERR_CLOSED', 'closed'));
    ticket.expire();
    expect(told).toEqual([{ result: 'done', index: 4, term: 2 }]);
    expect(settled).toEqual([ticket]);
    expect(ticket.settled).toBe(true);
  });

  it('is settled by its signal, which it then lets go', () => {
    const controller = new AbortController();
    const { ticket, settled, told } = hold({ signal: controller.signal });
    controller.abort();
    ticket.applied('late', 4, 2);
    expect(told).toEqual([
      expect.objectContaining({ code: 'ERR_ABORTED', outcome: 'not-applied', retryable: true }),
    ]);
    expect(settled).toHaveLength(1);
  });

  it('does not listen to its signal any more once it is settled', () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const counted = new Proxy(signal, {
      get: (target, name) => {
        if (name === 'addEventListener') listeners++;
        if (name === 'removeEventListener') listeners--;
        const value = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const { ticket } = hold({ signal: counted });
    expect(listeners).toBe(1);
    ticket.applied('done', 1, 1);
    expect(listeners).toBe(0);
  });

  it.each([
    ['queued', true, 'ERR_TIMEOUT', 'not-applied'],
    ['queued', false, 'ERR_NO_LEADER', 'not-applied'],
    ['forwarded', true, 'ERR_TIMEOUT', 'unknown'],
    ['forwarded', false, 'ERR_TIMEOUT', 'unknown'],
    ['logged', false, 'ERR_TIMEOUT', 'unknown'],
  ] as const)('%s, leader known %s, runs out with %s', (to, leader, code, outcome) => {
    const { ticket, told } = hold({ leader });
    place(ticket, to, to === 'logged' ? 7 : 0);
    ticket.expire();
    expect(told).toEqual([expect.objectContaining({ code, outcome, retryable: true })]);
    expect(told[0]).toMatchObject({ index: to === 'logged' ? 7 : undefined });
  });

  it.each([
    ['queued', 'not-applied'],
    ['forwarded', 'unknown'],
    ['logged', 'unknown'],
  ] as const)('that is %s when the node ends is %s', (to, outcome) => {
    const { ticket } = hold();
    place(ticket, to);
    const cause = new Error('why');
    const error = ticketError(ticket, 'ERR_CLOSED', 'the node was closed', cause);
    expect(error).toMatchObject({ code: 'ERR_CLOSED', outcome, retryable: false, cause });
    expect(error.message.includes('may have been applied')).toBe(outcome === 'unknown');
  });

  it('for a command that is too large was never applied', () => {
    const error = commandTooLarge(20, 10);
    expect(error).toMatchObject({ code: 'ERR_COMMAND_TOO_LARGE', outcome: 'not-applied' });
    expect(error.message).toMatch(/20 bytes.*maxCommandBytes is 10/);
  });
});

describe('waiters', () => {
  function wait(look: () => number | undefined, signal?: AbortSignal) {
    const told: unknown[] = [];
    const note = (value: unknown) => void told.push(value);
    return { told, waiter: new Waiter({ resolve: note, reject: note, signal, look }) };
  }

  it('are told at once when there is no reason to wait', () => {
    const waiters = new Waiters();
    const { told, waiter } = wait(() => 5);
    waiters.add(waiter);
    expect(told).toEqual([5]);
  });

  it('are told once, at the first check that finds what they wait for', () => {
    let value: number | undefined;
    const waiters = new Waiters();
    const { told, waiter } = wait(() => value);
    waiters.add(waiter);
    waiters.check();
    expect(told).toEqual([]);
    value = 0;
    waiters.check();
    value = 9;
    waiters.check();
    expect(told).toEqual([0]);
  });

  it('are not looked at any more once they were aborted or ran out', () => {
    const controller = new AbortController();
    const waiters = new Waiters();
    let looks = 0;
    const look = () => {
      looks++;
      return undefined;
    };
    const [aborted, expired] = [wait(look, controller.signal), wait(look)];
    waiters.add(aborted.waiter);
    waiters.add(expired.waiter);
    controller.abort();
    expired.waiter.expire();
    looks = 0;
    waiters.check();
    expect(looks).toBe(0);
    expect([...aborted.told, ...expired.told]).toEqual([
      expect.objectContaining({ code: 'ERR_ABORTED', retryable: true }),
      expect.objectContaining({ code: 'ERR_TIMEOUT', retryable: true }),
    ]);
  });

  it('all fail with the error that ends the node, and none is looked at again', () => {
    let value: number | undefined;
    const waiters = new Waiters();
    const waits = [wait(() => value), wait(() => value)];
    for (const { waiter } of waits) waiters.add(waiter);
    const error = new CoxswainError('ERR_CLOSED', 'closed');
    waiters.failAll(error);
    value = 1;
    waiters.check();
    expect(waits.map(({ told }) => told)).toEqual([[error], [error]]);
  });
});
