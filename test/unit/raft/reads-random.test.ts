// Random reads at random members among losses, repeats, elections, handovers, changes of members
// and jumps of clocks. Whatever was committed anywhere when a read was asked for is in its answer.
import { describe, expect, test } from 'vitest';
import { createPrng, nextFloat, nextInteger } from '../../../src/lib/prng.ts';
import {
  holdsLease,
  isFresh,
  type MemberId,
  type MembersChange,
  nextDeadline,
  planChange,
} from '../../../src/raft/index.ts';
import { type Letter, lettersOf } from './exchange.ts';
import { TestMember } from './member.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 60);
const LENGTH_MS = 4000;
const MAX_STALENESS_MS = 50;
const WALL_MS = 1_000_000_000_000;

interface Counts {
  reads: number;
  granted: number;
  leases: number;
  fresh: number;
  leaderships: number;
  changes: number;
}

class Run {
  readonly counts: Counts = {
    ...{ reads: 0, granted: 0, leases: 0, fresh: 0, leaderships: 0, changes: 0 },
  };
  readonly #members: readonly TestMember[];
  readonly #random: () => number;
  readonly #pick: (most: number) => number;
  #letters: { readonly at: number; readonly letter: Letter }[] = [];
  #now = 1000;
  /** What was known to be committed anywhere, by ms. */
  readonly #committed: number[] = [];
  #commit = 0;
  /** By member, by number of a read: what was committed when it was asked for. */
  readonly #marks = new Map<MemberId, number[]>();
  readonly #answered = new Map<MemberId, number>();
  /** Nothing goes from one to the other until then. */
  readonly #cutUntil = new Map<string, number>();
  readonly #aheadMs = new Map<MemberId, number>();

