// One store a seat: an id that is a voter counts by one store only, from the configuration that
// made it a voter to the one in which it is none. Whatever members believe of each other.
import { assert } from '../../lib/assert.ts';
import type { Configuration, MemberId } from '../../raft/index.ts';
import type { SimMember } from './sim-member.ts';

export class Tenures {
  /** By the entry that made an id a voter: the store that was counted. */
  readonly #bearers = new Map<string, number>();
  /** By id: the store that was admitted as one of those that the cluster began with. */
  readonly #first = new Map<MemberId, number>();
  /** The same for each configuration, so that nothing is looked for twice. */
  readonly #counted = new WeakMap<Configuration, Map<MemberId, number>>();
  readonly #seen = new Set<number>();

  /** It takes part, be it as a first member or as one that joins. */
  admitted({ id, incarnation, origin }: SimMember): void {
    if (this.#seen.has(incarnation)) return;
    this.#seen.add(incarnation);
    if (origin.entries.length === 0) return;
    const bearer = this.#first.get(id) ?? incarnation;
    assert(bearer === incarnation, `${id} does not come back as a first member on another store`);
    this.#first.set(id, incarnation);
  }

  /** Its vote, or what it holds, was counted by `member` in `config`. */
  counted(member: SimMember, config: Configuration, id: MemberId, incarnation: number): void {
    const counted = this.#counted.get(config) ?? new Map<MemberId, number>();
    if (counted.get(id) === incarnation) return;
    this.#counted.set(config, counted.set(id, incarnation));
    const seat = `${id} ${this.#since(member, config, id)}`;
    const bearer = this.#bearers.get(seat);
    if (bearer === undefined) this.#bearers.set(seat, incarnation);
    else assert(bearer === incarnation, `${id} counts by one store while it is a voter`);
  }

  /** The index and the term of the entry that made it a voter. */
  #since({ log, versions }: SimMember, config: Configuration, id: MemberId): string {
    let at = versions.findLastIndex((version) => version.config === config);
    while (at > 0 && isVoter(versions[at - 1]?.config, id)) at--;
    const index = versions[at]?.index ?? 1;
    return `${index} ${log[index - 1]?.term}`;
  }
}

function isVoter(config: Configuration | undefined, id: MemberId): boolean {
  return config !== undefined && [...config.voters, ...config.outgoing].includes(id);
}
