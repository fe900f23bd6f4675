// One member of a scripted cluster: the real core, a disk that completes when it is told to.
import { assert } from '../../../src/lib/assert.ts';
import {
  type Append,
  checkState,
  checkStep,
  createState,
  type Effect,
  type HardState,
  type MemberId,
  nextDeadline,
  type RaftEvent,
  type RaftOptions,
  type RaftState,
  type Send,
  step,
  summarize,
  termAt,
  type Write,
} from '../../../src/raft/index.ts';

export interface Entry {
  readonly term: number;
  readonly timeMs: number;
  readonly size: number;
  readonly name: string;
}

export interface Stored {
  hardState: HardState;
  /** Entry i is at place i - 1. */
  entries: Entry[];
}

export interface Envelope {
  readonly from: MemberId;
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

export const options: RaftOptions = {
  heartbeatMs: 100,
  electionMinMs: 1000,
  electionMaxMs: 2000,
  maxAppendBytes: 1 << 20,
  maxInflightAppends: 8,
  maxInflightBytes: 1 << 24,
  maxUncommittedBytes: 1 << 24,
  maxApplyLagBytes: 1 << 30,
};

export class ScriptedMember {
  readonly id: MemberId;
  readonly disk: Stored;
  readonly pending: PendingWrite[] = [];
  state: RaftState;
  /** The log as this member sees it, durable or not. */
  log: Entry[];
  #held: { after: number; envelope: Envelope }[] = [];
  readonly #voters: readonly MemberId[];
  #options: RaftOptions;

  constructor(id: MemberId, voters: readonly MemberId[], disk: Stored, limits: RaftOptions) {
    this.id = id;
    this.disk = disk;
    this.log = [...disk.entries];
    this.#voters = voters;
    this.#options = limits;
    this.state = this.#load(0, false);
  }

  /** Back from the disk: everything else is forgotten. */
  restart(now: number): StepResult {
    this.log = [...this.disk.entries];
    this.state = this.#load(now, true);
    return this.step({ type: 'start' }, now);
  }

  /** What was asked of the disk and not done is lost, and so is what waited for it. */
  crash(): void {
    this.pending.length = 0;
    this.#held = [];
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

  /** The oldest write that is asked for reaches the disk. */
  completeWrite(now: number): { write: Write; result: StepResult } | undefined {
    const pending = this.pending.shift();
    if (pending === undefined) return undefined;
    const { write, entries } = pending;
    this.disk.hardState = write.hardState;
    if (write.truncateFrom > 0) this.disk.entries.length = write.truncateFrom - 1;
    this.disk.entries.push(...entries);
    const { lastIndex, lastTerm } = write;
    const result = this.step({ type: 'written', write: write.write, lastIndex, lastTerm }, now);
    return { write, result };
  }

  get deadline(): number {
    return nextDeadline(this.state);
  }

  #load(now: number, restarted: boolean): RaftState {
    const { entries, hardState } = this.disk;
    const runs = entries.flatMap(({ term }, at) =>
      entries[at - 1]?.term === term ? [] : [{ from: at + 1, term }],
    );
    return createState({
      id: this.id,
      config: { voters: this.#voters, outgoing: [], learners: [] },
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
      seed: [...this.id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7),
      now,
    });
  }

  #run(effect: Effect, event: RaftEvent, names: readonly string[], sent: Envelope[]): void {
    if (effect.type === 'append') {
      for (let index = effect.from; index < effect.until; index++) {
        const name = effect.kind === 'noop' ? 'noop' : (names[index - effect.from] ?? '?');
        const { term, timeMs } = effect;
        this.log.push({ term, timeMs, name, size: effect.kind === 'noop' ? 0 : name.length });
      }
    } else if (effect.type === 'accept' && event.type === 'receive') {
      const { from } = event.message as Append;
      this.log.length = effect.from - 1;
      const entries = event.entries as readonly Entry[];
      this.log.push(...entries.slice(effect.from - from, effect.until - from));
    } else if (effect.type === 'write') {
      const entries = this.log.slice(effect.from - 1, effect.until - 1);
      this.pending.push({ write: effect, entries });
    } else if (effect.type === 'send') {
      this.#send(effect, sent);
    }
  }

  #send({ to, message, after }: Send, sent: Envelope[]): void {
    const entries =
      message.type === 'append' ? this.log.slice(message.from - 1, message.until - 1) : [];
    const envelope = { from: this.id, to, message, entries };
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
      assert(termAt(this.state.log, at + 1) === entry.term, 'the core knows every term');
    }
  }
}