  constructor(seed: number) {
    const prng = createPrng(seed);
    this.#random = () => nextFloat(prng);
    this.#pick = (most) => nextInteger(prng, 0, most);
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const voters = ids.slice(0, 1 + this.#pick(5));
    const learners = ids.slice(voters.length);
    this.#members = ids.map((id, at) => {
      const known = { terms: [1], term: 1, commit: 1, applied: 1 };
      return new TestMember({ ...{ id, voters, learners, seed: seed * 5 + at }, ...known });
    });
  }

  run(): void {
    for (const end = this.#now + LENGTH_MS; this.#now < end; this.#now++) {
      this.#committed[this.#now] = this.#commit;
      const due = this.#letters.filter(({ at }) => at <= this.#now);
      this.#letters = this.#letters.filter(({ at }) => at > this.#now);
      for (const { letter } of due) this.#deliver(letter);
      for (const member of this.#members) {
        if (nextDeadline(member.state) > this.#now) continue;
        this.#do(member, () => member.step({ type: 'timeout' }));
      }
      if (this.#random() < 0.4) this.#disturb();
    }
  }

  #disturb(): void {
    const member = this.#someone();
    const { id } = member.state;
    const chance = this.#random();
    if (chance < 0.5) this.#read(member);
    else if (chance < 0.7) this.#do(member, () => member.propose(1));
    else if (chance < 0.74) this.#do(member, () => member.step({ type: 'campaign' }));
    else if (chance < 0.78) this.#cut(id);
    else if (chance < 0.83) this.#depose(member);
    else if (chance < 0.84) this.#aheadMs.set(id, this.#pick(2000) - 1000);
    else if (chance < 0.88) this.#change(member);
    else this.#look(member);
  }

  /** Often one that believes to lead. */
  #someone(): TestMember {
    const leaders = this.#members.filter(({ state }) => state.role === 'leader');
    const some = leaders.length > 0 && this.#random() < 0.5 ? leaders : this.#members;
    return some[this.#pick(some.length)] as TestMember;
  }

  /** Hands over, or has others stand; mostly so that the one who leads does not hear of it. */
  #depose(member: TestMember): void {
    const { id, role } = member.state;
    if (role !== 'leader') return;
    const others = this.#members.filter((each) => each !== member);
    const heir = others[this.#pick(others.length)];
    if (heir === undefined) return;
    if (this.#random() < 0.7) {
      for (const { state } of others) this.#cutUntil.set(`${state.id}${id}`, this.#now + 90);
    }
    if (this.#random() < 0.5) {
      return this.#do(member, () => member.step({ type: 'transfer', to: heir.state.id }));
    }
    for (const each of [...others, heir, heir]) {
      this.#do(each, () => each.step({ type: 'campaign' }));
    }
  }

  /** From everybody, to everybody, or one way to some. */
  #cut(id: MemberId): void {
    const untilMs = this.#now + this.#pick(this.#random() < 0.5 ? 60 : 600);
    const kind = this.#pick(3);
    for (const { state } of this.#members) {
      if (kind === 0 || this.#random() < 0.5) this.#cutUntil.set(`${id}${state.id}`, untilMs);
      if (kind === 0 || (kind === 1 && this.#random() < 0.5)) {
        this.#cutUntil.set(`${state.id}${id}`, untilMs);
      }
    }
  }

  #read(member: TestMember): void {
    const { id } = member.state;
    const marks = this.#marks.get(id) ?? [0];
    this.#marks.set(id, marks);
    marks.push(this.#commit);
    this.counts.reads++;
    this.#do(member, () => member.step({ type: 'read', upTo: marks.length - 1 }));
  }

  #change(member: TestMember): void {
    const { config, role } = member.state;
    if (role !== 'leader') return;
    const some = <T>(list: readonly T[]) => list.filter(() => this.#random() < 0.4);
    const demote = some(config.voters).slice(0, config.voters.length - 1);
    const change: MembersChange = { demote, promote: some(config.learners) };
    try {
      const planned = planChange(member.state, change);
      this.#do(member, () => member.change(planned));
      this.counts.changes++;
    } catch {
      // Another change is under way.
    }
  }

  /** What a driver would answer without asking anybody. */
  #look(member: TestMember): void {
    this.#do(member, () => member.step({ type: 'clocks', wallMs: this.#wallOf(member) }));
    const { state } = member;
    if (holdsLease(state, this.#now, this.#wallOf(member))) {
      this.counts.leases++;
      expect(state.commit, 'a lease shows what is committed').toBeGreaterThanOrEqual(this.#commit);
    }
    if (isFresh(state, MAX_STALENESS_MS, this.#now)) {
      this.counts.fresh++;
      const mark = this.#committed[this.#now - MAX_STALENESS_MS] ?? 0;
      expect(state.applied, 'fresh is as fresh as it says').toBeGreaterThanOrEqual(mark);
    }
  }

  #wallOf({ state }: TestMember): number {
    return WALL_MS + this.#now + (this.#aheadMs.get(state.id) ?? 0);
  }

  #deliver({ entries, from, message, to }: Letter): void {
    const member = this.#members.find(({ state }) => state.id === to);
    const cutUntil = this.#cutUntil.get(`${from}${to}`) ?? 0;
    if (member === undefined || cutUntil > this.#now) return;
    this.#do(member, () => member.receive(from, message, entries));
  }

  #do(member: TestMember, action: () => void): void {
    const { role } = member.state;
    member.now = this.#now;
    action();
    this.#note(member);
    while (member.waiting.length > 0) {
      member.writeOne();
      this.#note(member);
    }
    if (role !== 'leader' && member.state.role === 'leader') this.counts.leaderships++;
  }

  #note(member: TestMember): void {
    const { state } = member;
    const { applying, effects } = member;
    if (state.commit > this.#commit) this.#advance(state.commit);
    for (const letter of lettersOf(member)) this.#post(letter);
    for (const effect of effects) if (effect.type === 'read-index') this.#check(member, effect);
    if (applying > 0) this.#do(member, () => member.step({ type: 'applied', index: applying }));
  }

  /** Nobody else may hold a lease by now. */
  #advance(commit: number): void {
    this.#commit = commit;
    this.#committed[this.#now] = commit;
    for (const member of this.#members) {
      if (!holdsLease(member.state, this.#now, this.#wallOf(member))) continue;
      expect(member.state.commit, 'a lease shows what is committed').toBe(commit);
    }
  }

  #check({ state: { id } }: TestMember, effect: { upTo: number; index: number }): void {
    const first = (this.#answered.get(id) ?? 0) + 1;
    this.#answered.set(id, effect.upTo);
    const marks = this.#marks.get(id) ?? [];
    for (let number = first; number <= effect.upTo; number++) {
      this.counts.granted++;
      expect(effect.index, 'a read shows all').toBeGreaterThanOrEqual(marks[number] ?? Infinity);
    }
  }

  /** Mostly soon; sometimes late, twice or never. */
  #post(letter: Letter): void {
    const chance = this.#random();
    const lateMs = () => this.#now + 1 + this.#pick(this.#random() < 0.15 ? 250 : 6);
    if (chance < 0.06) return;
    this.#letters.push({ at: lateMs(), letter });
    if (chance < 0.15) this.#letters.push({ at: lateMs(), letter });
  }
}

describe('reads at random', () => {
  const all: Counts[] = [];

  test('show whatever was committed anywhere when they were asked for (D1, D3, D7)', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = new Run(seed);
      try {
        run.run();
      } catch (cause) {
        throw new Error(`seed ${seed}`, { cause });
      }
      all.push(run.counts);
    }
  });

  test('are granted, by leases too, over many elections and changes', () => {
    const sum = (key: keyof Counts) => all.reduce((total, counts) => total + counts[key], 0);
    expect(sum('granted')).toBeGreaterThan(0.5 * sum('reads'));
    for (const key of ['leases', 'fresh', 'leaderships', 'changes'] as const) {
      expect(sum(key), key).toBeGreaterThan(2 * SEEDS);
    }
  });
});
