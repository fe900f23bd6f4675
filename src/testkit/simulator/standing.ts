// Who of the members can still take part, which only someone can know who sees all of their stores:
// whether a quorum is left that may be expected to make progress.
import {
  type Configuration,
  type ConfigurationAt,
  changed,
  type MemberId,
} from '../../raft/index.ts';
import { isQuorum } from './quorums.ts';
import { configurationsOf } from './sim-disk.ts';
import type { SimMember } from './sim-member.ts';

export class Standing {
  readonly #members: readonly SimMember[];
  readonly #byId: ReadonlyMap<MemberId, SimMember>;
  /** When an id was last put into a configuration. */
  readonly addedUs: Map<MemberId, number> = new Map<MemberId, number>();
  /** The latest configuration that was committed anywhere. */
  committed: ConfigurationAt | undefined;

  constructor(members: readonly SimMember[]) {
    this.#members = members;
    this.#byId = new Map(members.map((member) => [member.id, member]));
  }

  member(id: MemberId): SimMember | undefined {
    return this.#byId.get(id);
  }

  /** The last that is committed, and all in anybody's log that may come after it. */
  open(): readonly Configuration[] {
    const { committed } = this;
    const open = new Set<Configuration>(committed === undefined ? [] : [committed.config]);
    for (const { disk, up, versions } of this.#members) {
      for (const { config, index } of up ? versions : configurationsOf(disk.entries)) {
        if (index > (committed?.index ?? 1)) open.add(config);
      }
    }
    return [...open];
  }

  /** Does `id` run on the store that counts for it in `config`, or will once it is met? */
  isBearer(config: Configuration, id: MemberId): boolean {
    const member = this.#byId.get(id);
    if (member === undefined || member.isRefused) return false;
    const { incarnation, storeUs } = member;
    const named = config.incarnations.get(id);
    if (named !== undefined) return named === incarnation;
    if (this.addedUs.has(id)) return storeUs <= (this.addedUs.get(id) ?? 0);
    // Of those that nobody has named yet only a store that began with the cluster can be one.
    if (member.origin.entries.length === 0) return false;
    return this.#others(config, id).every(
      (other) => (pinOf(other, id) ?? incarnation) === incarnation,
    );
  }

  /** Could those that are not dead elect and commit, in all that may be in force? */
  canProgress(
    isDead: (member: SimMember) => boolean,
    open: readonly Configuration[] = this.open(),
  ): boolean {
    const counts = (config: Configuration) => (id: MemberId) => {
      const member = this.#byId.get(id);
      if (member === undefined || isDead(member) || !this.isBearer(config, id)) return false;
      // It votes, but does not lead until its machine is mended.
      if (member.isBad) return false;
      return isAdmitted(member) || this.#canBeAdmitted(config, member, isDead);
    };
    return open.every((config) => isQuorum(config, counts(config)) && this.#joins(config, counts));
  }

  /**
   * May this store be lost, and another come back as one that the cluster began with? Only if among
   * those it began with enough are left to tell whoever greets them that its id is taken.
   */
  mayBeEmptied(lost: SimMember, first: readonly MemberId[], asFirst: boolean): boolean {
    const greeting = this.#members.filter((member) => {
      const isTaken = member.emptied > 0 || (member === lost && isAdmitted(lost));
      if (!isTaken || !first.includes(member.id)) return false;
      if (member === lost) return asFirst;
      return !member.isRefused && member.origin.entries.length > 0;
    });
    return greeting.every(({ id }) => {
      const others = first.filter((other) => other !== id);
      const tell = others.filter((other) => other !== lost.id && this.#tells(other, id));
      return others.length > 0 && tell.length * 2 >= others.length;
    });
  }

  /** Does it know of an earlier store of `id`, or that `id` is no member any more? */
  #tells(other: MemberId, id: MemberId): boolean {
    const member = this.#byId.get(other);
    const config = member?.versions.at(-1)?.config;
    if (member === undefined || config === undefined || member.isRefused) return false;
    const ids = [...config.voters, ...config.outgoing, ...config.learners];
    if (!ids.includes(id)) return true;
    return (config.incarnations.get(id) ?? member.disk.known.pins.get(id)) !== undefined;
  }

  /** Those that join may have their votes at any moment. */
  #joins(
    config: Configuration,
    counts: (config: Configuration) => (id: MemberId) => boolean,
  ): boolean {
    if (config.joining.length === 0) return true;
    const gone = config.joining.map(({ replaces }) => replaces);
    const stay = config.voters.filter((id) => !gone.includes(id));
    const voters = [...stay, ...config.joining.map(({ id }) => id)];
    return isQuorum({ voters, outgoing: config.outgoing }, counts(config));
  }

  /** A majority of the others that it began with must have it on disk which store it runs on. */
  #canBeAdmitted(
    config: Configuration,
    { id, incarnation, log, versions }: SimMember,
    isDead: (member: SimMember) => boolean,
  ): boolean {
    if (log.length === 0) return false;
    const others = this.#others(versions.at(-1)?.config ?? config, id);
    const willing = others.filter((other) => {
      if (isDead(other) || other.log.length === 0) return false;
      // Whoever is about to be turned away itself will not be there to tell.
      if (!this.isBearer(config, other.id)) return false;
      return (pinOf(other, id) ?? incarnation) === incarnation;
    });
    return willing.length * 2 > others.length;
  }

  #others({ outgoing, voters }: Configuration, id: MemberId): SimMember[] {
    const ids = new Set([...voters, ...outgoing]);
    return this.#members.filter((member) => member.id !== id && ids.has(member.id));
  }
}

/** ms: by how much what is known of another's time of day may be wrong. */
const CLOCK_MARGIN_MS = 300;

/** Are there enough whose times of day are so close that any of them would vote for any other? */
export function doClocksAgree(
  alive: readonly SimMember[],
  standing: Standing,
  nowUs: number,
): boolean {
  const offsets = alive.map(({ state }) => state.options.maxClockOffsetMs);
  const widestMs = Math.min(...offsets) - CLOCK_MARGIN_MS;
  return alive.some((first) => {
    const from = first.wallMs(nowUs);
    const close = alive.filter((member) => {
      const ms = member.wallMs(nowUs) - from;
      return ms >= 0 && ms <= widestMs;
    });
    return standing.canProgress((member) => !close.includes(member));
  });
}

/** What the change would make of a configuration; undefined when it is refused. */
export function attempted(
  config: Configuration,
  change: Parameters<typeof changed>[1],
): Configuration | undefined {
  try {
    return changed(config, change);
  } catch {
    return undefined;
  }
}

/** A member's own word for whether it takes part. */
export function isAdmitted({ disk, state, up }: SimMember): boolean {
  return up ? state.recognition.admitted : disk.known.admitted;
}

function pinOf({ disk, state, up }: SimMember, id: MemberId): number | undefined {
  return (up ? state.recognition.pins : disk.known.pins).get(id);
}
