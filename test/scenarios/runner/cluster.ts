// A scripted cluster: members, the messages between them, one clock, and what must hold for all.

import { CoxswainError } from '../../../src/errors.ts';
import { assert } from '../../../src/lib/assert.ts';
import {
  type Configuration,
  leaseUntil,
  type MemberId,
  type MembersChange,
  planChange,
  planTransfer,
  type RaftEvent,
  type RaftOptions,
  type SnapshotOptions,
  versionOf,
} from '../../../src/raft/index.ts';
import { Judge } from './judge.ts';
import { type Envelope, options, ScriptedMember } from './member.ts';
import { nameOf } from './names.ts';
import { printEffects, printEvent, printMessage, printWrite } from './print.ts';
import { type Beginning, emptyStore, firstConfiguration, firstStore, newStore } from './stores.ts';

export interface Filter {
  readonly to: readonly MemberId[];
  readonly from: readonly MemberId[];
  readonly types: readonly string[];
}

export class ScriptedCluster {
  readonly members = new Map<MemberId, ScriptedMember>();
  readonly down = new Set<MemberId>();
  network: Envelope[] = [];
  /** Everything that ever left a member. */
  readonly sent: Envelope[] = [];
  /** Copies that the network will deliver once more. */
  kept: Envelope[] = [];
  now = 0;
  /** What happened since the last call of `takeLines`. */
  #lines: string[] = [];
  readonly #judge = new Judge();
  readonly #first: Configuration;

  constructor(
    beginnings: ReadonlyMap<MemberId, Beginning>,
    limits: Partial<RaftOptions & SnapshotOptions>,
  ) {
    this.#first = firstConfiguration(beginnings);
    for (const [id, begins] of beginnings) {
      const disk = firstStore(id, begins, this.#first);
      const snapshot = { ...options.snapshot, ...limits };
      const all = { ...options, ...limits, snapshot };
      this.members.set(id, new ScriptedMember(id, disk, all, begins.seed));
      this.#judge.recordDisk(id, disk);
    }
  }

  member(id: MemberId): ScriptedMember {
    const member = this.members.get(id);
    assert(member !== undefined, `there is a member ${id}`);
    return member;
  }

  takeLines(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  step(id: MemberId, event: RaftEvent, what: string, names: readonly string[] = []): void {
    this.#lines.push(printEvent(id, event, what));
    this.#run(id, event, names);
  }

  /** The leader plans the change, and is given it. */
  change(id: MemberId, change: MembersChange, ifVersion?: number): void {
    const { state } = this.member(id);
    this.#attempt(id, () => {
      const config = planChange(state, change, ifVersion);
      const version = versionOf(state);
      const event = { type: 'change', config, version, wallMs: this.now } as const;
      this.step(id, event, `changes members to ${nameOf(config)}`);
    });
  }

