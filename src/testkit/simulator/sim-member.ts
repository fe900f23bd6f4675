// One simulated member: the real core, its log with operation numbers instead of bytes, its disk.
import {
  type Append,
  createConfiguration,
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
import { configurationsOf, SimDisk, type SimEntry } from './sim-disk.ts';

export interface Envelope {
  readonly from: number;
  readonly to: number;
  readonly message: Message;
  readonly entries: readonly SimEntry[];
}

/** How fast it runs, and how far its time of day is off. */
export interface MemberClock {
  readonly rate: number;
  readonly skewMs: number;
}

/** Time of day at which runs begin. */
const START_MS = Date.UTC(2026, 0, 1);

const NO_ENTRIES: readonly SimEntry[] = [];

export class SimMember {
  readonly at: number;
  readonly id: MemberId;
  readonly disk: SimDisk;
  state: RaftState;
  /** The log as the core sees it, durable or not. Entry i is at place i - 1. */
  log: SimEntry[];
  up = true;
  /** Goes up with every crash: what was planned for an earlier life does not happen. */
  life = 0;
  stalledUntilUs = 0;
  /** Its machine is busy with entries that it was given. */
  isApplying = false;
  /** When the timer is planned to go off; Infinity when there is none. */
  timerUs: number = Number.POSITIVE_INFINITY;
  readonly #ids: readonly MemberId[];
  readonly #options: RaftOptions;
  readonly #clock: MemberClock;
  #held: { readonly after: number; readonly envelope: Envelope }[] = [];

  constructor(at: number, ids: readonly MemberId[], options: RaftOptions, clock: MemberClock) {
    this.at = at;
    this.id = ids[at] ?? '';
    this.#ids = ids;
    this.#options = options;
    this.#clock = clock;
    const incarnations = new Map(ids.map((each, place) => [each, place + 1]));
    const config = createConfiguration({ voters: ids, incarnations });
    const first = { term: 1, timeMs: 0, size: 4, serial: 0, config };
    this.disk = new SimDisk({ term: 1, votedFor: undefined, commit: 1 }, [first]);
    this.log = [first];
    this.state = this.#load(0, false);
  }

  /** This member's own monotonic clock, in ms. */
  localMs(nowUs: number): number {
    return (nowUs * this.#clock.rate) / 1000;
  }

  /** What it takes for the time of day, in ms since 1970. */
  wallMs(nowUs: number): number {
    return Math.floor(START_MS + this.#clock.skewMs + this.localMs(nowUs));
  }

  /** The first simulated time at which this member's clock has reached `localMs`. */
  simulatedUs(localMs: number): number {
    return Math.ceil((localMs * 1000) / this.#clock.rate);
  }

  step(event: RaftEvent, nowUs: number): readonly Effect[] {
    return step(this.state, event, this.localMs(nowUs));
  }

  /** What a member draws depends on its place and on how often it crashed. */
  get seed(): number {
    return this.at * 7919 + this.life * 104_729 + 1;
  }

  crash(keepInFlight: boolean, forget: boolean): void {
    this.up = false;
    this.life++;
    this.isApplying = false;
    this.disk.crash(keepInFlight, forget);
    this.#held = [];
    this.stalledUntilUs = 0;
    this.timerUs = Number.POSITIVE_INFINITY;
  }

  restart(nowUs: number): void {
    this.up = true;
    this.log = [...this.disk.entries];
    this.state = this.#load(nowUs, true);
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
      this.log.push({ term, timeMs, size: op?.size ?? 0, serial: op?.serial ?? 0, config });
    }
  }

  accept(from: number, until: number, append: Append, entries: readonly SimEntry[]): void {
    this.log.length = from - 1;
    for (let index = from; index < until; index++) {
      this.log.push(entries[index - append.from] as SimEntry);
    }
  }

  ask(write: Write): void {
    this.disk.ask(write, this.log.slice(write.from - 1, write.until - 1));
  }

  /** The envelope if it may leave now; kept otherwise until its write is durable. */
  envelope({ to, message, after }: Send): Envelope | undefined {
    const entries =
      message.type === 'append' && message.until > message.from
        ? this.log.slice(message.from - 1, message.until - 1)
        : NO_ENTRIES;
    const envelope = { from: this.at, to: this.#ids.indexOf(to), message, entries };
    if (after <= this.state.writes.completed) return envelope;
    this.#held.push({ after, envelope });
    return undefined;
  }

  release(write: number): readonly Envelope[] {
    if (this.#held.length === 0) return [];
    const due = this.#held.filter((held) => held.after <= write);
    this.#held = this.#held.filter((held) => held.after > write);
    return due.map((held) => held.envelope);
  }

  #load(nowUs: number, restarted: boolean): RaftState {
    const { entries, hardState } = this.disk;
    const runs: { from: number; term: number }[] = [];
    for (const [place, { term }] of entries.entries()) {
      if (runs.at(-1)?.term !== term) runs.push({ from: place + 1, term });
    }
    return createState({
      id: this.id,
      incarnation: this.at + 1,
      known: { admitted: true, pins: new Map() },
      configs: configurationsOf(entries),
      hardState,
      positions: {
        base: { index: 0, term: 0 },
        runs,
        sizes: entries.map((entry) => entry.size),
        lastTimeMs: entries.at(-1)?.timeMs ?? 0,
      },
      options: this.#options,
      applied: 0,
      restarted,
      seed: this.seed,
      now: this.localMs(nowUs),
    });
  }
}

/** An attempt of a client, as the log holds it. */
export interface Op {
  readonly serial: number;
  /** Id of the client's call. */
  readonly call: string;
  readonly size: number;
}
