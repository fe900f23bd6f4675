// Makes faults happen: those that the plan's rates draw, and those that strike at the very moment
// when it hurts most, which needs knowledge of the members' states.
import { unreachable } from '../../lib/assert.ts';
import {
  type DrawnFamily,
  drawFault,
  drawnFamilies,
  type Fault,
  type Link,
  type OperatorFamily,
  rateOf,
} from './faults.ts';
import type { Flap, Happening } from './happening.ts';
import { Operator, type Site } from './operator.ts';
import { Random } from './random.ts';
import type { SimMember } from './sim-member.ts';
import type { SimNetwork } from './sim-network.ts';
import { widestDrift } from './tuning.ts';

/** What faults happen to. */
export interface Field extends Site {
  readonly network: SimNetwork;
  readonly isCalm: boolean;
  schedule(inUs: number, what: Happening): void;
  crash(member: SimMember, keepWrite: boolean, forget: boolean): void;
  /** Lets a number take part in the hash of the run. */
  stir(value: number): void;
  setWall(member: SimMember, by: number | 'right'): void;
}

/** A fault that happened. The same fault has the same id in a smaller run. */
export interface Struck {
  readonly atUs: number;
  readonly id: string;
  readonly fault: Fault;
}

interface Aimed {
  readonly id: string;
  /** Decides the rest. */
  readonly draw: Random;
}

export class Injector {
  readonly struck: Struck[] = [];
  /** A member stalled or was suspended for so long. */
  longestPauseUs = 0;
  readonly #field: Field;
  readonly #only: ReadonlySet<string> | undefined;
  readonly #draws: ReadonlyMap<DrawnFamily, Random>;
  readonly #operator: Operator;
  readonly #drawn = new Map<DrawnFamily, number>();

