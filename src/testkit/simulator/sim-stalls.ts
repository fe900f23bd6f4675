// Notices, as a driver does, that a member's disk, machine or process stands still, and tells its
// core: after every step, when a bound is passed, and when a member wakes.
import type { RaftEvent } from '../../raft/index.ts';
import type { Happening } from './happening.ts';
import type { Plan } from './plan.ts';
import type { Op, SimMember } from './sim-member.ts';

/** What stalls happen to. */
export interface StallSite {
  readonly plan: Plan;
  readonly nowUs: number;
  schedule(inUs: number, what: Happening): void;
  step(member: SimMember, event: RaftEvent, ops: readonly Op[]): void;
}

interface Watch {
  /** What it is at; undefined when it is at nothing. */
  at: string | undefined;
  /** Since when, by the member's own clock. */
  sinceMs: number;
}

/** Of one member in one life. */
interface Desk {
  readonly life: number;
  readonly store: Watch;
  readonly machine: Watch;
  isKnown: boolean;
  /** When the next look is planned, in simulated time. */
  lookUs: number;
}

const NO_OPS: readonly Op[] = [];

export class SimStalls {
  readonly #site: StallSite;
  readonly #desks = new Map<SimMember, Desk>();

  constructor(site: StallSite) {
    this.#site = site;
  }

  /** After every step. */
  look(member: SimMember): void {
    const { nowUs, plan } = this.#site;
    if (plan.stalls.bound === 0 || !member.up || member.stalledUntilUs > nowUs) return;
    const desk = this.#deskOf(member);
    const nowMs = member.localMs(nowUs);
    const { disk, state } = member;
    const isBusy = member.isApplying || state.snapshots.restoring !== undefined;
    const isLate = isBusy && state.applying > state.applied;
    note(desk.store, disk.merged > 0 ? `write ${disk.writing}` : undefined, nowMs);
    note(desk.machine, isLate ? `run ${member.run} ${state.applied}` : undefined, nowMs);
    const dueMs = Math.min(dueOf(desk.store), dueOf(desk.machine)) + boundOf(member, plan);
    if (dueMs > nowMs && dueMs < Number.POSITIVE_INFINITY) this.#plan(member, desk, dueMs);
    this.#tell(member, desk, dueMs <= nowMs);
  }

  /** The time of a planned look has come. */
  due(member: SimMember): void {
    this.#deskOf(member).lookUs = Number.POSITIVE_INFINITY;
    this.look(member);
  }

  /** What was due happens so late, and what arrived meanwhile has been handled. */
  woke(member: SimMember, lateMs: number): void {
    const { plan } = this.#site;
    if (plan.stalls.bound === 0) return;
    const { life } = member;
    // It is over, but may come again: whoever leads learns of it even so.
    if (lateMs >= boundOf(member, plan)) this.#tell(member, this.#deskOf(member), true);
    if (member.up && member.life === life) this.look(member);
  }

  #tell(member: SimMember, desk: Desk, stalled: boolean): void {
    if (desk.isKnown === stalled) return;
    desk.isKnown = stalled;
    this.#site.step(member, { type: 'stall', stalled }, NO_OPS);
  }

  #plan(member: SimMember, desk: Desk, dueMs: number): void {
    const { nowUs } = this.#site;
    const atUs = Math.max(nowUs + 1, member.simulatedUs(dueMs));
    if (desk.lookUs <= atUs) return;
    desk.lookUs = atUs;
    this.#site.schedule(atUs - nowUs, { type: 'look', member, life: member.life });
  }

  #deskOf(member: SimMember): Desk {
    const known = this.#desks.get(member);
    if (known?.life === member.life) return known;
    const none = (): Watch => ({ at: undefined, sinceMs: Number.POSITIVE_INFINITY });
    const { life } = member;
    const lookUs = Number.POSITIVE_INFINITY;
    const desk: Desk = { life, store: none(), machine: none(), isKnown: false, lookUs };
    this.#desks.set(member, desk);
    return desk;
  }
}

function boundOf({ state }: SimMember, { stalls }: Plan): number {
  return stalls.bound * state.options.electionMinMs;
}

function note(watch: Watch, at: string | undefined, nowMs: number): void {
  if (watch.at === at) return;
  watch.at = at;
  watch.sinceMs = nowMs;
}

function dueOf({ at, sinceMs }: Watch): number {
  return at === undefined ? Number.POSITIVE_INFINITY : sinceMs;
}
