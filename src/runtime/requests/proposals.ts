// Everyone who waits for an entry of the log, from the queue until the entry is applied.
import { CoxswainError } from '../../errors.ts';
import { Deque } from '../../lib/deque.ts';
import { type Ticket, ticketError } from './ticket.ts';

export interface ProposalLimits {
  readonly maxQueuedProposals: number;
  readonly maxQueuedBytes: number;
}

export class Proposals {
  readonly #limits: ProposalLimits;
  /** Not in any log yet, in order of arrival. Settled ones are skipped when they come up. */
  #queue: Ticket[] = [];
  /** In our log, by ascending index. */
  readonly #logged = new Deque<Ticket>();
  /** Were in our log and were truncated: settled by whatever is applied at their index. */
  #displaced: Ticket[] = [];
  #waiting = 0;
  #waitingBytes = 0;

  constructor(limits: ProposalLimits) {
    this.#limits = limits;
  }

  /** How many wait to enter a log, here or at the leader. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Throws ERR_QUEUE_FULL when there is no room for one of `bytes`. */
  checkRoom(bytes: number): void {
    const { maxQueuedProposals, maxQueuedBytes } = this.#limits;
    if (this.#waiting >= maxQueuedProposals) {
      throw queueFull(`${this.#waiting} proposals wait, limits.maxQueuedProposals is reached`);
    }
    if (this.#waiting > 0 && this.#waitingBytes + bytes > maxQueuedBytes) {
      throw queueFull(`${this.#waitingBytes} bytes wait, limits.maxQueuedBytes is reached`);
    }
  }

  /** The caller has checked that there is room. */
  enqueue(ticket: Ticket): void {
    this.#queue.push(ticket);
    this.#waiting++;
    this.#waitingBytes += ticket.body.length;
  }

  /** To be told of each ticket, once, as it is settled. */
  settled(ticket: Ticket): void {
    if (ticket.place === 'logged') return;
    this.#release(ticket);
    const dead = this.#queue.length - this.#waiting;
    if (dead > 1024 && dead > this.#waiting) this.#queue = this.#queue.filter((t) => !t.settled);
  }

  /** The live queue, oldest first. Valid until the queue changes. */
  queued(): readonly Ticket[] {
    if (this.#queue.some((ticket) => ticket.settled)) {
      this.#queue = this.#queue.filter((ticket) => !ticket.settled);
    }
    return this.#queue;
  }

  /** The first tickets of the queue entered our log at [from, until). */
  log(from: number, until: number, term: number): readonly Ticket[] {
    const taken = this.#queue.splice(0, until - from);
    let index = from;
    for (const ticket of taken) {
      this.#release(ticket);
      ticket.place = 'logged';
      ticket.index = index++;
      ticket.term = term;
      this.#logged.push(ticket);
    }
    return taken;
  }

  /** The first `count` tickets of the queue are on their way to the leader. */
  forward(count: number): void {
    for (const ticket of this.#queue.splice(0, count)) ticket.place = 'forwarded';
  }

  /** Entries from `from` on left our log; another leader may still have them. */
  truncate(from: number): void {
    let place = this.#logged.length;
    while ((this.#logged.at(place - 1)?.index ?? 0) >= from) place--;
    for (const ticket of this.#logged.cut(place)) if (!ticket.settled) this.#displaced.push(ticket);
  }

  /**
   * A snapshot stands for everything up to `index`, and our log is gone: nobody will see what came
   * of what was proposed there.
   */
  skip(index: number): void {
    this.truncate(1);
    const skipped = this.#displaced.filter((ticket) => ticket.index <= index);
    this.#displaced = this.#displaced.filter((ticket) => ticket.index > index);
    const message = 'a snapshot took the place of its entry';
    for (const ticket of skipped) ticket.fail(ticketError(ticket, 'ERR_LEADERSHIP_LOST', message));
  }

  /** The entry at `index` was applied: settles who waited for it, and who waited in its place. */
  apply(index: number, term: number, result: unknown): void {
    for (let head = this.#logged.at(0); head !== undefined; head = this.#logged.at(0)) {
      if (head.index > index) break;
      this.#logged.drop(1);
      if (head.index === index && head.term === term) head.applied(result, index, term);
      else head.fail(supplanted(head));
    }
    if (this.#displaced.length > 0) this.#applyDisplaced(index, term, result);
  }

  failAll(errorOf: (ticket: Ticket) => CoxswainError): void {
    const all = [...this.#queue, ...this.#logged.clear(), ...this.#displaced];
    this.#queue = [];
    this.#displaced = [];
    for (const ticket of all) ticket.fail(errorOf(ticket));
  }

  #applyDisplaced(index: number, term: number, result: unknown): void {
    const due = this.#displaced.filter((ticket) => ticket.index <= index);
    this.#displaced = this.#displaced.filter((ticket) => ticket.index > index && !ticket.settled);
    for (const ticket of due) {
      if (ticket.index === index && ticket.term === term) ticket.applied(result, index, term);
      else ticket.fail(supplanted(ticket));
    }
  }

  #release(ticket: Ticket): void {
    this.#waiting--;
    this.#waitingBytes -= ticket.body.length;
  }
}

function queueFull(message: string): CoxswainError {
  return new CoxswainError('ERR_QUEUE_FULL', message, { outcome: 'not-applied', retryable: true });
}

/** Another entry is committed at its index: this one never will be (Log Matching, §5.3). */
function supplanted(ticket: Ticket): CoxswainError {
  return new CoxswainError(
    'ERR_LEADERSHIP_LOST',
    `a later leader committed another entry at index ${ticket.index}`,
    { outcome: 'not-applied', retryable: true, index: ticket.index },
  );
}
