// One member of a scripted cluster: the real core, a disk that completes when it is told to.
import { assert } from '../../../src/lib/assert.ts';
import {
  type Append,
  type ConfigurationAt,
  checkState,
  checkStep,
  createState,
  type Effect,
  type HardState,
  type KnownMembers,
  type LogPosition,
  type MemberId,
  NO_SNAPSHOTS,
  nextDeadline,
  type RaftEvent,
  type RaftOptions,
  type RaftState,
  type Send,
  type SnapshotHead,
  step,
  summarize,
  termAt,
  type Write,
} from '../../../src/raft/index.ts';
import type { Entry } from './entry.ts';
import { nameOf } from './names.ts';
import { type Done, ScriptedSnapshots, type SnapshotDisk, snapshotOf } from './snapshots.ts';

export interface Stored {
  /** Drawn with the store; an emptied one has another. */
  incarnation: number;
  known: KnownMembers;
  hardState: HardState;
  /** Entry i is at place i - 1. */
  entries: Entry[];
  /** Those up to there are on the disk no more, but in a snapshot. */
  base: LogPosition;
  readonly snapshots: SnapshotDisk;
}

export interface Envelope {
  readonly from: MemberId;
  readonly incarnation: number;
  readonly to: MemberId;
  readonly message: Send['message'];
  readonly entries: readonly Entry[];
}

interface PendingWrite {
  readonly write: Write;
  readonly entries: readonly Entry[];
}

export interface StepResult {
  readonly effects: readonly Effect[];
  readonly sent: readonly Envelope[];
}

interface Completed {
  readonly writes: readonly Write[];
  readonly result: StepResult;
}

export const options: RaftOptions = {
  heartbeatMs: 100,
  electionMinMs: 1000,
  electionMaxMs: 2000,
  maxAppendBytes: 1 << 20,
  maxInflightAppends: 8,
  maxInflightBytes: 1 << 24,
  maxUncommittedBytes: 1 << 24,
  maxApplyLagBytes: 1 << 30,
  maxClockDrift: 0.05,
  maxClockOffsetMs: 60_000,
  snapshot: NO_SNAPSHOTS,
};

export class ScriptedMember {
  readonly id: MemberId;
  readonly disk: Stored;
  readonly pending: PendingWrite[] = [];
  state: RaftState;
  /** The log as this member sees it, durable or not, with what is in a snapshot only. */
  log: Entry[];
  #snapshots: ScriptedSnapshots;
  #held: { after: number; envelope: Envelope }[] = [];
  #options: RaftOptions;
  #boots = 0;

  constructor(id: MemberId, disk: Stored, limits: RaftOptions, seed?: number) {
    this.id = id;
    this.disk = disk;
    this.log = [...disk.entries];
    this.#snapshots = new ScriptedSnapshots(disk.snapshots);
    this.#options = limits;
    this.state = this.#load(0, false, seed);
  }

  /** Back from the disk: everything else is forgotten. */
  load(now: number, seed?: number): void {
    this.#reconcile();
    this.log = [...this.disk.entries];
    this.state = this.#load(now, true, seed);
  }

