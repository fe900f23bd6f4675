// A member's disk: what is durable, what is being written, what waits. It never forgets what it has
// confirmed, unless told to, and may keep or lose, as a whole, what it was writing at a crash.
import { assert } from '../../lib/assert.ts';
import {
  type ConfigurationAt,
  createConfiguration,
  type HardState,
  type KnownMembers,
  type LogPosition,
  type MemberId,
  type Write,
} from '../../raft/index.ts';
import type { SimEntry } from './sim-entry.ts';
import type { KeptSnapshot, Reception, SimSnapshot } from './sim-snapshot.ts';

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
  /** What takes the place of the log when it is reset. */
  readonly prefix: readonly SimEntry[];
}

const NO_ENTRIES: readonly SimEntry[] = [];

export class SimDisk {
  hardState: HardState;
  known: KnownMembers;
  /** Entry i is at place i - 1. Those up to `base` are there for comparison only. */
  entries: SimEntry[];
  /** The log begins after it. */
  base: LogPosition = { index: 0, term: 0 };
  /** By name, in the order in which they were stored. */
  readonly snapshots: Map<string, KeptSnapshot> = new Map<string, KeptSnapshot>();
  /** One that is here in part. */
  reception: Reception | undefined;
  /** The machine is known to be bad: it takes a snapshot of that index or later; else 0. */
  repairFrom = 0;
  /** Up to where the machine was last said to have stored everything itself. */
  machineDurable: number = Number.POSITIVE_INFINITY;
  #inFlight: readonly Batch[] = [];
  #waiting: Batch[] = [];

  constructor({ admitted, entries }: Origin) {
    const first = entries.length;
    this.hardState = { term: first, votedFor: undefined, commit: first };
    this.known = { admitted, pins: new Map() };
    this.entries = [...entries];
  }

  ask(write: Write, entries: readonly SimEntry[], prefix: readonly SimEntry[] = NO_ENTRIES): void {
    this.#waiting.push({ write, entries, prefix });
  }

  /** The newest of its snapshots; of two that are equally new, the one that was stored last. */
  get latest(): KeptSnapshot | undefined {
    let latest: KeptSnapshot | undefined;
    for (const kept of this.snapshots.values()) {
      const { index } = kept.snapshot.head;
      if (index >= (latest?.snapshot.head.index ?? 0)) latest = kept;
    }
    return latest;
  }

  /** What a restart would find there: in the latest snapshot, or in the log where that follows. */
  entryAt(index: number): SimEntry | undefined {
    if (this.snapshots.size === 0) return this.entries[index - 1];
    const latest = this.latest?.snapshot;
    if (latest !== undefined && index <= latest.head.index) return latest.prefix[index - 1];
    return latest === undefined || this.#follows(latest) ? this.entries[index - 1] : undefined;
  }

  /**
   * Before a start: nothing is left but the latest snapshot and the log after its base. One that
   * was received and does not go together with the log takes the place of it all.
   */
  recover(): void {
    this.machineDurable = Number.POSITIVE_INFINITY;
    const latest = this.latest?.snapshot;
    assert(
      this.base.index <= (latest?.head.index ?? 0),
      'a log begins where a snapshot reaches to',
    );
    if (latest === undefined) return;
    const { index, term } = latest.head;
    const { hardState } = this;
    const isNewer = term > hardState.term;
    const vote = isNewer ? { term, votedFor: undefined } : hardState;
    this.hardState = { ...vote, commit: Math.max(hardState.commit, index) };
    if (this.#follows(latest)) {
      const { base } = this;
      this.entries = [...latest.prefix.slice(0, base.index), ...this.entries.slice(base.index)];
    } else {
      this.entries = [...latest.prefix];
      this.base = { index, term };
    }
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

  /** Number of the last of them; 0 when there is none. */
  get writing(): number {
    return this.#inFlight.at(-1)?.write.write ?? 0;
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
    if (forget && this.entries.length > Math.max(1, this.base.index)) this.entries.pop();
    this.#inFlight = [];
    this.#waiting = [];
  }

  #put({ entries, prefix, write }: Batch): void {
    this.hardState = write.hardState;
    this.known = write.known ?? this.known;
    const latest = this.latest?.snapshot.head.index ?? 0;
    if (write.reset !== undefined) {
      assert(write.reset.index <= latest, 'a log is reset after the snapshot is durable');
      this.entries = [...prefix];
      this.base = write.reset;
    }
    if (write.truncateFrom > 0 && write.truncateFrom <= this.entries.length) {
      this.entries.length = write.truncateFrom - 1;
    }
    for (const entry of entries) this.entries.push(entry);
    if (write.compactTo === 0) return;
    const { compactTo: index } = write;
    const term = this.entries[index - 1]?.term;
    assert(term !== undefined, `entry ${index}, up to which a log is compacted, is in it`);
    assert(index <= latest, 'a log is compacted only as far as a durable snapshot reaches');
    this.base = { index, term };
  }

  /** Does the log go together with the snapshot? */
  #follows({ head }: SimSnapshot): boolean {
    return this.base.index <= head.index && this.entries[head.index - 1]?.term === head.term;
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
