// The ticket of an entry that a leader logs by itself: nobody waits for it but who made it.
import type { OwnKind, Ticket, TicketPlace } from './ticket.ts';

export class OwnTicket implements Ticket {
  readonly kind: OwnKind;
  readonly body: Uint8Array;
  place: TicketPlace = 'queued';
  index = 0;
  term = 0;
  request = 0;
  settled = false;
  readonly #onSettled: (ticket: OwnTicket) => void;

  constructor(kind: OwnKind, body: Uint8Array, onSettled: (ticket: OwnTicket) => void) {
    this.kind = kind;
    this.body = body;
    this.#onSettled = onSettled;
  }

  applied(): void {
    this.fail();
  }

  fail(): void {
    if (this.settled) return;
    this.settled = true;
    this.#onSettled(this);
  }
}
