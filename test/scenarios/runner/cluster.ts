// A scripted cluster: members, the messages between them, one clock, and what must hold for all.
import { assert } from '../../../src/lib/assert.ts';
import type { MemberId, RaftEvent, RaftOptions } from '../../../src/raft/index.ts';
import {
  type Entry,
  type Envelope,
  incarnationOf,
  options,
  ScriptedMember,
  type Stored,
} from './member.ts';
import { printEffects, printEvent, printMessage, printWrite } from './print.ts';

export interface Filter {
  readonly to: readonly MemberId[];
  readonly from: readonly MemberId[];
  readonly types: readonly string[];
}

/** What is known of a member before the script begins. */
export interface Beginning {
  readonly disk: Stored;
  readonly seed: number | undefined;
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
  readonly #leaders = new Map<number, MemberId>();
  readonly #committed = new Map<number, Entry>();

  constructor(beginnings: ReadonlyMap<MemberId, Beginning>, limits: Partial<RaftOptions>) {
    const ids = [...beginnings.keys()];
    for (const [id, { disk, seed }] of beginnings) {
      const all = { ...options, ...limits };
      this.members.set(id, new ScriptedMember(id, ids, disk, all, seed));
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
    const member = this.member(id);
    const { effects, sent } = member.step(event, this.now, names);
    this.#lines.push(printEvent(id, event, what), ...printEffects(member, effects));
    this.#leave(sent);
    this.#check(member);
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
    const { from, to, message, entries } = envelope;
    if (this.down.has(to)) {
      this.#lines.push(`${to} is down: ${printMessage(envelope)} from ${from} is lost`);
      return;
    }
    this.step(
      to,
      { type: 'receive', from, incarnation: incarnationOf(from), message, entries },
      printMessage(envelope),
    );
  }

  drop(envelope: Envelope): void {
    this.#lines.push(`lost, ${envelope.from} to ${envelope.to}: ${printMessage(envelope)}`);
  }

  /** Completes a member's oldest writes, `count` as one; false when there is none. */
  completeWrite(id: MemberId, count = 1): boolean {
    const member = this.member(id);
    const done = member.completeWrite(this.now, count);
    if (done === undefined) return false;
    const { effects, sent } = done.result;
    for (const write of done.writes) this.#lines.push(`${id} has on disk: ${printWrite(write)}`);
    for (const envelope of sent) {
      const fresh = effects.some((e) => e.type === 'send' && e.message === envelope.message);
      if (!fresh)
        this.#lines.push(`  sends to ${envelope.to} what waited: ${printMessage(envelope)}`);
    }
    this.#lines.push(...printEffects(member, effects));
    this.#leave(sent);
    this.#check(member);
    return true;
  }

  /** `kept` of its writes are durable all the same; a disk that lies forgets its last entry. */
  crash(id: MemberId, kept = 0, forget = false): void {
    this.member(id).crash(kept, forget);
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
    const member = this.member(id);
    const { effects, sent } = member.step({ type: 'start' }, this.now);
    this.#lines.push(...printEffects(member, effects));
    this.#leave(sent);
    this.#check(member);
  }

  /** Until nothing is left to do among `ids`: messages between them, and their disks. */
  settle(ids: readonly MemberId[]): void {
    const among = { to: ids, from: ids, types: [] };
    for (let round = 0; round < 1000; round++) {
      const wrote = ids.filter((id) => !this.down.has(id) && this.completeWrite(id));
      const envelopes = this.take(among, Number.POSITIVE_INFINITY);
      for (const envelope of envelopes) this.deliver(envelope);
      if (wrote.length > 0 || envelopes.length > 0) continue;
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

  /** One leader a term; what is committed anywhere never changes anywhere. */
  #check({ id, log, state }: ScriptedMember): void {
    if (state.role === 'leader') {
      const other = this.#leaders.get(state.term) ?? id;
      assert(other === id, `one leader in term ${state.term}, not ${other} and ${id}`);
      this.#leaders.set(state.term, id);
    }
    for (let index = 1; index <= state.commit; index++) {
      const entry = log[index - 1];
      const known = this.#committed.get(index) ?? entry;
      assert(
        entry !== undefined && known?.term === entry.term && known.name === entry.name,
        `entry ${index} is committed for ever`,
      );
      this.#committed.set(index, entry);
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
