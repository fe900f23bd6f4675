// The pure core on a seeded network and seeded disks: messages are lost, repeated, reordered;
// writes complete late and merged; members crash and lose what was not durable. Every step is
// checked.
import assert from 'node:assert/strict';
import { createPrng, nextFloat, nextInteger, type Prng } from '../../src/lib/prng.ts';
import {
  checkState,
  checkStep,
  createState,
  type Effect,
  type Message,
  nextDeadline,
  type RaftEvent,
  type RaftOptions,
  type RaftState,
  type Send,
  step,
  summarize,
} from '../../src/raft/index.ts';
import { mergeWrites } from '../../src/runtime/writer.ts';
import {
  type Batch,
  checkMatching,
  drawFaults,
  type Entry,
  type Faults,
  type Happening,
  type Member,
  type Run,
  runsOf,
  same,
} from './core-member.ts';

export class Simulation {
  readonly #prng: Prng;
  readonly #members: Member[];
  readonly #options: RaftOptions;
  readonly #merges: boolean;
  readonly #faults: Faults;
  readonly #cuts = new Set<string>();
  readonly #leaders = new Map<number, string>();
  readonly #votes = new Map<string, string>();
  readonly #committed: Entry[] = [];
  #agenda: Happening[] = [];
  #now = 0;
  #commands = 0;
  #crashes = 0;

