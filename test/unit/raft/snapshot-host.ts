// A member with a disk, a machine and a store of snapshots, each of which takes its time: what is
// done there, and what the core is told of it, are two moments. It may crash between any two.
import {
  type ConfigurationAt,
  type Effect,
  type SnapshotEvent,
  type SnapshotHead,
  termAt,
  type Write,
} from '../../../src/raft/index.ts';
import { type Letter, lettersOf } from './exchange.ts';
import { type MemberInit, TestMember } from './member.ts';

/** What a machine is after some entries: their terms. By Log Matching that says it all. */
export interface Content {
  readonly terms: readonly number[];
  /** Of a machine that was not to be trusted. */
  isBad: boolean;
}

interface Disk {
  term: number;
  votedFor: string | undefined;
  commit: number;
  base: { readonly index: number; readonly term: number };
  terms: number[];
  configs: ConfigurationAt[];
  timeMs: number;
}

interface Place {
  readonly head: SnapshotHead;
  /** Bytes of it, piece by piece: which snapshot they are of, and where they end there. */
  readonly pieces: { readonly id: string; readonly until: number }[];
}

type Work = () => void;

export interface Surroundings {
  /** Of every snapshot that was ever made. */
  readonly contents: Map<string, Content>;
  readonly random: () => number;
  /** A letter may leave. */
  readonly post: (letter: Letter) => void;
  /** The machine has applied the entry, or has got it by a snapshot. */
  readonly applied: (index: number, term: number) => void;
}

const SIZE = 10;

export class SnapshotHost {
  member: TestMember;
  machine: Content = { terms: [], isBad: false };
  /** By id: durable as a whole. */
  readonly whole = new Map<string, SnapshotHead>();
  restores = 0;
  refusals = 0;
  readonly #init: MemberInit;
  readonly #around: Surroundings;
  readonly #disk: Disk;
  /** Its own snapshots from before it was found out. */
  readonly #bad = new Set<string>();
  #place: Place | undefined;
  #held: { readonly after: number; readonly letter: Letter }[] = [];
  /** What each part of it is yet to do, in order: disk, machine, place, saves. */
  #queues: Record<'disk' | 'machine' | 'place' | 'save', Work[]> = newQueues();
  #events: SnapshotEvent[] = [];
  /** What a capture that is being saved holds, and whether anybody still wants it. */
  #capture: { readonly content: Content; isWanted: boolean } | undefined;
  #made = 0;

