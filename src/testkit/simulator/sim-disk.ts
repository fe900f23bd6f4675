// A member's disk: what is durable, what is being written, what waits. It never forgets what it has
// confirmed, unless told to, and may keep or lose, as a whole, what it was writing at a crash.
import { assert } from '../../lib/assert.ts';
import {
  type Configuration,
  type ConfigurationAt,
  createConfiguration,
  type HardState,
  type KnownMembers,
  type MemberId,
  type Write,
} from '../../raft/index.ts';

export interface SimEntry {
  readonly term: number;
  readonly timeMs: number;
  readonly size: number;
  /** Number of the client's attempt; 0 for what the core made itself. */
  readonly serial: number;
  readonly config?: Configuration | undefined;
}

/** What a new store holds. */
export interface Origin {
  readonly entries: readonly SimEntry[];
  readonly admitted: boolean;
}

/** It waits to be added to a cluster. */
export const JOINER: Origin = { entries: [], admitted: true };

/** Number of the first store of the member at that place, if a cluster begins with it. */
export function storeOf(at: number): number {
  return 2 * (at + 1);
}

/**
 * It is one of those that a cluster begins with: it has to greet the others, unless all are known
 * to each other from the start.
 */
export function firstOrigin(voters: readonly MemberId[], isFormed: boolean): Origin {
  const known = isFormed ? voters.map((id, at): [MemberId, number] => [id, storeOf(at)]) : [];
  const config = createConfiguration({ voters, incarnations: new Map(known) });
  return { entries: [{ term: 1, timeMs: 0, size: 4, serial: 0, config }], admitted: isFormed };
}

interface Batch {
  readonly write: Write;
  readonly entries: readonly SimEntry[];
}

export class SimDisk {
  hardState: HardState;
  known: KnownMembers;
  /** Entry i is at place i - 1. */
  readonly entries: SimEntry[];
  #inFlight: readonly Batch[] = [];
  #waiting: Batch[] = [];

  constructor({ admitted, entries }: Origin) {
    const first = entries.length;
    this.hardState = { term: first, votedFor: undefined, commit: first };
    this.known = { admitted, pins: new Map() };
    this.entries = [...entries];
  }

  ask(write: Write, entries: readonly SimEntry[]): void {
    this.#waiting.push({ write, entries });
  }

  /** Starts everything that waits, as one write; false when there is nothing, or one runs. */
  start(): boolean {
    if (this.#inFlight.length > 0 || this.#waiting.length === 0) return false;
    this.#inFlight = this.#waiting;
    this.#waiting = [];
    return true;
  }

  /** Writes that are being written, as one: a count. */
  get merged(): number {
    return this.#inFlight.length;
  }

  /** The write under way is durable; returns the last of those that were merged into it. */
  complete(): Write | undefined {
    const last = this.#inFlight.at(-1)?.write;
    for (const batch of this.#inFlight) this.#put(batch);
    this.#inFlight = [];
    return last;
  }

  /**
   * The power goes: the write under way is there or not, what waited is not. A disk that lies
   * forgets its last entry, too.
   */
  crash(keepInFlight: boolean, forget: boolean): void {
    if (keepInFlight) this.complete();
    if (forget && this.entries.length > 1) this.entries.pop();
    this.#inFlight = [];
    this.#waiting = [];
  }

  #put({ write, entries }: Batch): void {
    this.hardState = write.hardState;
    this.known = write.known ?? this.known;
    if (write.truncateFrom > 0 && write.truncateFrom <= this.entries.length) {
      this.entries.length = write.truncateFrom - 1;
    }
    for (const entry of entries) this.entries.push(entry);
  }
}

/** The configurations in a log whose entry i is at place i - 1. */
export function configurationsOf(entries: readonly SimEntry[]): ConfigurationAt[] {
  return entries.flatMap(({ config }, place) => (config ? [{ index: place + 1, config }] : []));
}

export function isSame(a: SimEntry | undefined, b: SimEntry | undefined): boolean {
  return a !== undefined && b !== undefined && a.term === b.term && a.serial === b.serial;
}

/** Log Matching, in full: two logs that agree at a place agree up to it. */
export function checkMatching(one: readonly SimEntry[], other: readonly SimEntry[]): void {
  let agree = false;
  for (let place = Math.min(one.length, other.length) - 1; place >= 0; place--) {
    const a = one[place];
    const b = other[place];
    if (a?.term === b?.term) agree = true;
    if (agree) assert(isSame(a, b), `Log Matching at ${place + 1}`);
  }
}