  constructor(field: Field, only: readonly string[] | undefined) {
    this.#field = field;
    this.#only = only === undefined ? undefined : new Set(only);
    this.#operator = new Operator(field);
    const { seed } = field.plan;
    this.#draws = new Map(
      drawnFamilies.map((family) => [family, new Random(seed, `faults ${family}`)]),
    );
  }

  begin(): void {
    for (const family of drawnFamilies) this.#planNext(family);
  }

  /** The time of a drawn fault has come. */
  draw(family: DrawnFamily): void {
    if (this.#field.isCalm) return;
    const count = (this.#drawn.get(family) ?? 0) + 1;
    this.#drawn.set(family, count);
    const fault = this.#drawFault(family);
    const isStruck = fault !== undefined && this.#strike(`${family} ${count}`, fault);
    if (isStruck && family === 'power-cut') this.#field.mark('crash of all members at once');
    this.#planNext(family);
  }

  #drawFault(family: DrawnFamily): Fault | undefined {
    const draw = this.#drawOf(family);
    if (isOperators(family)) return this.#operator.draw(family, draw);
    const { members, plan } = this.#field;
    const leaders = members.filter(({ state, up }) => up && state.role === 'leader');
    const places = leaders.map(({ at }) => at);
    return drawFault(plan, family, draw, places);
  }

  restore(links: readonly Link[]): void {
    const { isCalm, network } = this.#field;
    if (!isCalm) for (const [from, to] of links) network.restore(from, to);
  }

  flap(flap: Flap, left: number): void {
    const { isCalm, network } = this.#field;
    if (isCalm || left === 0) return;
    network.cut(...flap.link);
    const { link, periodUs } = flap;
    this.#field.schedule(Math.ceil(periodUs / 2), { type: 'restore', links: [link] });
    this.#field.schedule(periodUs, { type: 'flap', flap, left: left - 1 });
  }

  /** A leader has just put a command into its log. */
  afterAppend(member: SimMember): void {
    const { aimed, options } = this.#field.plan;
    const crash = this.#aim('append', aimed.crashAfterAppend, member);
    if (crash !== undefined) {
      if (this.#crash(member, crash, crash.draw.chance(0.5))) {
        this.#field.mark('crash of a leader after append');
      }
      return;
    }
    const cut = this.#aim('cut', aimed.cutLeader, member);
    if (cut !== undefined) {
      const forUs = Math.ceil(options.electionMaxMs * 3000);
      const links = this.#linksOf(member, this.#field.members);
      this.#strike(cut.id, { type: 'cut', links, forUs });
      this.#distrustClocks(member);
      return;
    }
    const stall = this.#aim('stall', aimed.stallLeader, member);
    if (stall !== undefined) {
      const forUs = Math.ceil(options.electionMaxMs * 1500);
      if (this.#strike(stall.id, { type: 'stall', member: member.at, forUs })) {
        this.#field.mark('a leader stalls for longer than an election timeout');
      }
    }
  }

  /** What it was promised so far holds for a shorter time by clocks that may drift more. */
  #distrustClocks(member: SimMember): void {
    const drift = this.#aim('drift', this.#field.plan.changes.tuneRate > 0 ? 0.5 : 0, member);
    if (drift === undefined) return;
    const options = { maxClockDrift: widestDrift(this.#field.plan) };
    this.#strike(drift.id, { type: 'tune', member: member.at, options });
  }

  /** Its write is durable, and what waits for it has not left. True if it crashes right here. */
  beforeSend(member: SimMember): boolean {
    const crash = this.#aim('send', this.#field.plan.aimed.crashBeforeSend, member);
    if (crash === undefined || !this.#crash(member, crash, true)) return false;
    this.#field.mark('crash between persist and send');
    return true;
  }

  afterRole(member: SimMember): void {
    const { aimed, options } = this.#field.plan;
    if (member.state.role === 'leader') {
      const cut = this.#aim('leader', aimed.cutNewLeader, member);
      if (cut === undefined) return;
      const forUs = Math.ceil(options.electionMaxMs * 3000);
      const links = this.#linksToMost(member, cut.draw);
      if (this.#strike(cut.id, { type: 'cut', links, forUs })) {
        this.#field.mark('a new leader is cut off from a quorum');
      }
    } else if (member.state.role === 'candidate') {
      const crash = this.#aim('candidate', aimed.crashAfterVote, member);
      if (crash === undefined) return;
      if (this.#crash(member, crash, crash.draw.chance(0.5))) {
        this.#field.mark('crash of a candidate');
      }
    }
  }

  /** Its machine begins to answer a read. */
  duringQuery(member: SimMember): void {
    const { clock, options } = this.#field.plan;
    const pause = this.#aim('query', clock.suspendReader, member);
    if (pause === undefined) return;
    const type = pause.draw.pick(['stall', 'suspend'] as const);
    const forUs = Math.ceil(options.electionMaxMs * pause.draw.pick([500, 2000]));
    this.#strike(pause.id, { type, member: member.at, forUs });
  }

  /** Whether the write that a member is about to begin fails, which ends its life. */
  failsWrite(member: SimMember): boolean {
    const crash = this.#aim('write', this.#field.plan.disk.failure, member);
    if (crash === undefined) return false;
    if (!this.#crash(member, crash, crash.draw.chance(0.5))) return false;
    this.#field.mark('a write fails');
    return true;
  }

  /** Whether it fails to make a snapshot durable, which ends its life. */
  failsSave(member: SimMember): boolean {
    const crash = this.#aim('save', this.#field.plan.snapshots.failure, member);
    return crash !== undefined && this.#crash(member, crash, crash.draw.chance(0.5));
  }

  /** Another's snapshot is durable there, and its log is not reset yet. */
  beforeReset(member: SimMember): void {
    const crash = this.#aim('reset', this.#field.plan.snapshots.crashBeforeReset, member);
    if (crash === undefined || !this.#crash(member, crash, false)) return;
    this.#field.mark('crash between a snapshot and the reset of the log');
  }

  /**
   * What decides the rest of a fault that strikes a member here and now, or undefined if none does.
   * It depends on nothing that happened before, so that leaving something out changes little else.
   */
  #aim(what: string, chance: number, { at }: SimMember): Aimed | undefined {
    const { isCalm, nowUs, plan } = this.#field;
    if (isCalm || chance === 0) return undefined;
    const id = `${what} ${at} ${nowUs}`;
    const draw = new Random(plan.seed, id);
    return draw.chance(chance) ? { id, draw } : undefined;
  }

  #drawOf(family: DrawnFamily): Random {
    return this.#draws.get(family) as Random;
  }

  /** Both ways, to as many as make up a majority. */
  #linksToMost(member: SimMember, draw: Random): Link[] {
    const { members } = this.#field;
    const others = draw.shuffle(members.filter((other) => other !== member));
    return this.#linksOf(member, others.slice(0, Math.ceil(members.length / 2)));
  }

  #linksOf(member: SimMember, others: readonly SimMember[]): Link[] {
    return others.flatMap(({ at }): Link[] => [
      [member.at, at],
      [at, member.at],
    ]);
  }

  #planNext(family: DrawnFamily): void {
    const rate = rateOf(this.#field.plan, family);
    if (rate === 0) return;
    const inUs = Math.ceil(this.#drawOf(family).exponential(1e6 / rate)) + 1;
    this.#field.schedule(inUs, { type: 'draw', family });
  }

  #crash(member: SimMember, { draw, id }: Aimed, keepWrite: boolean): boolean {
    const { disk, process } = this.#field.plan;
    const downUs = Math.ceil(draw.exponential(process.downMeanMs * 1000)) + 1;
    const forget = draw.chance(disk.amnesia);
    return this.#strike(id, { type: 'crash', members: [member.at], downUs, keepWrite, forget });
  }

  #pause(member: SimMember, forUs: number): void {
    const field = this.#field;
    member.stalledUntilUs = Math.max(member.stalledUntilUs, field.nowUs + forUs);
    this.longestPauseUs = Math.max(this.longestPauseUs, forUs);
    field.schedule(forUs, { type: 'wake', member, life: member.life });
  }

  /** False if the fault is not to be. */
  #strike(id: string, fault: Fault): boolean {
    if (this.#only?.has(id) === false) return false;
    const field = this.#field;
    this.struck.push({ atUs: field.nowUs, id, fault });
    field.stir(this.struck.length);
    switch (fault.type) {
      case 'crash':
        for (const at of fault.members) {
          const member = field.members[at] as SimMember;
          if (!member.up) continue;
          field.crash(member, fault.keepWrite, fault.forget);
          field.restartIn(member, fault.downUs);
        }
        break;
      case 'stall': {
        const member = field.members[fault.member] as SimMember;
        if (!member.up) break;
        this.#pause(member, fault.forUs);
        break;
      }
      case 'suspend': {
        const member = field.members[fault.member] as SimMember;
        // One that was set may hide the other.
        if (!member.up || member.isUntold) break;
        member.suspend(field.nowUs);
        this.#pause(member, fault.forUs);
        break;
      }
      case 'jump': {
        const member = field.members[fault.member] as SimMember;
        if (!member.isSuspended) field.setWall(member, fault.byMs);
        break;
      }
      case 'cut':
        for (const [from, to] of fault.links) field.network.cut(from, to);
        field.schedule(fault.forUs, { type: 'restore', links: fault.links });
        break;
      case 'flap':
        this.flap(fault, fault.times);
        break;
      case 'clog':
        field.network.clog(...fault.link, field.nowUs + fault.forUs);
        break;
      case 'change':
      case 'transfer':
      case 'tune':
      case 'wipe':
      case 'take':
      case 'repair':
        this.#operator.run(fault);
        break;
      default:
        unreachable(fault);
    }
    return true;
  }
}

const OPERATORS: readonly OperatorFamily[] = [
  ...(['change', 'transfer', 'tune', 'wipe', 'take', 'repair'] as const),
];

function isOperators(family: DrawnFamily): family is OperatorFamily {
  return OPERATORS.some((own) => own === family);
}