  constructor(init: MemberInit, around: Surroundings) {
    this.#init = init;
    this.#around = around;
    const config = { index: 0, config: new TestMember(init).state.config };
    this.#disk = {
      ...{ term: 1, votedFor: undefined, commit: 1, base: { index: 0, term: 0 } },
      ...{ terms: [1], configs: [config], timeMs: 0 },
    };
    this.member = this.#load(init.now ?? 1000, false);
  }

  get id(): string {
    return this.member.state.id;
  }

  /** Something that was asked for is done, or told. */
  work(): void {
    const { random } = this.#around;
    for (const queue of Object.values(this.#queues)) {
      if (random() < 0.5) queue.shift()?.();
    }
    while (this.#events.length > 0 && random() < 0.5) {
      const event = this.#events.shift();
      if (event !== undefined) this.act(() => this.member.step(event));
    }
  }

  /** A step, and what it asks for. */
  act(step: () => void): void {
    step();
    this.#note();
  }

  receive({ entries, from, message }: Letter): void {
    this.act(() => this.member.receive(from, message, entries));
  }

  /** Its machine is found out: so is what is being made of it. */
  spoil(): void {
    this.machine = { ...this.machine, isBad: true };
    if (this.#capture !== undefined) this.#capture.content.isBad = true;
    const { applied: index, snapshots } = this.member.state;
    for (const [id, head] of this.whole) {
      if (head.index <= (snapshots.latest?.index ?? 0)) this.#bad.add(id);
    }
    this.act(() => this.member.step({ type: 'repair', index }));
  }

  /** Everything that was not done is not, but for some of the bytes of a snapshot. */
  restart(now: number): void {
    this.#queues = newQueues();
    this.#events = [];
    this.#held = [];
    this.#capture = undefined;
    const { random } = this.#around;
    if (this.#place !== undefined) {
      this.#place.pieces.length = Math.floor(this.#place.pieces.length * random());
    }
    const { repairFrom } = this.member.state.snapshots;
    this.machine = { terms: [], isBad: repairFrom > 0 };
    this.member = this.#load(now, true);
    this.#note();
  }

  #load(now: number, restarted: boolean): TestMember {
    const heads = [...this.whole.values()];
    const snapshot = heads.sort((one, other) => one.index - other.index).at(-1);
    if (snapshot !== undefined) this.#reconcile(snapshot);
    const { base, commit, configs, term, terms, votedFor } = this.#disk;
    const later = configs.filter(({ index }) => index > (snapshot?.index ?? -1));
    const known = snapshot === undefined ? configs : [snapshot.config, ...later];
    const repairFrom = restarted ? this.member.state.snapshots.repairFrom : 0;
    const member = new TestMember({
      ...{ ...this.#init, base, commit, term, terms, now, restarted, size: SIZE, applied: 0 },
      ...{ configs: known, repairFrom },
      ...(votedFor === undefined ? {} : { votedFor }),
      ...(snapshot === undefined ? {} : { snapshot }),
    });
    for (const { config, index } of configs) member.configAt.set(index, config);
    return member;
  }

  /** As a driver does after a crash between a snapshot and the reset of the log: that follows. */
  #reconcile({ index, term }: SnapshotHead): void {
    const disk = this.#disk;
    const own =
      index === disk.base.index ? disk.base.term : disk.terms[index - disk.base.index - 1];
    disk.commit = Math.max(disk.commit, index);
    if (own === term) return;
    disk.base = { index, term };
    disk.terms = [];
    disk.configs = [];
  }

  #note(): void {
    const { effects, state } = this.member;
    const letters = [...lettersOf(this.member)];
    for (const effect of effects) {
      if (effect.type === 'send') {
        const letter = letters.shift() as Letter;
        if (effect.after > state.writes.completed) this.#held.push({ after: effect.after, letter });
        else this.#around.post(letter);
      } else if (effect.type === 'write') this.#queueWrite(effect);
      else if (effect.type === 'apply') this.#queueApply(effect.upTo);
      else this.#noteSnapshot(effect);
    }
  }

  #queueWrite(write: Write): void {
    const { configAt, state } = this.member;
    const terms: number[] = [];
    const configs: ConfigurationAt[] = [];
    for (let index = write.from; index < write.until; index++) {
      terms.push(termAt(state.log, index) as number);
      const config = configAt.get(index);
      if (config !== undefined) configs.push({ index, config });
    }
    this.#queues.disk.push(() => {
      this.#persist(write, terms, configs);
      this.member.waiting.shift();
      const { lastIndex, lastTerm } = write;
      const number = write.write;
      this.act(() => this.member.step({ type: 'written', write: number, lastIndex, lastTerm }));
      const due = this.#held.filter(({ after }) => after <= number);
      this.#held = this.#held.filter(({ after }) => after > number);
      for (const { letter } of due) this.#around.post(letter);
    });
  }

  #persist(write: Write, terms: readonly number[], configs: readonly ConfigurationAt[]): void {
    const disk = this.#disk;
    Object.assign(disk, write.hardState);
    const cut = (from: number) => {
      disk.configs = disk.configs.filter(({ index }) => index < from);
      disk.terms.length = from - disk.base.index - 1;
    };
    if (write.reset !== undefined) {
      disk.base = write.reset;
      disk.terms = [];
      disk.configs = [];
    }
    if (write.truncateFrom > 0) cut(write.truncateFrom);
    if (terms.length > 0 && disk.base.index + disk.terms.length !== write.from - 1) {
      throw new Error(`${this.id} has a gap on disk before ${write.from}`);
    }
    disk.terms.push(...terms);
    disk.configs.push(...configs);
    if (write.compactTo > 0) {
      const gone = disk.terms.splice(0, write.compactTo - disk.base.index);
      disk.base = { index: write.compactTo, term: gone.at(-1) as number };
    }
  }

  #queueApply(upTo: number): void {
    this.#queues.machine.push(() => {
      const terms = [...this.machine.terms];
      while (terms.length < upTo) {
        const term = termAt(this.member.state.log, terms.length + 1);
        if (term === undefined) throw new Error(`${this.id} lacks entry ${terms.length + 1}`);
        terms.push(term);
        this.#around.applied(terms.length, term);
      }
      this.machine = { ...this.machine, terms };
      this.act(() => this.member.step({ type: 'applied', index: upTo }));
    });
  }

  #noteSnapshot(effect: Effect): void {
    const { machine, place } = this.#queues;
    if (effect.type === 'take-snapshot') machine.push(() => this.#take());
    else if (effect.type === 'restore') {
      if (this.#capture !== undefined) this.#capture.isWanted = false;
      machine.push(() => this.#restore(effect.head));
    } else if (effect.type === 'receive-snapshot') place.push(() => this.#open(effect.head));
    else if (effect.type === 'store-chunk') {
      const { from, id, until } = effect;
      place.push(() => this.#storeChunk(id, from, until));
    } else if (effect.type === 'keep-snapshot') place.push(() => this.#keep(effect.id));
    else if (effect.type === 'prune-snapshots') {
      // At once: what the core has not heard of yet may be there already.
      for (const id of this.whole.keys()) if (!effect.keep.includes(id)) this.whole.delete(id);
    }
  }

  #take(): void {
    const { state } = this.member;
    const content = { ...this.machine };
    const index = content.terms.length;
    const capture = { content, isWanted: true };
    this.#capture = capture;
    const at = state.configs.filter((each) => each.index <= index).at(-1);
    const known = at ?? { index: 0, config: state.config };
    this.#queues.save.push(() => {
      const id = `${this.id}${++this.#made}-${index}-${Math.floor(this.#around.random() * 1e9)}`;
      this.#capture = undefined;
      const term = content.terms.at(-1) ?? 0;
      const bytes = 100 + Math.floor(this.#around.random() * 900);
      const head = { id, index, term, timeMs: 0, config: this.#configAt(index) ?? known, bytes };
      this.#around.contents.set(id, content);
      this.whole.set(id, head);
      const machineDurable = Number.POSITIVE_INFINITY;
      // Whoever restores in the meantime may or may not be in time to have it given up.
      const isTold = capture.isWanted || this.#around.random() < 0.5;
      if (!isTold) this.whole.delete(id);
      const taken = isTold ? head : undefined;
      this.#events.push({ type: 'snapshot-taken', head: taken, machineDurable });
    });
  }

  #configAt(index: number): ConfigurationAt | undefined {
    const below = [...this.member.configAt].filter(([at]) => at <= index);
    const last = below.sort(([one], [other]) => one - other).at(-1);
    return last && { index: last[0], config: last[1] };
  }

  #restore(head: SnapshotHead): void {
    const content = this.#around.contents.get(head.id);
    if (content === undefined || !this.whole.has(head.id)) {
      throw new Error(`${this.id} has lost snapshot ${head.id}`);
    }
    this.machine = { ...content, isBad: content.isBad || this.#bad.has(head.id) };
    for (const [at, term] of content.terms.entries()) this.#around.applied(at + 1, term);
    this.restores++;
    this.#events.push({ type: 'restored', index: head.index });
  }

  #open(head: SnapshotHead): void {
    if (this.#place?.head.id !== head.id) this.#place = { head, pieces: [] };
    this.#tell(head.id);
  }

  #storeChunk(id: string, from: number, until: number): void {
    const place = this.#place;
    if (place?.head.id !== id) return;
    if ((place.pieces.at(-1)?.until ?? 0) !== from) throw new Error(`a gap in ${id} at ${from}`);
    place.pieces.push({ id, until });
    this.#tell(id);
  }

  #tell(id: string): void {
    const stored = this.#place?.pieces.at(-1)?.until ?? 0;
    this.#events.push({ type: 'snapshot-progress', id, stored });
  }

  #keep(id: string): void {
    const place = this.#place;
    if (place?.head.id !== id) return;
    this.#place = undefined;
    if (this.#around.random() < 0.1) {
      this.refusals++;
      this.#events.push({ type: 'snapshot-refused', id });
      return;
    }
    this.whole.set(id, place.head);
    this.#events.push({ type: 'snapshot-received', id });
  }
}

function newQueues(): Record<'disk' | 'machine' | 'place' | 'save', Work[]> {
  return { disk: [], machine: [], place: [], save: [] };
}
