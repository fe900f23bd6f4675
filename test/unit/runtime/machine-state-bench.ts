// An applier, a machine that keeps every command, and its state as a whole, for tests to drive.
import type { LogEntry, LogPosition, SnapshotMeta } from '../../../src/contracts/index.ts';
import type { CoxswainError } from '../../../src/errors.ts';
import type { Sessions } from '../../../src/raft/index.ts';
import { BEGINNING } from '../../../src/runtime/applied-point.ts';
import { Applier } from '../../../src/runtime/applier.ts';
import { LogWindow } from '../../../src/runtime/log-window.ts';
import { MachineState } from '../../../src/runtime/machine-state.ts';
import { SessionApplier } from '../../../src/runtime/session-applier.ts';
import { OwnEntry } from '../../../src/runtime/wire/index.ts';
import { DeferredStore } from './deferred.ts';

const text = new TextDecoder();

export async function join(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return text.decode(Buffer.concat(all));
}

/** A table of sessions, of these names. */
export function tableOf(...ids: readonly number[]): Sessions {
  const record = () => ({ idleMs: 1000, lastTimeMs: 0, floor: 0, kept: new Map() });
  return { open: new Map(ids.map((id) => [id, record()])), calmUntilMs: 0 };
}

export class MachineBench {
  readonly log: string[] = [];
  readonly failed: CoxswainError[] = [];
  readonly metas: SnapshotMeta[] = [];
  readonly advanced: number[] = [];
  readonly window = new LogWindow(1, { memoryWindowBytes: 1 << 20 });
  readonly store = new DeferredStore();
  content: string[] = [];
  nowMs = 0;
  soon: (() => void)[] = [];
  /** When they are there: what these calls of the machine wait for, or throw. */
  applying: ((command: string) => PromiseLike<void> | undefined) | undefined;
  asking: (() => PromiseLike<void> | undefined) | undefined;
  saving: (() => PromiseLike<void> | undefined) | undefined;
  restoring: ((pieces: AsyncIterable<Uint8Array>) => PromiseLike<void>) | undefined;
  durable: LogPosition | undefined;
  onSettled: (index: number) => void = () => undefined;
  readonly sessions: SessionApplier<string, string>;
  readonly applier: Applier<string, string, string, string>;
  readonly state: MachineState;
  #last = 0;

  constructor({ kept = 0, maxApplyBatch = 100, version = 1 } = {}) {
    const machine = this.#machine(version);
    const codec = { encode: never, decode: (body: Uint8Array) => text.decode(body) };
    const result = { encode: (value: string) => Buffer.from(value) };
    this.sessions = new SessionApplier<string, string>({ machine, command: codec, result });
    this.applier = new Applier<string, string, string, string>(
      {
        ...{ machine, codec, window: this.window, store: this.store },
        limits: { maxApplyBatch, maxAppendBytes: 1000, maxQueuedReads: 100 },
        sessions: this.sessions,
        clock: {
          ...{ now: () => this.nowMs, wallMs: never, after: never },
          soon: (callback) => void this.soon.push(callback),
        },
        ...{ isLeading: () => false, due: never, verify: never },
        settled: ({ index }) => {
          this.log.push(`applied ${index}`);
          this.onSettled(index);
        },
        advanced: (index) => void this.advanced.push(index),
        failed: (error) => void this.failed.push(error),
      },
      BEGINNING,
    );
    this.applier.keep(kept);
    this.state = new MachineState({
      ...{ machine, applier: this.applier, sessions: this.sessions },
    });
  }

  add(body: string | Uint8Array, kind: LogEntry['kind'] = 'command'): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const index = ++this.#last;
    this.window.append(new OwnEntry(index, { term: 2, timeMs: 10 * index, kind }, bytes));
  }

  addLetters(letters: string): void {
    for (const letter of letters) this.add(letter);
  }

  query(query: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.applier.query(query, resolve, reject);
    });
  }

  /** Turns that wait for others to have had theirs. */
  runSoon(): void {
    for (const callback of this.soon.splice(0)) callback();
  }

  #machine(version: number) {
    const whole = () => this.content.join('');
    const after = <T>(wait: PromiseLike<void> | undefined, then: () => T) =>
      wait === undefined ? then() : wait.then(then);
    return {
      version,
      apply: (command: string) =>
        after(this.applying?.(command), () => {
          this.content.push(command);
          return whole();
        }),
      query: (query: string) => {
        this.log.push(`asked ${query}`);
        return after(this.asking?.(), whole);
      },
      snapshot: () => after(this.saving?.(), () => Buffer.from(whole())),
      lastApplied: () => this.durable as LogPosition,
      restore: async (pieces: AsyncIterable<Uint8Array>, meta: SnapshotMeta) => {
        this.metas.push(meta);
        if (this.restoring !== undefined) return this.restoring(pieces);
        this.content = [...(await join(pieces))];
      },
    };
  }
}

function never(): never {
  throw new Error('not asked for in this test');
}
