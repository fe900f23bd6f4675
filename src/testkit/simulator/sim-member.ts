// One simulated member: the real core, its log with operation numbers instead of bytes, its disk.
import { CoxswainError } from '../../errors.ts';
import { assert } from '../../lib/assert.ts';
import {
  type Append,
  type ConfigurationAt,
  createState,
  type Effect,
  type MemberId,
  type Message,
  type RaftEvent,
  type RaftOptions,
  type RaftState,
  type Send,
  step,
  type Write,
} from '../../raft/index.ts';
import { configurationsOf, type Origin, SimDisk, storeOf } from './sim-disk.ts';
import type { SimEntry } from './sim-entry.ts';
import type { Piece } from './sim-snapshot.ts';

export interface Envelope {
  readonly from: number;
  readonly to: number;
  readonly message: Message;
  readonly entries: readonly SimEntry[];
  /** Of a chunk of a snapshot. */
  readonly piece?: Piece | undefined;
}

/** With the store that its sender runs on. */
export interface Letter extends Envelope {
  readonly incarnation: number;
}

/** How fast it runs, and how far its time of day is off. */
export interface MemberClock {
  readonly rate: number;
  readonly skewMs: number;
  /** The time of day does not go faster or slower with it. */
  readonly isDisciplined?: boolean;
}

/** Time of day at which runs begin. */
const START_MS = Date.UTC(2026, 0, 1);

/** Between the numbers of a member's stores: even, so that it is odd only for those that join. */
const NEXT_STORE = 1000;

const NO_ENTRIES: readonly SimEntry[] = [];

export class SimMember {
  readonly at: number;
  readonly id: MemberId;
  disk: SimDisk;
  /** Which store it runs on: no two that ever were have the same. */
  incarnation: number;
  /** How many stores it had before. */
  emptied = 0;
  state: RaftState;
  /** The log as the core sees it, durable or not. Entry i is at place i - 1. */
  log: SimEntry[];
  /** The configurations in it. */
  versions: ConfigurationAt[] = [];
  up = true;
  /** It was told that its id belongs to another store: it can only come back on a new one. */
  isRefused = false;
  /** What its store held when it was made. */
  origin: Origin;
  /** When that was. */
  storeUs = 0;
  /** Goes up with every crash: what was planned for an earlier life does not happen. */
  life = 0;
  stalledUntilUs = 0;
  /** Its machine is busy with entries that it was given. */
  isApplying = false;
  /** Goes up when what the machine is busy with does not count any more. */
  run = 0;
  /** Up to where its machine has come. */
  machine = 0;
  /** Its machine is not what those of others are. */
  isBad = false;
  /** When the timer is planned to go off; Infinity when there is none. */
  timerUs: number = Number.POSITIVE_INFINITY;
  readonly #ids: readonly MemberId[];
  readonly #optionsOf: (life: number) => RaftOptions;
  readonly #clock: MemberClock;
  /** For so long its monotonic clock stood still in all, and since when it does so now. */
  #frozenUs = 0;
  #suspendedAtUs = Number.POSITIVE_INFINITY;
  /** What the time of day was when it was last set, and how fast it goes. */
  #wall: { readonly atUs: number; readonly ms: number; readonly rate: number };
  /** When that was set, and when it was last suspended. */
  jumpedUs: number = Number.NEGATIVE_INFINITY;
  suspendedUs: number = Number.NEGATIVE_INFINITY;
  /** The core has not been told yet what the time of day is now. */
  isUntold = false;
  /** What its store remembers of earlier promises not to vote. */
  #patienceMs = 0;
  /** What the run before this one promised. */
  #promisedMs = 0;
  #held: { readonly after: number; readonly envelope: Letter }[] = [];
  #isNew = true;

  constructor(
    at: number,
    ids: readonly MemberId[],
    optionsOf: (life: number) => RaftOptions,
    clock: MemberClock,
    origin: Origin,
  ) {
    this.at = at;
    this.id = ids[at] ?? '';
    this.#ids = ids;
    this.#optionsOf = optionsOf;
    this.#clock = clock;
    const rate = clock.isDisciplined === true ? 1 : clock.rate;
    this.#wall = { atUs: 0, ms: START_MS + clock.skewMs, rate };
    this.incarnation = this.#numberOf(origin);
    this.origin = origin;
    this.disk = new SimDisk(origin);
    this.log = [...this.disk.entries];
    this.state = this.#load(0);
  }

