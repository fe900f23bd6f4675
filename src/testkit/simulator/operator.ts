// Whoever runs the cluster: changes its members, hands leadership over, and replaces the members
// whose stores are gone. Careless about the moment, but never takes away the last quorum.
import { CoxswainError } from '../../errors.ts';
import {
  type Configuration,
  type MemberId,
  type MembersChange,
  membersOf,
  planChange,
  planTransfer,
  type RaftEvent,
  versionOf,
} from '../../raft/index.ts';
import type { OperatorFamily, OperatorFault } from './faults.ts';
import type { Mark } from './mark-labels.ts';
import type { Plan } from './plan.ts';
import type { Random } from './random.ts';
import { firstOrigin, JOINER, type Origin } from './sim-disk.ts';
import type { SimMember } from './sim-member.ts';
import { attempted, type Standing } from './standing.ts';
import { drawTuning, type Tuning } from './tuning.ts';

/** What the operator has at hand. */
export interface Site {
  readonly plan: Plan;
  readonly members: readonly SimMember[];
  readonly standing: Standing;
  readonly nowUs: number;
  /** Something happens to a member that is up. */
  tell(member: SimMember, event: RaftEvent): void;
  /** The member is down from now on, on a new store. */
  wipe(member: SimMember, origin: Origin): void;
  /** Its machine is found to be another than those of others. */
  spoil(member: SimMember): void;
  restartIn(member: SimMember, inUs: number): void;
  mark(label: Mark): void;
}

const REFUSALS = ['ERR_NOT_LEADER', 'ERR_MEMBERS_BUSY', 'ERR_INVALID_OPTION'];

/** What a draw chooses from. */
interface Choice {
  readonly config: Configuration;
  readonly draw: Random;
  readonly self: MemberId;
  /** No members, and not down for good. */
  readonly spares: readonly MemberId[];
}

type Change = Record<'add' | 'learners' | 'promote' | 'demote' | 'remove', MemberId[]> & {
  replace: { id: MemberId; by: MemberId }[];
};

