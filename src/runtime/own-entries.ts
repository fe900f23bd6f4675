// Entries of one kind that a leader logs by itself, one at a time.
import { type OwnKind, OwnTicket, type Proposals } from './requests/index.ts';

export class OwnEntries {
  readonly #kind: OwnKind;
  readonly #proposals: Proposals;
  readonly #wake: () => void;
  #underWay: OwnTicket | undefined;

  constructor(kind: OwnKind, proposals: Proposals, wake: () => void) {
    this.#kind = kind;
    this.#proposals = proposals;
    this.#wake = wake;
  }

  /** One is on its way into the log, or in it and not applied. */
  get isUnderWay(): boolean {
    return this.#underWay !== undefined;
  }

  log(body: Uint8Array): void {
    this.#underWay = new OwnTicket(this.#kind, body, (ticket) => {
      this.#proposals.settled(ticket);
      if (this.#underWay === ticket) this.#underWay = undefined;
    });
    this.#proposals.enqueue(this.#underWay);
    this.#wake();
  }

  /** Another leader sees to it; what is in the log already comes of itself. */
  stepDown(): void {
    const ticket = this.#underWay;
    this.#underWay = undefined;
    if (ticket?.place === 'queued') ticket.fail();
  }
}
