// What an answered read must show at least, which only someone can know who sees all members at
// once: what was committed anywhere when it was asked for, or as long before as it allows.
import type { Call } from './clients.ts';
import type { Leases } from './leases.ts';
import type { Plan } from './plan.ts';
import type { Referee } from './referee.ts';
import type { SimMember } from './sim-member.ts';
import type { Want } from './want.ts';

export interface Floor {
  /** What was committed when it was asked for. */
  readonly now: number;
  /** What it must show even if nobody is asked. */
  readonly least: number;
}

/** One attempt of a read, at one member, in one of its lives. */
export interface Read<C = unknown, R = unknown> {
  readonly member: SimMember;
  readonly life: number;
  /** Undefined for one that only wants to know that reads are answered. */
  readonly call: Call<C, R> | undefined;
  readonly floor: Floor;
  /** Its number; 0 while it was not asked for. */
  number: number;
  /** How far the machine must have come. */
  index: number;
  isByLease: boolean;
  isAnswered: boolean;
}

/** Clocks are compared at readings, which may each hide that much: ms. */
const HIDDEN_MS = 5;

export class ReadOracle {
  readonly #referee: Referee;
  readonly #leases: Leases;
  readonly #options: Plan['options'];

  constructor({ options }: Plan, referee: Referee, leases: Leases) {
    this.#options = options;
    this.#referee = referee;
    this.#leases = leases;
  }

  floorOf(member: SimMember, { amount, level }: Want, nowUs: number): Floor {
    const now = this.#referee.committed.length;
    switch (level) {
      case 'linearizable':
      case 'lease':
        return { now, least: now };
      case 'fresh': {
        // Of one whose clocks hid a suspension nobody can say how old it is.
        const ageUs = (amount * 1000) / member.rate;
        const hiddenUs = HIDDEN_MS * (2 + amount / this.#options.electionMaxMs) * 1000;
        const sinceUs = nowUs - ageUs - hiddenUs;
        const isSure = this.#leases.isSane(member, sinceUs);
        return { now, least: isSure ? this.#referee.committedAt(sinceUs) : 0 };
      }
      case 'at-least':
        return { now: 0, least: Math.max(0, member.state.applied + amount) };
      case 'local':
        return { now: 0, least: 0 };
      default:
        return level satisfies never;
    }
  }

  /** Does a lease there promise anything? */
  isJudged(member: SimMember, nowUs: number): boolean {
    return this.#leases.isJudged(member, nowUs);
  }
}