export class Operator {
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  /** Undefined when there is nothing to do. */
  draw(family: OperatorFamily, draw: Random): OperatorFault | undefined {
    switch (family) {
      case 'change':
        return this.#drawChange(draw);
      case 'transfer':
        return this.#drawTransfer(draw);
      case 'tune': {
        const { at: member } = this.#asked(draw) ?? draw.pick(this.#site.members);
        return { type: 'tune', member, options: drawTuning(draw, this.#site.plan) };
      }
      case 'wipe':
        return this.#drawWipe(draw);
      case 'take':
      case 'repair':
        return { type: family, member: draw.pick(this.#site.members).at };
      default:
        return family satisfies never;
    }
  }

  run(fault: OperatorFault): void {
    const member = this.#site.members[fault.member] as SimMember;
    switch (fault.type) {
      case 'change':
        return this.#change(member, fault.change);
      case 'transfer':
        return this.#transfer(member, fault.to);
      case 'tune':
        return this.#tune(member, fault.options);
      case 'wipe':
        return this.#wipe(member, fault.asFirst, fault.downUs);
      case 'take':
        return this.#take(member);
      case 'repair':
        return this.#repair(member);
      default:
        fault satisfies never;
    }
  }

  #change(member: SimMember, change: MembersChange): void {
    const { nowUs, plan, standing } = this.#site;
    if (!isAble(member, nowUs)) return;
    const planned = attempt(() => planChange(member.state, change));
    if (planned === undefined) return this.#site.mark('a change of members is refused');
    const before = membersOf(member.state.config);
    for (const id of membersOf(planned)) {
      if (before.includes(id)) continue;
      standing.addedUs.set(id, nowUs);
      const { at = 0, emptied = 0 } = standing.member(id) ?? {};
      const wasThere =
        at < plan.members || member.versions.some(({ config }) => membersOf(config).includes(id));
      if (wasThere && emptied > 0) {
        this.#site.mark('a member comes back under its id with another store');
      }
    }
    const wallMs = member.wallMs(nowUs);
    const version = versionOf(member.state);
    this.#site.tell(member, { type: 'change', config: planned, version, wallMs });
  }

  #transfer(member: SimMember, asked: MemberId): void {
    if (!isAble(member, this.#site.nowUs)) return;
    const to = attempt(() => planTransfer(member.state, asked));
    if (to !== undefined) this.#site.tell(member, { type: 'transfer', to });
  }

  #tune(member: SimMember, changed: Tuning): void {
    if (!isAble(member, this.#site.nowUs)) return;
    const options = { ...member.state.options, ...changed };
    this.#site.tell(member, { type: 'configure', options });
  }

  #wipe(member: SimMember, asFirst: boolean, downUs: number): void {
    const { members, plan } = this.#site;
    const first = members.slice(0, plan.members).map(({ id }) => id);
    this.#site.wipe(member, asFirst ? firstOrigin(first, false) : JOINER);
    this.#site.mark('a store is emptied');
    this.#site.restartIn(member, downUs);
  }

  #take(member: SimMember): void {
    const { applied: index } = member.state;
    if (!isAble(member, this.#site.nowUs) || index === 0) return;
    this.#site.tell(member, { type: 'take-snapshot', index });
  }

  /** Only while those that are well can elect one of them. */
  #repair(member: SimMember): void {
    const { nowUs, standing } = this.#site;
    if (!isAble(member, nowUs) || member.isBad || member.state.applied === 0) return;
    if (standing.canProgress((other) => other === member)) this.#site.spoil(member);
  }

  #drawChange(draw: Random): OperatorFault | undefined {
    const { members, plan, standing } = this.#site;
    const asked = this.#asked(draw);
    if (asked === undefined) return undefined;
    const { config } = asked.state;
    const known = membersOf(config);
    const spares = members.filter(({ id, isRefused }) => !isRefused && !known.includes(id));
    const choice = { config, draw, self: asked.id, spares: spares.map(({ id }) => id) };
    const lost = known.filter((id) => !standing.isBearer(config, id));
    const anew = spares.filter(({ emptied }) => emptied > 0);
    const change: Change = noChange();
    if (lost.length > 0 && draw.chance(0.6)) change.remove.push(draw.pick(lost));
    else if (anew.length > 0 && draw.chance(0.4)) change.add.push(draw.pick(anew).id);
    else alter(change, choice);
    while (draw.chance(plan.changes.several)) alter(change, choice);
    const next = attempted(config, change);
    // What is refused has no effect; what leaves too few is what no operator would do.
    if (next !== undefined && !standing.canProgress(() => false, [next])) return undefined;
    return { type: 'change', member: asked.at, change };
  }

  #drawTransfer(draw: Random): OperatorFault | undefined {
    const { members } = this.#site;
    const asked = this.#asked(draw);
    if (asked === undefined) return undefined;
    const { voters } = asked.state.config;
    const others = voters.filter((id) => id !== asked.id);
    const pool = others.length === 0 || draw.chance(0.1) ? members.map(({ id }) => id) : others;
    return { type: 'transfer', member: asked.at, to: draw.pick(pool) };
  }

  /** Either a member that was turned away gets a new store, or one that is well loses its own. */
  #drawWipe(draw: Random): OperatorFault | undefined {
    const { members, plan, standing } = this.#site;
    const refused = members.filter(({ isRefused }) => isRefused);
    const isMended = refused.length > 0 && draw.chance(0.7);
    const { at, id } = draw.pick(isMended ? refused : members);
    const first = members.slice(0, plan.members).map((member) => member.id);
    const isFirst = !isMended && at < plan.members && draw.chance(plan.changes.asFirst);
    const downUs = Math.ceil(draw.exponential(plan.process.downMeanMs) * 1000) + 1;
    const asFirst = isFirst && standing.mayBeEmptied(members[at] as SimMember, first, true);
    const fault = { type: 'wipe', member: at, asFirst, downUs } as const;
    if (!asFirst && !standing.mayBeEmptied(members[at] as SimMember, first, false))
      return undefined;
    if (isMended || standing.canProgress((member) => member.id === id)) return fault;
    return undefined;
  }

  /** Mostly the leader, if there is one. */
  #asked(draw: Random): SimMember | undefined {
    const { members, nowUs, plan } = this.#site;
    const able = members.filter((member) => isAble(member, nowUs));
    const leaders = able.filter(({ state }) => state.role === 'leader');
    const pool = draw.chance(plan.changes.astray) ? able : leaders;
    return pool.length === 0 ? undefined : draw.pick(pool);
  }
}

/** Adds one thing to a change. What does not go together is refused later. */
function alter(change: Change, { config, draw, self, spares }: Choice): void {
  const { learners, voters } = config;
  const any = (ids: readonly MemberId[]) => (ids.length === 0 ? [] : [draw.pick(ids)]);
  switch (draw.integer(0, 9)) {
    case 0:
    case 1:
    case 2:
      change.add.push(...any(spares));
      break;
    case 3:
      change.learners.push(...any(spares));
      break;
    case 4:
      change.promote.push(...any(learners));
      break;
    case 5:
      change.demote.push(...any(voters));
      break;
    case 6:
      change.remove.push(...any(membersOf(config)));
      break;
    case 7:
      change.remove.push(self);
      break;
    case 8:
      change.remove.push(...any(voters));
      break;
    default: {
      const by = any([...spares, ...learners]);
      const id = any(voters);
      if (by[0] !== undefined && id[0] !== undefined) change.replace.push({ id: id[0], by: by[0] });
    }
  }
}

function noChange(): Change {
  return { add: [], learners: [], promote: [], demote: [], remove: [], replace: [] };
}

function isAble({ stalledUntilUs, up }: SimMember, nowUs: number): boolean {
  return up && stalledUntilUs <= nowUs;
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof CoxswainError && REFUSALS.includes(error.code)) return undefined;
    throw error;
  }
}
