// Where the members are: the addresses that belong to the configurations in force, which the core
// knows by id only.
import type { LogEntry, Member, MemberId } from '../contracts/index.ts';
import { assert } from '../lib/assert.ts';
import {
  type Configuration,
  type ConfigurationAt,
  membersOf,
  type SnapshotHead,
} from '../raft/index.ts';
import { decodeMembers, decodeSnapshotHeader, encodeMembers } from './wire/index.ts';

export interface RosterEntry {
  readonly index: number;
  readonly members: readonly Member[];
}

export class Roster {
  readonly #entries: Map<number, readonly Member[]>;
  /** The members that a change under way brings in. */
  readonly #coming = new WeakMap<Configuration, readonly Member[]>();
  /** Of the snapshot that was received last: it may be in force some time later, or never. */
  #received: RosterEntry | undefined;

  constructor(entries: readonly RosterEntry[]) {
    this.#entries = new Map(entries.map(({ index, members }) => [index, members]));
  }

  /** Everyone in a configuration that can be in force, once each, where they were named last. */
  get members(): readonly Member[] {
    const byId = new Map<MemberId, Member>();
    for (const members of this.#entries.values()) {
      for (const member of members) byId.set(member.id, member);
    }
    return [...byId.values()];
  }

  /** The members of one configuration. */
  membersAt(index: number): readonly Member[] {
    return this.#entries.get(index) ?? [];
  }

  /** `config`, if it is ever appended, brings these members in. */
  expect(config: Configuration, coming: readonly Member[]): void {
    this.#coming.set(config, coming);
  }

  /** The body of the entry at `index`, which this leader appends. */
  append(index: number, config: Configuration): Uint8Array {
    const all = [...this.members, ...(this.#coming.get(config) ?? [])];
    const known = new Map(all.map((each) => [each.id, each]));
    const members = membersOf(config).map((id) => {
      const member = known.get(id);
      assert(member !== undefined, `the address of member ${id} is known`);
      return member;
    });
    this.#entries.set(index, members);
    return encodeMembers({ members, config });
  }

  accept(entry: LogEntry): void {
    if (entry.kind === 'members') this.#entries.set(entry.index, decodeMembers(entry.body).members);
  }

  /** A snapshot may take the place of the log: `keep` says if it did. */
  install({ config }: SnapshotHead, header: Uint8Array): void {
    const { members } = decodeSnapshotHeader(header).members;
    this.#received = { index: config.index, members };
  }

  /** Forgets what is in force no more. */
  keep(configs: readonly ConfigurationAt[]): void {
    const indexes = new Set(configs.map(({ index }) => index));
    const received = this.#received;
    if (received !== undefined && indexes.has(received.index)) {
      this.#entries.set(received.index, received.members);
      this.#received = undefined;
    }
    for (const index of this.#entries.keys()) {
      if (!indexes.has(index)) this.#entries.delete(index);
    }
  }
}
