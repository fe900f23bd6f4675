// Members on one clock, with a network that takes a millisecond and may be cut one way.
import { type MemberId, nextDeadline, type RaftEvent } from '../../../src/raft/index.ts';
import { type Letter, lettersOf } from './exchange.ts';
import type { TestMember } from './member.ts';

export class Network {
  readonly members: readonly TestMember[];
  /** Nothing arrives that goes this way. */
  isCut: (from: MemberId, to: MemberId) => boolean = () => false;
  now = 1000;
  /** Each leadership, in order. */
  readonly leaderships: { readonly id: MemberId; readonly term: number }[] = [];
  #letters: { readonly at: number; readonly letter: Letter }[] = [];

  constructor(members: readonly TestMember[]) {
    this.members = members;
  }

  /** Until then, or until `isDone`; true if it is. */
  run(ms: number, isDone: () => boolean = () => false): boolean {
    const end = this.now + ms;
    while (this.now <= end) {
      if (isDone()) return true;
      this.now = Math.min(this.#next(), end + 1);
      const due = this.#letters.filter(({ at }) => at <= this.now);
      this.#letters = this.#letters.filter(({ at }) => at > this.now);
      for (const { letter } of due) this.#deliver(letter);
      for (const member of this.members) {
        if (nextDeadline(member.state) > this.now) continue;
        member.now = this.now;
        member.step({ type: 'timeout' });
        this.#settle(member);
      }
    }
    return isDone();
  }

  /** Something happens to one of them now. */
  give(member: TestMember, event: RaftEvent): void {
    member.now = this.now;
    member.step(event);
    this.#settle(member);
  }

  /** A leader that a majority follows. */
  get leader(): TestMember | undefined {
    return this.members.find(({ state }) => {
      const followers = this.members.filter((each) => {
        return each.state.leader === state.id && each.state.term === state.term;
      });
      return state.role === 'leader' && followers.length * 2 > this.members.length;
    });
  }

  #next(): number {
    const deadlines = this.members.map(({ state }) => nextDeadline(state));
    return Math.max(this.now, Math.min(...deadlines, ...this.#letters.map(({ at }) => at)));
  }

  #deliver({ entries, from, message, to }: Letter): void {
    const member = this.members.find(({ state }) => state.id === to);
    if (member === undefined || this.isCut(from, to)) return;
    member.now = this.now;
    member.receive(from, message, entries);
    this.#settle(member);
  }

  #settle(member: TestMember): void {
    this.#post(member);
    while (member.waiting.length > 0) {
      member.writeOne();
      this.#post(member);
    }
  }

  #post(member: TestMember): void {
    const { id, role, term } = member.state;
    if (role === 'leader' && this.leaderships.at(-1)?.term !== term) {
      this.leaderships.push({ id, term });
    }
    for (const letter of lettersOf(member)) this.#letters.push({ at: this.now + 1, letter });
  }
}