  constructor(seed: number) {
    const prng = createPrng(seed);
    this.#prng = prng;
    const size = [3, 3, 3, 4, 5, 5, 2, 1][nextInteger(prng, 0, 8)] ?? 3;
    this.#faults = drawFaults(prng);
    this.#options = {
      ...{ heartbeatMs: 10, electionMinMs: 50, electionMaxMs: 50 + nextInteger(prng, 10, 100) },
      maxAppendBytes: nextInteger(prng, 1, 100),
      maxInflightAppends: nextInteger(prng, 1, 6),
      maxInflightBytes: nextInteger(prng, 1, 400),
      maxUncommittedBytes: nextInteger(prng, 1, 600),
      maxApplyLagBytes: 1 << 30,
    };
    this.#merges = nextFloat(prng) < 0.7;
    this.#members = Array.from({ length: size }, (_, at) => ({
      id: 'abcde'[at] ?? '',
      disk: { term: 0, votedFor: undefined, commit: 0, entries: [] },
      ...{ state: undefined, boot: 0, log: [], held: [], completed: 0 },
      ...{ waiting: [], inFlight: undefined, applied: 0 },
    }));
  }

  /** Faults for `faultyMs`, then peace; throws at the first broken promise. */
  run(faultyMs: number): Run {
    for (const member of this.#members) this.#start(member);
    for (let at = 5; at < faultyMs; at += nextInteger(this.#prng, 1, 30)) {
      this.#plan(at, () => this.#disturb());
    }
    this.#passUntil(faultyMs);
    const busy = this.#committed.length;
    Object.assign(this.#faults, { loss: 0, repeat: 0, delay: 1, disk: 1, crash: 0 });
    this.#cuts.clear();
    for (const member of this.#members) if (member.state === undefined) this.#start(member);
    this.#passUntil(faultyMs + 20 * this.#options.electionMaxMs);
    const leaders = this.#members.filter(({ state }) => state?.role === 'leader');
    assert.equal(leaders.length, 1, 'liveness: one leader after healing');
    const term = leaders[0]?.state?.term;
    for (let at = 0; at < 5; at++) this.#propose();
    this.#passUntil(this.#now + 20 * this.#options.heartbeatMs);
    const last = leaders[0]?.state?.log.last;
    for (const { id, state, applied } of this.#members) {
      assert.equal(state?.term, term, `liveness: the term stays, at ${id}`);
      assert.equal(state?.log.last, last, `liveness: ${id} has the whole log`);
      assert.equal(state?.commit, last, `liveness: ${id} knows that all is committed`);
      assert.equal(applied, last, `liveness: ${id} has applied all`);
    }
    assert.equal(this.#committed.at(-1)?.id, this.#commands, 'liveness: commands commit');
    return { commits: busy, leaders: this.#leaders.size, crashes: this.#crashes };
  }

  #disturb(): void {
    const prng = this.#prng;
    const what = nextFloat(prng);
    const any = this.#members[nextInteger(prng, 0, this.#members.length)] as Member;
    const leader = this.#members.find(({ state }) => state?.role === 'leader') ?? any;
    const victim = nextFloat(prng) < 0.5 ? leader : any;
    if (what < 0.5) this.#propose();
    else if (what < 0.5 + this.#faults.crash * 0.3) this.#crash(victim);
    else if (what < 0.72) {
      for (const { id } of this.#members) {
        if (nextFloat(prng) < 0.7) this.#cuts.add(`${victim.id}${id}`);
        if (nextFloat(prng) < 0.7) this.#cuts.add(`${id}${victim.id}`);
      }
    } else if (what < 0.85) this.#cuts.clear();
    else if (what < 0.88) this.#step(any, { type: 'campaign' });
  }

  #propose(): void {
    for (const member of this.#members) {
      if (member.state?.role !== 'leader') continue;
      const bodies = [{ length: nextInteger(this.#prng, 0, 40) }];
      this.#step(member, { type: 'propose', bodies, wallMs: this.#now });
    }
  }

  #start(member: Member): void {
    const { disk, id } = member;
    const voters = this.#members.map((each) => each.id);
    member.state = createState({
      ...{ id, config: { voters, outgoing: [], learners: [] }, options: this.#options },
      hardState: { term: disk.term, votedFor: disk.votedFor, commit: disk.commit },
      positions: {
        base: { index: 0, term: 0 },
        runs: runsOf(disk.entries),
        sizes: disk.entries.map((entry) => entry.size),
        lastTimeMs: disk.entries.at(-1)?.timeMs ?? 0,
      },
      ...{ applied: 0, restarted: member.boot > 0, now: this.#now },
      seed: nextInteger(this.#prng, 0, 2 ** 31),
    });
    Object.assign(member, { log: [...disk.entries], held: [], completed: 0, applied: 0 });
    Object.assign(member, { waiting: [], inFlight: undefined, boot: member.boot + 1 });
    this.#step(member, { type: 'start' });
  }

  #crash(member: Member): void {
    if (member.state === undefined) return;
    this.#crashes++;
    if (member.inFlight !== undefined && nextFloat(this.#prng) < 0.5) this.#persist(member);
    member.state = undefined;
    this.#plan(this.#now + nextInteger(this.#prng, 1, 200), () => {
      if (member.state === undefined) this.#start(member);
    });
  }

  #step(member: Member, event: RaftEvent, entries: readonly Entry[] = []): void {
    const { state } = member;
    if (state === undefined) return;
    const before = summarize(state);
    const effects = step(state, event, this.#now);
    checkState(state);
    checkStep(before, state, effects);
    if (event.type === 'written') this.#release(member, event.write);
    for (const effect of effects) this.#run(member, effect, event, entries);
    if (state.role === 'leader') {
      const other = this.#leaders.get(state.term) ?? member.id;
      assert.equal(other, member.id, `one leader in term ${state.term}`);
      this.#leaders.set(state.term, member.id);
    }
    if (state.commit > before.commit) this.#checkCommit(member, before.commit, state);
    this.#flush(member);
    const { boot } = member;
    const due = Math.max(this.#now, nextDeadline(state));
    if (due === Number.POSITIVE_INFINITY) return;
    this.#plan(due, () => {
      if (member.boot !== boot || nextDeadline(state) > this.#now) return;
      this.#step(member, { type: 'timeout' });
    });
  }

  #run(member: Member, effect: Effect, event: RaftEvent, entries: readonly Entry[]): void {
    if (effect.type === 'append') {
      const size = event.type === 'propose' ? (event.bodies[0]?.length ?? 0) : 0;
      const id = effect.kind === 'noop' ? 0 : ++this.#commands;
      member.log.push({ term: effect.term, timeMs: effect.timeMs, size, id });
    } else if (effect.type === 'accept' && event.type === 'receive') {
      const first = event.message.type === 'append' ? event.message.from : 0;
      member.log.length = effect.from - 1;
      member.log.push(...entries.slice(effect.from - first, effect.until - first));
    } else if (effect.type === 'write') {
      const entries = member.log.slice(effect.from - 1, effect.until - 1);
      member.waiting.push({ write: { ...effect }, entries });
    } else if (effect.type === 'send') {
      if (effect.after > member.completed) member.held.push({ ...effect });
      else this.#transmit(member, effect);
    } else if (effect.type === 'apply') {
      assert(effect.upTo > member.applied, 'apply goes on');
      assert(effect.upTo <= member.disk.entries.length, 'what is applied is durable here');
      member.applied = effect.upTo;
    }
  }

  /** What is committed never changes, and is on a majority of disks the first time. */
  #checkCommit(member: Member, from: number, { commit, role }: RaftState): void {
    for (let index = from + 1; index <= commit; index++) {
      const entry = member.log[index - 1] as Entry;
      const known = this.#committed[index - 1];
      if (known !== undefined) {
        assert.deepEqual(entry, known, `entry ${index} is committed, at ${member.id}`);
        continue;
      }
      assert.equal(role, 'leader', `entry ${index} is first committed by a leader`);
      const holders = this.#members.filter(({ disk }) => same(disk.entries[index - 1], entry));
      const need = Math.floor(this.#members.length / 2) + 1;
      assert(holders.length >= need, `entry ${index} is committed and on ${holders.length} disks`);
      this.#committed.push(entry);
    }
  }

  #flush(member: Member): void {
    const [first] = member.waiting;
    if (first === undefined || member.inFlight !== undefined) return;
    member.inFlight = this.#merges ? this.#merged(member) : first;
    member.waiting = this.#merges ? [] : member.waiting.slice(1);
    const { write } = member.inFlight;
    const { boot } = member;
    this.#plan(this.#now + this.#delay(this.#faults.disk), () => {
      if (member.boot !== boot || member.state === undefined) return;
      this.#persist(member);
      const { lastIndex, lastTerm } = write;
      this.#step(member, { type: 'written', write: write.write, lastIndex, lastTerm });
    });
  }

  /** All that waits as one write, with the entries as they are now: what the runtime does. */
  #merged({ log, waiting }: Member): Batch {
    const write = waiting.map((batch) => batch.write).reduce(mergeWrites);
    return { write, entries: log.slice(write.from - 1, write.until - 1) };
  }

  #persist(member: Member): void {
    const { disk, inFlight } = member;
    if (inFlight === undefined) return;
    const { hardState, from, truncateFrom } = inFlight.write;
    member.inFlight = undefined;
    Object.assign(disk, hardState);
    if (truncateFrom > 0) disk.entries.length = Math.min(disk.entries.length, truncateFrom - 1);
    if (inFlight.entries.length > 0) {
      assert.equal(from, disk.entries.length + 1, 'a write follows what is on the disk');
    }
    disk.entries.push(...inFlight.entries);
    assert(disk.commit <= disk.entries.length, 'the stored commit hint is within the stored log');
    for (const other of this.#members) checkMatching(disk.entries, other.disk.entries);
  }

  #release(member: Member, write: number): void {
    member.completed = write;
    const { held } = member;
    member.held = held.filter(({ after }) => after > write);
    for (const effect of held) if (effect.after <= write) this.#transmit(member, effect);
  }

  #transmit(member: Member, { to, message }: Send): void {
    const { prng, faults } = { prng: this.#prng, faults: this.#faults };
    this.#checkVote(member, to, message);
    const sent =
      message.type === 'append' ? member.log.slice(message.from - 1, message.until - 1) : [];
    if (message.type === 'append') assert.equal(sent.length, message.until - message.from);
    for (let copies = nextFloat(prng) < faults.repeat ? 2 : 1; copies > 0; copies--) {
      if (nextFloat(prng) < faults.loss) continue;
      const late = nextFloat(prng) < 0.05 ? 10 : 1;
      this.#plan(this.#now + late * this.#delay(faults.delay), () => {
        const receiver = this.#members.find(({ id }) => id === to);
        if (receiver === undefined || this.#cuts.has(`${member.id}${to}`)) return;
        this.#step(receiver, { type: 'receive', from: member.id, message, entries: sent }, sent);
      });
    }
  }

  /** A member votes once a term, and only durably: kept here over its restarts. */
  #checkVote({ disk, id }: Member, to: string, message: Message): void {
    const asks = message.type === 'vote-request';
    if (!asks && !(message.type === 'vote-reply' && message.granted)) return;
    const candidate = asks ? id : to;
    const key = `${id} ${message.term}`;
    assert.equal(this.#votes.get(key) ?? candidate, candidate, `${key}: one vote`);
    this.#votes.set(key, candidate);
    const durable = disk.term > message.term || disk.votedFor === candidate;
    assert(durable && disk.term >= message.term, `${key}: the vote is durable`);
  }

  #delay(most: number): number {
    return 0.1 + nextFloat(this.#prng) ** 2 * most;
  }

  #plan(at: number, run: () => void): void {
    this.#agenda.push({ at, run });
  }

  #passUntil(end: number): void {
    for (;;) {
      let next = -1;
      for (const [place, { at }] of this.#agenda.entries()) {
        if (at <= end && (next < 0 || at < (this.#agenda[next]?.at ?? 0))) next = place;
      }
      const happening = this.#agenda[next];
      if (happening === undefined) break;
      this.#agenda.splice(next, 1);
      this.#now = Math.max(this.#now, happening.at);
      happening.run();
    }
    this.#now = end;
  }
}
