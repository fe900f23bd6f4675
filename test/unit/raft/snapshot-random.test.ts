// Snapshots at random: members that take, send, install and lose them among crashes, losses,
// repeats, elections and changes of members, with machines that are found out to be wrong. Every
// step is checked; whatever is applied anywhere is the same; and at the end all are equal.
import { describe, expect, test } from 'vitest';
import { createPrng, nextFloat, nextInteger } from '../../../src/lib/prng.ts';
import {
  type MemberId,
  type MembersChange,
  nextDeadline,
  planChange,
} from '../../../src/raft/index.ts';
import type { Letter } from './exchange.ts';
import { testOptions } from './member.ts';
import { type Content, SnapshotHost } from './snapshot-host.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 30);
const FIRST_SEED = Number(process.env['SEED'] ?? 1);
const LENGTH_MS = 2500;
const CALM_MS = 30_000;

class Run {
  crashes = 0;
  spoils = 0;
  changes = 0;
  readonly hosts: readonly SnapshotHost[];
  readonly #random: () => number;
  readonly #pick: (most: number) => number;
  readonly #applied = new Map<number, number>();
  readonly #cutUntil = new Map<MemberId, number>();
  #letters: { readonly at: number; readonly letter: Letter }[] = [];
  #now = 1000;
  #isCalm = false;