  /** As a driver does after a crash between a snapshot and the reset of the log: that follows. */
  #reconcile(): void {
    const { latest } = this.#snapshots;
    if (latest === undefined) return;
    const { index, term } = latest.head;
    const { disk } = this;
    disk.hardState = { ...disk.hardState, commit: Math.max(disk.hardState.commit, index) };
    if (disk.entries[index - 1]?.term === term) return;
    disk.entries = [...latest.entries];
    disk.base = { index, term };
  }

  /**
   * What was asked of the disk and not done, but for the first `kept`, is lost, and so is what
   * waited for it.
   */
  crash(kept: number, forget: boolean): void {
    this.#persist(kept);
    if (forget && this.disk.entries.length > 1) this.disk.entries.pop();
    this.pending.length = 0;
    this.#held = [];
    this.#snapshots.crash();
  }

  /** The store is gone; `disk` takes its place. */
  wipe(disk: Stored, now: number): void {
    this.crash(0, false);
    Object.assign(this.disk, disk);
    this.#snapshots = new ScriptedSnapshots(disk.snapshots);
    this.log = [...disk.entries];
    this.state = this.#load(now, false);
  }

  step(event: RaftEvent, now: number, names: readonly string[] = []): StepResult {
    const before = summarize(this.state);
    const effects = [...step(this.state, event, now)];
    const sent = event.type === 'written' ? this.#release(event.write) : [];
    for (const effect of effects) this.#run(effect, event, names, sent);
    checkState(this.state);
    checkStep(before, this.state, effects);
    this.#checkMirror();
    return { effects, sent };
  }

  /** The oldest writes that are asked for reach the disk, as one. */
  completeWrite(now: number, count: number): Completed | undefined {
    const writes = this.#persist(count);
    const last = writes.at(-1);
    if (last === undefined) return undefined;
    const { lastIndex, lastTerm, write } = last;
    return { writes, result: this.step({ type: 'written', write, lastIndex, lastTerm }, now) };
  }

  /** The store or the machine does what it was asked for first; what that means is an event. */
  workOnSnapshots(isDamaged: boolean): Done | undefined {
    const take = () => snapshotOf(this.id, this.log, this.state.applied);
    return this.#snapshots.work(take, isDamaged);
  }

  get deadline(): number {
    return nextDeadline(this.state);
  }

  #persist(count: number): Write[] {
    return this.pending.splice(0, count).map(({ entries, write }) => {
      this.disk.hardState = write.hardState;
      this.disk.known = write.known ?? this.disk.known;
      if (write.reset !== undefined) {
        this.disk.entries = [...this.#snapshots.at(write.reset.index).entries];
        this.disk.base = write.reset;
      }
      if (write.truncateFrom > 0) this.disk.entries.length = write.truncateFrom - 1;
      this.disk.entries.push(...entries);
      if (write.compactTo > 0) {
        const { term } = this.disk.entries[write.compactTo - 1] as Entry;
        this.disk.base = { index: write.compactTo, term };
      }
      return write;
    });
  }

  #load(now: number, restarted: boolean, seed = seedOf(this.id)): RaftState {
    const { base, hardState, incarnation, known } = this.disk;
    const entries = this.disk.entries.slice(base.index);
    const runs = entries.flatMap(({ term }, at) =>
      entries[at - 1]?.term === term ? [] : [{ from: base.index + at + 1, term }],
    );
    return createState({
      id: this.id,
      incarnation,
      boot: ++this.#boots,
      known,
      configs: configsIn(this.disk.entries, this.#snapshots.latest?.head),
      hardState,
      positions: {
        base,
        runs,
        sizes: entries.map((entry) => entry.size),
        lastTimeMs: this.disk.entries.at(-1)?.timeMs ?? 0,
      },
      options: this.#options,
      applied: 0,
      snapshot: this.#snapshots.latest?.head,
      repairFrom: 0,
      silentMs: restarted ? this.#options.electionMinMs : 0,
      seed,
      now,
    });
  }

  #run(effect: Effect, event: RaftEvent, names: readonly string[], sent: Envelope[]): void {
    if (effect.type === 'append') {
      for (let index = effect.from; index < effect.until; index++) {
        const { config, kind, term, timeMs } = effect;
        const own = config === undefined ? kind : nameOf(config);
        const name = kind === 'proposed' ? (names[index - effect.from] ?? '?') : own;
        const bodies = event.type === 'propose' ? event.bodies : [];
        const size = bodies[index - effect.from]?.length ?? 0;
        this.log.push({ term, timeMs, name, size, config });
      }
    } else if (effect.type === 'accept' && event.type === 'receive') {
      const { from } = event.message as Append;
      this.log.length = effect.from - 1;
      const entries = event.entries as readonly Entry[];
      this.log.push(...entries.slice(effect.from - from, effect.until - from));
    } else if (effect.type === 'write') {
      const { reset } = effect;
      if (reset !== undefined) this.log = [...this.#snapshots.at(reset.index).entries];
      const entries = this.log.slice(effect.from - 1, effect.until - 1);
      this.pending.push({ write: effect, entries });
    } else if (effect.type === 'send') {
      this.#send(effect, sent);
    } else {
      this.#snapshots.note(effect);
    }
  }

  #send({ to, message, after }: Send, sent: Envelope[]): void {
    const entries =
      message.type === 'append' ? this.log.slice(message.from - 1, message.until - 1) : [];
    const { incarnation } = this.disk;
    const envelope = { from: this.id, incarnation, to, message, entries };
    if (after > this.state.writes.completed) this.#held.push({ after, envelope });
    else sent.push(envelope);
  }

  #release(write: number): Envelope[] {
    const due = this.#held.filter((held) => held.after <= write);
    this.#held = this.#held.filter((held) => held.after > write);
    return due.map((held) => held.envelope);
  }

  /** What the core believes of its log is what the entries are. */
  #checkMirror(): void {
    assert(this.state.log.last === this.log.length, 'the core and the log have the same end');
    for (const [at, entry] of this.log.entries()) {
      if (at < this.state.log.base.index) continue;
      assert(termAt(this.state.log, at + 1) === entry.term, 'the core knows every term');
    }
  }
}

/** Those of the log; what a snapshot says takes the place of all before it. */
function configsIn(entries: readonly Entry[], head: SnapshotHead | undefined): ConfigurationAt[] {
  const all = entries.flatMap(({ config }, at) =>
    config === undefined ? [] : [{ index: at + 1, config }],
  );
  return head === undefined ? all : [head.config, ...all.filter(({ index }) => index > head.index)];
}

function seedOf(id: MemberId): number {
  return [...id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
}
