// What a lease promises: as long as one member holds it, nobody leads a newer term, by whatever
// clock. Only where clocks run about equally fast, as the lease itself requires.
import { assert } from '../../lib/assert.ts';
import { holdsLease } from '../../raft/index.ts';
import type { Plan } from './plan.ts';
import type { SimMember } from './sim-member.ts';

export class Leases {
  readonly #members: readonly SimMember[];
  /** How fast the slowest clock is, measured by the fastest. */
  readonly #spread: number;
  readonly #windowUs: number;

  constructor({ clock, options }: Plan, members: readonly SimMember[]) {
    this.#members = members;
    const rates = members.map(({ rate }) => rate);
    const slowest = Math.min(...rates);
    this.#spread = slowest / Math.max(...rates);
    this.#windowUs = (4000 * options.electionMaxMs * (1 + clock.optionSpread)) / slowest;
  }

  /** Do its clocks keep what a lease requires of them, now and for so long before? */
  isJudged(member: SimMember, nowUs: number): boolean {
    const isFair = this.#spread >= 1 - member.state.options.maxClockDrift;
    return isFair && this.isSane(member, nowUs);
  }

  /**
   * Suspended, and its time of day set: each by itself is seen, but one can hide the other, and
   * then nobody can tell.
   */
  isSane({ jumpedUs, suspendedUs }: SimMember, nowUs: number): boolean {
    const sinceUs = nowUs - this.#windowUs;
    return jumpedUs < sinceUs || suspendedUs < sinceUs;
  }

  /** After each step of a leader. */
  check(leader: SimMember, nowUs: number): void {
    const { id, state } = leader;
    for (const holder of this.#members) {
      if (holder === leader || holder.state.term >= state.term) continue;
      if (!isHolder(holder, nowUs) || !this.isJudged(holder, nowUs)) continue;
      const held = `${holder.id} has the lease of term ${holder.state.term}`;
      assert(false, `nobody leads beside a lease: ${held}, ${id} leads term ${state.term}`);
    }
  }
}

function isHolder(member: SimMember, nowUs: number): boolean {
  const { state, up } = member;
  if (!up || state.role !== 'leader' || member.isSuspended) return false;
  return holdsLease(state, member.localMs(nowUs), member.wallMs(nowUs));
}