  transfer(id: MemberId, to: MemberId | undefined): void {
    const { state } = this.member(id);
    this.#attempt(id, () => {
      const heir = planTransfer(state, to);
      this.step(id, { type: 'transfer', to: heir }, `hands over to ${heir}`);
    });
  }

  lease(id: MemberId): void {
    const until = leaseUntil(this.member(id).state);
    const words = until > this.now ? `holds the lease until ${until}` : 'holds no lease';
    this.#lines.push(`${id} ${words}`);
  }

  /** Its store is empty: it comes back to be added, or as if it began the cluster. */
  wipe(id: MemberId, as: 'joiner' | 'first'): void {
    const member = this.member(id);
    const before = member.disk.incarnation;
    const incarnation = before - (before % 2) + 1000 + (as === 'first' ? 0 : 1);
    const disk = as === 'first' ? newStore(incarnation, this.#first) : emptyStore(incarnation);
    member.wipe(disk, this.now);
    this.#judge.recordDisk(id, disk);
    this.down.delete(id);
    this.#lines.push(`${id} begins on an empty store, as ${incarnation}`);
    this.start(id);
  }

  /** Time passes up to the member's deadline, and it sees that. */
  timeout(id: MemberId): void {
    this.now = Math.max(this.now, this.member(id).deadline);
    this.step(id, { type: 'timeout' }, 'reaches its deadline');
  }

  /** The how manieth message that ever left and matches, from 1; it stays under way. */
  nth(filter: Filter, nth: number): Envelope {
    const envelope = this.sent.filter((each) => isMatching(each, filter))[nth - 1];
    assert(envelope !== undefined, `there is a message ${nth} of that kind`);
    return envelope;
  }

  /** Takes the messages that match out of the network, oldest first. */
  take(filter: Filter, most: number): Envelope[] {
    const taken: Envelope[] = [];
    this.network = this.network.filter((envelope) => {
      if (taken.length >= most || !isMatching(envelope, filter)) return true;
      taken.push(envelope);
      return false;
    });
    return taken;
  }

  deliver(envelope: Envelope): void {
    const { entries, from, incarnation, message, to } = envelope;
    if (this.down.has(to)) {
      this.#lines.push(`${to} is down: ${printMessage(envelope)} from ${from} is lost`);
      return;
    }
    const event = { type: 'receive', from, incarnation, message, entries } as const;
    this.step(to, event, printMessage(envelope));
  }

  drop(envelope: Envelope): void {
    this.#lines.push(`lost, ${envelope.from} to ${envelope.to}: ${printMessage(envelope)}`);
  }

  /** Completes a member's oldest writes, `count` as one; false when there is none. */
  completeWrite(id: MemberId, count = 1): boolean {
    const member = this.member(id);
    const done = member.completeWrite(this.now, count);
    if (done === undefined) return false;
    this.#judge.recordDisk(id, member.disk);
    const { effects, sent } = done.result;
    for (const write of done.writes) this.#lines.push(`${id} has on disk: ${printWrite(write)}`);
    for (const envelope of sent) {
      const fresh = effects.some((e) => e.type === 'send' && e.message === envelope.message);
      if (!fresh)
        this.#lines.push(`  sends to ${envelope.to} what waited: ${printMessage(envelope)}`);
    }
    this.#lines.push(...printEffects(member, effects));
    this.#leave(sent);
    this.#judge.check(member);
    return true;
  }

  /** Its store or machine has done something for a snapshot; false when nothing is asked of it. */
  store(id: MemberId, isDamaged = false): boolean {
    const done = this.member(id).workOnSnapshots(isDamaged);
    if (done !== undefined) this.step(id, done.event, done.what);
    return done !== undefined;
  }

  /** `kept` of its writes are durable all the same; a disk that lies forgets its last entry. */
  crash(id: MemberId, kept = 0, forget = false): void {
    const member = this.member(id);
    member.crash(kept, forget);
    this.#judge.recordDisk(id, member.disk);
    this.down.add(id);
    this.#lines.push(`${id} crashes`);
  }

  /** It is back with what its disk holds, and has not begun. */
  load(id: MemberId, seed?: number): void {
    this.down.delete(id);
    this.member(id).load(this.now, seed);
    this.#lines.push(`${id} restarts`);
  }

  restart(id: MemberId): void {
    this.load(id);
    this.start(id);
  }

  start(id: MemberId): void {
    this.#run(id, { type: 'start' });
  }

  /** Until nothing is left to do among `ids`, and again after each of so many heartbeats. */
  settle(ids: readonly MemberId[], beats = 0): void {
    this.#exchange(ids);
    for (let beat = 0; beat < beats; beat++) {
      const leaders = ids.filter((id) => this.member(id).state.role === 'leader');
      for (const id of leaders) this.timeout(id);
      this.#exchange(ids);
    }
  }

  /** Messages between them, and their disks. */
  #exchange(ids: readonly MemberId[]): void {
    const among = { to: ids, from: ids, types: [] };
    for (let round = 0; round < 1000; round++) {
      const wrote = ids.filter((id) => !this.down.has(id) && this.completeWrite(id));
      const envelopes = this.take(among, Number.POSITIVE_INFINITY);
      for (const envelope of envelopes) this.deliver(envelope);
      if (wrote.length > 0 || envelopes.length > 0) continue;
      if (ids.filter((id) => !this.down.has(id) && this.store(id)).length > 0) continue;
      const owing = ids.filter((id) => this.#owesNews(id));
      if (owing.length === 0) return;
      for (const id of owing) this.timeout(id);
    }
    throw new Error('it does not settle');
  }

  #owesNews(id: MemberId): boolean {
    const { deadline, state } = this.member(id);
    return !this.down.has(id) && state.role === 'leader' && deadline <= this.now;
  }

  #leave(envelopes: readonly Envelope[]): void {
    this.network.push(...envelopes);
    this.sent.push(...envelopes);
  }

  #run(id: MemberId, event: RaftEvent, names: readonly string[] = []): void {
    const member = this.member(id);
    this.#attempt(id, () => {
      const { effects, sent } = member.step(event, this.now, names);
      this.#lines.push(...printEffects(member, effects));
      this.#leave(sent);
      this.#judge.check(member);
    });
  }

  /** A refusal is part of the trace; a broken invariant is none. */
  #attempt(id: MemberId, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof CoxswainError) || error.code === 'ERR_INVARIANT') throw error;
      this.#lines.push(`${id} refuses: ${error.code}, ${error.message}`);
      if (error.code === 'ERR_IDENTITY_TAKEN') this.crash(id);
    }
  }
}

function isMatching({ from, message, to }: Envelope, filter: Filter): boolean {
  return (
    (filter.to.length === 0 || filter.to.includes(to)) &&
    (filter.from.length === 0 || filter.from.includes(from)) &&
    (filter.types.length === 0 || filter.types.includes(message.type))
  );
}