  constructor(seed: number) {
    const prng = createPrng(seed);
    this.#random = () => nextFloat(prng);
    this.#pick = (most) => nextInteger(prng, 0, most);
    const ids = ['a', 'b', 'c', 'd', 'e'].slice(0, 3 + this.#pick(3));
    const voters = ids.slice(0, 3);
    const learners = ids.slice(3);
    const everyEntries = 2 + this.#pick(20);
    const snapshot = {
      ...{ everyEntries, everyBytes: 1000, keepEntries: this.#pick(6) },
      ...{ maxHeldBytes: this.#pick(600), chunkBytes: 60 + this.#pick(200) },
      ...{ maxInflightChunks: 1 + this.#pick(4), maxBytesPerSec: 100_000 },
    };
    const contents = new Map<string, Content>();
    this.hosts = ids.map((id, at) => {
      const init = { id, voters, learners, options: { ...testOptions, snapshot } };
      return new SnapshotHost(
        { ...init, terms: [1], size: 10, term: 1, commit: 1, applied: 1, seed: seed * 5 + at },
        {
          ...{ contents, random: this.#random },
          post: (letter) => this.#post(letter),
          applied: (index, term) => this.#check(index, term),
        },
      );
    });
  }

  run(): void {
    this.#pass(LENGTH_MS, () => false);
    this.#isCalm = true;
    const isEqual = this.#pass(CALM_MS, () => this.#areEqual());
    expect(isEqual, 'all are equal at the end').toBe(true);
  }

  #pass(ms: number, isDone: () => boolean): boolean {
    for (const end = this.#now + ms; this.#now < end; this.#now++) {
      const due = this.#letters.filter(({ at }) => at <= this.#now);
      this.#letters = this.#letters.filter(({ at }) => at > this.#now);
      for (const { letter } of due) this.#deliver(letter);
      for (const host of this.hosts) this.#turn(host);
      if (!this.#isCalm && this.#random() < 0.3) this.#disturb();
      if (this.#isCalm && this.#now % 200 === 0) this.#propose(1);
      if (isDone()) return true;
    }
    return false;
  }

  #turn(host: SnapshotHost): void {
    host.member.now = this.#now;
    if (nextDeadline(host.member.state) <= this.#now) {
      host.act(() => host.member.step({ type: 'timeout' }));
    }
    host.work();
    const { repairFrom, restoring } = host.member.state.snapshots;
    const isTrusted = repairFrom === 0 && restoring === undefined;
    if (isTrusted && host.machine.isBad) throw new Error(`${host.id} trusts a wrong machine`);
  }

  #disturb(): void {
    const host = this.hosts[this.#pick(this.hosts.length)] as SnapshotHost;
    const chance = this.#random();
    if (chance < 0.8) this.#propose(1 + this.#pick(5));
    else if (chance < 0.83) this.#restart(host);
    else if (chance < 0.87) this.#cutUntil.set(host.id, this.#now + this.#pick(600));
    else if (chance < 0.89) host.act(() => host.member.step({ type: 'campaign' }));
    else if (chance < 0.92) this.#change(host);
    else if (chance < 0.93) this.#spoil(host);
    else if (chance < 0.95) {
      const { applied: index } = host.member.state;
      host.act(() => host.member.step({ type: 'take-snapshot', index }));
    }
  }

  #propose(count: number): void {
    for (const host of this.hosts) {
      if (host.member.state.role !== 'leader') continue;
      const sizes = Array.from({ length: count }, () => 10);
      host.act(() => host.member.propose(...sizes));
    }
  }

  #restart(host: SnapshotHost): void {
    this.crashes++;
    host.restart(this.#now);
  }

  #spoil(host: SnapshotHost): void {
    if (this.#isMending() || host.member.state.role === 'leader') return;
    if (this.hosts.some(({ member }) => member.state.config.voters.length < 3)) return;
    this.spoils++;
    host.spoil();
  }

  #isMending(): boolean {
    return this.hosts.some(({ member }) => member.state.snapshots.repairFrom > 0);
  }

  #change({ act, member }: SnapshotHost): void {
    const { config, role } = member.state;
    // A voter that must not lead, and one that lacks an entry, are no two to go on with.
    if (role !== 'leader' || this.#isMending()) return;
    const some = <T>(list: readonly T[]) => list.filter(() => this.#random() < 0.4);
    const demote = some(config.voters).slice(0, config.voters.length - 2);
    const change: MembersChange = { demote, promote: some(config.learners) };
    try {
      const planned = planChange(member.state, change);
      act.call(
        this.hosts.find((each) => each.member === member),
        () => member.change(planned),
      );
      this.changes++;
    } catch {
      // Another change is under way.
    }
  }

  #deliver(letter: Letter): void {
    const { from, to } = letter;
    const isCut = (id: MemberId) => !this.#isCalm && (this.#cutUntil.get(id) ?? 0) > this.#now;
    const host = this.hosts.find(({ id }) => id === to);
    if (host === undefined || isCut(from) || isCut(to)) return;
    host.member.now = this.#now;
    host.receive(letter);
  }

  #check(index: number, term: number): void {
    const known = this.#applied.get(index) ?? term;
    if (term !== known) throw new Error(`entry ${index} is ${term} here and ${known} elsewhere`);
    this.#applied.set(index, term);
  }

  #areEqual(): boolean {
    const all = this.hosts.every(({ machine }) => machine.terms.length === this.#applied.size);
    return all && !this.#isMending();
  }

  /** Mostly soon; sometimes late, twice or never. */
  #post(letter: Letter): void {
    const chance = this.#random();
    const lateMs = () => this.#now + 1 + this.#pick(this.#random() < 0.15 ? 250 : 6);
    if (chance < 0.06 && !this.#isCalm) return;
    this.#letters.push({ at: lateMs(), letter });
    if (chance < 0.15) this.#letters.push({ at: lateMs(), letter });
  }
}

describe('snapshots at random', () => {
  const all: Run[] = [];

  test('keep every rule, and leave all members equal (S2, S3, S4, S6, M8, B1)', () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const run = new Run(seed);
      try {
        run.run();
      } catch (cause) {
        throw new Error(`seed ${seed}: ${String(cause)}`, { cause });
      }
      all.push(run);
    }
  });

  test('are taken, sent, refused and installed in these runs', () => {
    const sum = (count: (run: Run) => number) => all.reduce((total, run) => total + count(run), 0);
    expect(sum(({ crashes }) => crashes)).toBeGreaterThan(5 * SEEDS);
    expect(sum(({ spoils }) => spoils)).toBeGreaterThan(SEEDS / 4);
    expect(sum(({ changes }) => changes)).toBeGreaterThan(SEEDS / 10);
    const done = (count: (host: SnapshotHost) => number) =>
      sum(({ hosts }) => hosts.reduce((total, host) => total + count(host), 0));
    expect(done(({ restores }) => restores)).toBeGreaterThan(5 * SEEDS);
    expect(done(({ refusals }) => refusals)).toBeGreaterThan(SEEDS / 4);
  });
});
