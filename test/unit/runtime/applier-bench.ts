// The applier with a machine, a store and a clock that the test drives.
import type { ApplyContext } from '../../../src/contracts/index.ts';
import type { CoxswainError } from '../../../src/errors.ts';
import { BEGINNING } from '../../../src/runtime/applied-point.ts';
import { Applier } from '../../../src/runtime/applier.ts';
import { LogWindow } from '../../../src/runtime/log-window.ts';
import { OwnEntry } from '../../../src/runtime/wire/index.ts';
import { DeferredStore } from './deferred.ts';

const text = new TextDecoder();

/** An applier and everything it touches; what it is told to do is in the test's hands. */
export class ApplierBench {
  readonly store = new DeferredStore();
  readonly window = new LogWindow(1, { memoryWindowBytes: 1 << 20 });
  readonly settled: string[] = [];
  readonly advanced: number[] = [];
  readonly failed: CoxswainError[] = [];
  readonly contexts: ApplyContext[] = [];
  /** What `apply` and `query` do; the name of the command or query is their result. */
  apply: (command: string) => string | PromiseLike<string> = (command) => command.toUpperCase();
  answer: (query: string) => string | PromiseLike<string> = (query) => query;
  soon: (() => void)[] = [];
  nowMs = 0;
  readonly applier: Applier<string, string, string, string>;

  constructor({ applied = 0, maxApplyBatch = 100 } = {}) {
    const never = () => {
      throw new Error('not asked for in this test');
    };
    this.applier = new Applier(
      {
        machine: {
          apply: (command, context) => {
            this.contexts.push(context);
            return this.apply(command);
          },
          query: (query) => this.answer(query),
          snapshot: never,
          restore: never,
        },
        codec: { encode: never, decode: (bytes) => text.decode(bytes) },
        ...{ window: this.window, store: this.store },
        limits: { maxApplyBatch, maxAppendBytes: 1000, maxQueuedReads: 100 },
        clock: {
          ...{ now: () => this.nowMs, wallMs: never, after: never },
          soon: (callback) => void this.soon.push(callback),
        },
        sessions: { apply: () => undefined, applyKept: never, judge: never, keep: never },
        isLeading: () => false,
        due: never,
        verify: never,
        settled: ({ index }, result) => void this.settled.push(`${index}=${String(result)}`),
        advanced: (index) => void this.advanced.push(index),
        failed: (error) => void this.failed.push(error),
      },
      { ...BEGINNING, index: applied },
    );
  }

  query(query: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.applier.query(query, resolve, reject);
    });
  }

  /** One command a letter, behind what is there. */
  append(letters: string): void {
    for (const letter of letters) {
      const index = this.window.first + this.#count++;
      this.window.append(letterEntry(index, letter));
    }
  }

  #count = 0;

  runSoon(): void {
    const due = this.soon;
    this.soon = [];
    for (const callback of due) callback();
  }
}

export function letterEntry(index: number, letter: string): OwnEntry {
  const kind = letter === '.' ? 'noop' : 'command';
  return new OwnEntry(index, { term: 3, timeMs: 100 + index, kind }, Buffer.from(letter));
}
