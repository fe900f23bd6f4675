// Sells seats. An order that is sent again, because its buyer was not answered, must not get a
// second seat: so the office remembers orders. How many is the whole question.
import { text } from 'node:stream/consumers';
import type { StateMachine } from 'coxswain';

export interface Order {
  readonly id: string;
}

export class TicketOffice implements StateMachine<Order, number> {
  /** The order that has each seat. */
  #seats: string[] = [];
  /** Seats of recent orders, the oldest first. */
  #remembered = new Map<string, number>();
  readonly #memory: number;

  /** `memory`: how many orders it remembers. */
  constructor(memory: number) {
    this.#memory = memory;
  }

  /** The number of the seat. */
  apply({ id }: Order): number {
    const known = this.#remembered.get(id);
    if (known !== undefined) return known;
    const seat = this.#seats.push(id);
    this.#remembered.set(id, seat);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > this.#memory && oldest !== undefined) {
      this.#remembered.delete(oldest);
    }
    return seat;
  }

  /** Throws when an order has two seats. */
  check(): void {
    const twice = this.#seats.find((id, at) => this.#seats.indexOf(id) < at);
    if (twice !== undefined) throw new Error(`order ${twice} has two seats`);
  }

  digest(): string {
    return this.#seats.join();
  }

  snapshot(): Uint8Array {
    return Buffer.from(JSON.stringify([this.#seats, [...this.#remembered]]));
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const [seats, remembered] = JSON.parse(await text(chunks));
    this.#seats = seats;
    this.#remembered = new Map(remembered);
  }
}
