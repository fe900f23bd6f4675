// One transfer of leadership, from the call until another member leads.
import type { MemberId } from '../../contracts/index.ts';
import { CoxswainError } from '../../errors.ts';
import type { RaftState } from '../../raft/index.ts';
import type { CallInit } from './call.ts';
import { Operation } from './operation.ts';

/** Who leads after a transfer; mostly, but not surely, the one that was asked for. */
export interface Successor {
  readonly leader: MemberId;
  readonly term: number;
}

export class HandoverCall extends Operation<Successor> {
  readonly #state: RaftState;
  readonly #to: MemberId;
  readonly #term: number;

  constructor(init: CallInit<Successor>, state: RaftState, to: MemberId) {
    super(init);
    this.#state = state;
    this.#to = to;
    this.#term = state.term;
  }

  check(): void {
    const { id, leader, leading, term } = this.#state;
    if (this.settled) return;
    if (term > this.#term && leader !== undefined) {
      if (leader !== id) this.resolve({ leader, term });
      else this.fail(this.#error('this member was elected again'));
    } else if (leading !== undefined && leading.handover?.to !== this.#to) {
      const other = leading.handover?.to;
      this.fail(this.#error(other === undefined ? 'it leads on' : `${other} was asked instead`));
    }
  }

  protected override describe(): { text: string; index: number } {
    return { text: `leadership is on its way to ${this.#to}`, index: 0 };
  }

  #error(why: string): CoxswainError {
    const message = `${this.#to} did not take over: ${why}`;
    return new CoxswainError('ERR_TIMEOUT', message, { outcome: 'not-applied', retryable: true });
  }
}