  #numberOf({ entries }: Origin): number {
    return storeOf(this.at) + NEXT_STORE * this.emptied + (entries.length > 0 ? 0 : 1);
  }

  /** This member's own monotonic clock, in ms. */
  localMs(nowUs: number): number {
    return ((Math.min(nowUs, this.#suspendedAtUs) - this.#frozenUs) * this.#clock.rate) / 1000;
  }

  get rate(): number {
    return this.#clock.rate;
  }

  get isSuspended(): boolean {
    return this.#suspendedAtUs !== Number.POSITIVE_INFINITY;
  }

  /** Does its time of day go at another rate than its monotonic clock? */
  get isCreeping(): boolean {
    return this.#wall.rate !== this.#clock.rate;
  }

  /** It does nothing until it is resumed, and its monotonic clock stands still. */
  suspend(nowUs: number): void {
    if (this.isSuspended) return;
    this.#suspendedAtUs = nowUs;
    this.suspendedUs = nowUs;
  }

  resume(nowUs: number): void {
    if (!this.isSuspended) return;
    this.#frozenUs += nowUs - this.#suspendedAtUs;
    this.#suspendedAtUs = Number.POSITIVE_INFINITY;
    this.suspendedUs = nowUs;
  }

  /** Somebody sets its time of day. Returns by how much that went forward. */
  setWall(nowUs: number, by: number | 'right'): number {
    const before = this.wallMs(nowUs);
    const ms = by === 'right' ? this.trueMs(nowUs) : before + by;
    this.#wall = { ...this.#wall, atUs: nowUs, ms };
    this.jumpedUs = nowUs;
    this.isUntold = true;
    return ms - before;
  }

  /** From now on its time of day goes as fast as time itself. */
  discipline(nowUs: number): void {
    this.#wall = { atUs: nowUs, ms: this.wallMs(nowUs), rate: 1 };
  }

  /** How far its time of day is ahead of the true one. */
  errorMs(nowUs: number): number {
    return this.wallMs(nowUs) - this.trueMs(nowUs);
  }

  /** What the time of day really is. */
  trueMs(nowUs: number): number {
    return START_MS + nowUs / 1000;
  }

  /** What it takes for the time of day, in ms since 1970. */
  wallMs(nowUs: number): number {
    const { atUs, ms, rate } = this.#wall;
    return Math.floor(ms + ((nowUs - atUs) * rate) / 1000);
  }

  /** The first simulated time at which this member's clock has reached `localMs`. */
  simulatedUs(localMs: number): number {
    return Math.ceil((localMs * 1000) / this.#clock.rate + this.#frozenUs);
  }

  step(event: RaftEvent, nowUs: number): readonly Effect[] {
    const effects = step(this.state, event, this.localMs(nowUs));
    // Whatever the effects say of the log, they say of what is in it from now on.
    const reset = effects.findLast((effect) => effect.type === 'write')?.reset;
    if (reset !== undefined) this.#reset(reset.index, reset.term);
    return effects;
  }

  /** What a member draws depends on its place and on how often it crashed. */
  get seed(): number {
    return this.at * 7919 + this.life * 104_729 + 1;
  }

  crash(keepInFlight: boolean, forget: boolean, nowUs: number): void {
    this.up = false;
    this.life++;
    this.isApplying = false;
    this.machine = 0;
    this.disk.crash(keepInFlight, forget);
    this.#held = [];
    this.stalledUntilUs = 0;
    this.resume(nowUs);
    this.timerUs = Number.POSITIVE_INFINITY;
  }

  /** While it is down: its store is gone, and it gets a new one. */
  wipe(origin: Origin, nowUs: number): void {
    this.disk = new SimDisk(origin);
    this.origin = origin;
    this.emptied++;
    this.incarnation = this.#numberOf(origin);
    this.#promisedMs = 0;
    this.#patienceMs = 0;
    this.storeUs = nowUs;
    this.isRefused = false;
    this.isBad = false;
    this.#isNew = true;
  }

  restart(nowUs: number): void {
    this.up = true;
    this.disk.recover();
    this.log = [...this.disk.entries];
    this.state = this.#load(nowUs);
  }

  /** New entries of a leader, for the attempts in `ops`. */
  append(
    from: number,
    until: number,
    entry: Omit<SimEntry, 'serial' | 'size'>,
    ops: readonly Op[],
  ): void {
    for (let index = from; index < until; index++) {
      const op = ops[index - from];
      const { config, term, timeMs } = entry;
      if (config !== undefined) this.versions.push({ index, config });
      this.log.push({ term, timeMs, size: op?.size ?? 0, serial: op?.serial ?? 0, config });
    }
  }

  accept(from: number, until: number, append: Append, entries: readonly SimEntry[]): void {
    this.log.length = from - 1;
    while ((this.versions.at(-1)?.index ?? 0) >= from) this.versions.pop();
    for (let index = from; index < until; index++) {
      const entry = entries[index - append.from] as SimEntry;
      this.log.push(entry);
      if (entry.config !== undefined) this.versions.push({ index, config: entry.config });
    }
  }

  ask(write: Write): void {
    const { compactTo, reset } = write;
    const isStored = compactTo <= this.disk.machineDurable;
    assert(isStored, `the log of ${this.id} holds what its machine has not stored itself`);
    this.#isThere(write.from, write.until);
    const prefix = reset === undefined ? NO_ENTRIES : this.log.slice(0, reset.index);
    this.disk.ask(write, this.log.slice(write.from - 1, write.until - 1), prefix);
  }

  /** What a snapshot holds takes the place of the log. */
  #reset(index: number, term: number): void {
    const all = [...this.disk.snapshots.values()].map(({ snapshot }) => snapshot);
    const found = all.find(({ head }) => head.index === index && head.term === term);
    assert(
      found !== undefined,
      `a snapshot of ${index} is durable before the log of ${this.id} is`,
    );
    this.log = [...found.prefix];
    this.versions = configurationsOf(this.log);
  }

  /** What is not in the log any more is not read. */
  #isThere(from: number, until: number): void {
    if (from >= until) return;
    const { base } = this.state.log;
    assert(from > base.index, `entry ${from} is still in the log of ${this.id}`);
  }

  /** The envelope if it may leave now; kept otherwise until its write is durable. */
  envelope({ to, message, after }: Send): Letter | undefined {
    const entries =
      message.type === 'append' && message.until > message.from
        ? this.log.slice(message.from - 1, message.until - 1)
        : NO_ENTRIES;
    if (message.type === 'append') this.#isThere(message.from, message.until);
    const { at: from, incarnation } = this;
    const piece = message.type === 'snapshot-chunk' ? this.#pieceOf(message.head.id) : undefined;
    const envelope = { from, incarnation, to: this.#ids.indexOf(to), message, entries, piece };
    if (after <= this.state.writes.completed) return envelope;
    this.#held.push({ after, envelope });
    return undefined;
  }

  #pieceOf(id: string): Piece {
    const kept = this.disk.snapshots.get(id);
    assert(kept !== undefined, `${this.id} has the snapshot that it sends, ${id}`);
    return { snapshot: kept.snapshot, isDamaged: kept.isRotten };
  }

  release(write: number): readonly Letter[] {
    if (this.#held.length === 0) return [];
    const due = this.#held.filter((held) => held.after <= write);
    this.#held = this.#held.filter((held) => held.after > write);
    return due.map((held) => held.envelope);
  }

  #load(nowUs: number): RaftState {
    const { base, entries, hardState, known, latest, repairFrom } = this.disk;
    const options = this.#optionsOf(this.life);
    // The longest of what any run may have promised, of which the last one kept quiet for some.
    const isOver = this.#isNew || this.state.now >= this.state.silentUntilMs;
    const keptMs = isOver ? this.#promisedMs : this.#patienceMs;
    this.#patienceMs = Math.max(keptMs, options.electionMinMs);
    this.#promisedMs = options.electionMinMs;
    const silentMs = this.#isNew ? 0 : this.#patienceMs;
    this.#isNew = false;
    this.versions = configurationsOf(entries);
    const runs: { from: number; term: number }[] = [];
    const after = entries.slice(base.index);
    for (const [place, { term }] of after.entries()) {
      if (runs.at(-1)?.term !== term) runs.push({ from: base.index + place + 1, term });
    }
    const head = latest?.snapshot.head;
    const later = this.versions.filter(({ index }) => index > (head?.index ?? 0));
    return createState({
      id: this.id,
      incarnation: this.incarnation,
      boot: this.life + 1,
      known,
      configs: head === undefined ? later : [head.config, ...later],
      hardState,
      positions: {
        base,
        runs,
        sizes: after.map((entry) => entry.size),
        lastTimeMs: entries.at(-1)?.timeMs ?? 0,
      },
      options,
      applied: 0,
      snapshot: head,
      repairFrom,
      silentMs,
      seed: this.seed,
      now: this.localMs(nowUs),
    });
  }
}

/** Does its core say that it is another than the others know? */
export function isTurnedAway(error: unknown): boolean {
  return error instanceof CoxswainError && error.code === 'ERR_IDENTITY_TAKEN';
}

/** An attempt of a client, as the log holds it. */
export interface Op {
  readonly serial: number;
  /** Id of the client's call. */
  readonly call: string;
  readonly size: number;
}

/** The store that a member takes for that of `id`, as it has it on disk or in its log. */
export function incarnationAt(member: SimMember, id: MemberId): number | undefined {
  if (id === member.id) return member.incarnation;
  const { config } = member.versions.at(-1) ?? {};
  return config?.incarnations.get(id) ?? member.disk.known.pins.get(id);
}
