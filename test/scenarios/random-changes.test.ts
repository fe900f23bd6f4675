// Random changes of members among crashes, losses and emptied stores. The cluster of the scripts
// judges every step; here only the choices are made.
import { describe, expect, test } from 'vitest';
import { createPrng, nextFloat } from '../../src/lib/prng.ts';
import { type MemberId, type MembersChange, membersOf } from '../../src/raft/index.ts';
import { ScriptedCluster } from './runner/cluster.ts';
import type { Beginner, Beginning } from './runner/stores.ts';

const ids: readonly MemberId[] = ['a', 'b', 'c', 'd', 'e', 'f'];
const SEEDS = Number(process.env['SEEDS'] ?? 100);
const STEPS = 1500;

function begin(as: Beginner): Beginning {
  return { as, terms: [1], term: undefined, vote: undefined, commit: 0, seed: undefined };
}

class Run {
  readonly cluster: ScriptedCluster;
  readonly changes = new Map<string, number>();
  readonly #random: () => number;

  constructor(seed: number) {
    const prng = createPrng(seed);
    this.#random = () => nextFloat(prng);
    const voters = 1 + Math.floor(this.#random() * 4);
    const beginnings = ids.map((id, at) => {
      return [id, begin(at < voters ? 'first' : 'joiner')] as const;
    });
    this.cluster = new ScriptedCluster(new Map(beginnings), {});
  }

  step(): void {
    const { cluster } = this;
    const id = this.#pick(ids);
    const chance = this.#random();
    const leader = this.#leaderOr(id);
    if (cluster.down.has(id)) {
      if (chance < 0.3) cluster.restart(id);
    } else if (chance < 0.4) this.#deliver();
    else if (chance < 0.68) cluster.completeWrite(id, this.#random() < 0.2 ? 2 : 1);
    else if (chance < 0.75) this.#timeout(id);
    else if (chance < 0.82)
      cluster.step(id, { type: 'propose', bodies: [{ length: 1 }], wallMs: 0 }, '', ['x']);
    else if (chance < 0.88) this.#change(leader);
    else if (chance < 0.91) cluster.transfer(leader, undefined);
    else if (chance < 0.95) cluster.settle(ids.filter((each) => !cluster.down.has(each)));
    else if (chance < 0.965) cluster.crash(id, this.#random() < 0.5 ? 1 : 0);
    else if (chance < 0.98) this.#replaceStore(id);
    else this.#disturb();
    cluster.takeLines();
  }

  /** Everyone is back and reachable: a leader is found, and every change comes to its end. */
  heal(): void {
    const { cluster } = this;
    for (const id of cluster.down) cluster.restart(id);
    for (let round = 0; round < 60; round++) {
      const [first = ''] = [...ids].sort((one, other) => {
        return cluster.member(one).deadline - cluster.member(other).deadline;
      });
      cluster.timeout(first);
      cluster.settle(ids);
    }
    cluster.takeLines();
  }

  #deliver(): void {
    const { cluster } = this;
    const count = 1 + Math.floor(this.#random() * 6);
    const at = this.#random() < 0.8 ? 0 : Math.floor(this.#random() * cluster.network.length);
    for (const envelope of cluster.network.splice(at, count)) cluster.deliver(envelope);
  }

  #leaderOr(id: MemberId): MemberId {
    const isLeading = (each: MemberId) =>
      !this.cluster.down.has(each) && this.cluster.member(each).state.role === 'leader';
    return ids.find(isLeading) ?? id;
  }

  #timeout(id: MemberId): void {
    const { cluster } = this;
    if (Number.isFinite(cluster.member(id).deadline)) cluster.timeout(id);
  }

  #disturb(): void {
    const { cluster } = this;
    const at = Math.floor(this.#random() * cluster.network.length);
    if (this.#random() < 0.5) cluster.network.splice(at, 4);
    else if (cluster.sent.length > 0) cluster.deliver(this.#pick(cluster.sent));
  }

  #change(id: MemberId): void {
    const kinds = ['add', 'learners', 'promote', 'demote', 'remove'] as const;
    const change: Record<string, readonly MemberId[]> = {};
    for (let count = 0; count < 1 + Math.floor(this.#random() * 2); count++) {
      change[this.#pick(kinds)] = [this.#pick(ids)];
    }
    const pair = { id: this.#pick(ids), by: this.#pick(ids) };
    const asked: MembersChange = this.#random() < 0.25 ? { replace: [pair] } : change;
    const { state } = this.cluster.member(id);
    const { last } = state.log;
    this.cluster.change(id, asked);
    if (state.log.last === last) return;
    for (const kind of Object.keys(asked)) {
      this.changes.set(kind, (this.changes.get(kind) ?? 0) + 1);
    }
  }

  /** As it is written: a member loses its store, or is given an empty one, when nobody has it. */
  #replaceStore(id: MemberId): void {
    const { cluster } = this;
    const isAnywhere = ids.some((each) => {
      const { configs } = cluster.member(each).state;
      return configs.some(({ config }) => membersOf(config).includes(id));
    });
    if (!isAnywhere) cluster.wipe(id, 'joiner');
  }

  #pick<T>(values: readonly T[]): T {
    const value = values[Math.floor(this.#random() * values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }
}

describe('random changes', () => {
  test('of members, with crashes and losses, keep every rule (M10)', () => {
    const changes = new Map<string, number>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = new Run(seed);
      for (let step = 0; step < STEPS; step++) run.step();
      run.heal();
      const leaders = [...run.cluster.members.values()].filter(({ state }) => {
        return state.role === 'leader' && state.configs.length === 1;
      });
      expect({ seed, leaders: leaders.length > 0 }).toEqual({ seed, leaders: true });
      for (const [kind, count] of run.changes) changes.set(kind, (changes.get(kind) ?? 0) + count);
    }
    for (const kind of ['add', 'learners', 'promote', 'demote', 'remove', 'replace']) {
      expect(changes.get(kind)).toBeGreaterThan(10);
    }
  }, 60_000);
});
