// What must hold for the whole cluster, judged by what was ever durable on which store: a member
// counts in a configuration only with the store that it was known by.
import { assert } from '../../../src/lib/assert.ts';
import { type Configuration, type MemberId, voteResult } from '../../../src/raft/index.ts';
import type { Entry } from './entry.ts';
import type { ScriptedMember, Stored } from './member.ts';
import { firstIncarnation } from './stores.ts';

export class Judge {
  readonly #leaders = new Map<number, MemberId>();
  readonly #committed = new Map<number, Entry>();
  readonly #durable = new Set<string>();

  /** Something is durable on the store of `id`. */
  recordDisk(id: MemberId, { entries, hardState, incarnation }: Stored): void {
    const bearer = `${id}/${incarnation}`;
    for (const [at, { term }] of entries.entries()) {
      this.#durable.add(`${bearer}/${at + 1}@${term}`);
    }
    const { term, votedFor } = hardState;
    if (votedFor !== undefined) this.#durable.add(`${bearer}/votes for ${votedFor} in ${term}`);
  }

  /** After every step of a member. */
  check(member: ScriptedMember): void {
    const { id, log, state } = member;
    if (state.role === 'leader') this.#checkLeader(member);
    for (let index = 1; index <= state.commit; index++) {
      const entry = log[index - 1];
      const known = this.#committed.get(index) ?? entry;
      assert(
        entry !== undefined && known?.term === entry.term && known.name === entry.name,
        `entry ${index} is committed for ever, also on ${id}`,
      );
      this.#committed.set(index, entry);
    }
  }

  #checkLeader({ id, log, state }: ScriptedMember): void {
    const { commit, config, term } = state;
    const other = this.#leaders.get(term);
    assert(other === undefined || other === id, `one leader in term ${term}, not ${other}, ${id}`);
    if (other === undefined) {
      const isElected = this.#hasMajority(config, `votes for ${id} in ${term}`);
      assert(isElected, `a majority of stores holds its vote for ${id} in term ${term}`);
      for (const [index, entry] of this.#committed) {
        assert(log[index - 1]?.term === entry.term, `leader ${id} holds committed entry ${index}`);
      }
    }
    this.#leaders.set(term, id);
    const isNews = commit > 0 && !this.#committed.has(commit);
    const fact = `${commit}@${log[commit - 1]?.term}`;
    // It was counted before this step went on to the next configuration.
    const isHeld = state.configs.some((each) => this.#hasMajority(each.config, fact));
    assert(!isNews || isHeld, `a majority of stores holds ${fact}`);
  }

  #hasMajority(config: Configuration, fact: string): boolean {
    const holds = (id: MemberId) => {
      const incarnation = config.incarnations.get(id) ?? firstIncarnation(id);
      return this.#durable.has(`${id}/${incarnation}/${fact}`);
    };
    return voteResult(config, holds) === 'won';
  }
}
