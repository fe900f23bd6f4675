// Commands that follow each other in the log, for a machine that takes many at once. What each
// entry comes to is the same as one at a time, however they are divided.
import type { Codec, Committed, LogEntry } from '../contracts/index.ts';
import { EntryContext } from './entry-context.ts';
import type { SessionApplier, Settled } from './session-applier.ts';
import { isThenable } from './thenable.ts';
import type { SessionCommand } from './wire/index.ts';

export interface BatchesParts<C, R> {
  readonly applyBatch: (
    entries: readonly Committed<C>[],
  ) => readonly R[] | PromiseLike<readonly R[]>;
  readonly codec: Pick<Codec<C>, 'decode'>;
  readonly sessions: Pick<SessionApplier<C, R>, 'judge' | 'keep'>;
  readonly entryAt: (index: number) => LogEntry | undefined;
}

/** One entry of a batch: it waits for a result of the machine, or needs none. */
interface Place {
  readonly entry: LogEntry;
  readonly isReady: boolean;
  /** What it came to, when it is ready. */
  readonly settled: Settled;
  /** The session's command, when it is one, and not ready. */
  readonly command: SessionCommand | undefined;
}

/** What is left to do once the machine has answered. */
export type SettleBatch = (settle: (entry: LogEntry, result: unknown) => void) => void;

export function isCommand({ kind }: LogEntry): boolean {
  return kind === 'command' || kind === 'session-command';
}

export class Batches<C, R> {
  readonly #parts: BatchesParts<C, R>;

  constructor(parts: BatchesParts<C, R>) {
    this.#parts = parts;
  }

  /**
   * Applies the commands from `from` on, below `until`: as many as follow each other and are in
   * memory; the first is. What comes back settles them, in order. Throws what the machine throws.
   */
  apply(
    from: number,
    until: number,
    machineVersion: number,
  ): SettleBatch | PromiseLike<SettleBatch> {
    const places: Place[] = [];
    const committed: Committed<C>[] = [];
    for (let index = from; index < until; index++) {
      const entry = this.#parts.entryAt(index);
      if (entry === undefined || !isCommand(entry)) break;
      const place = this.#judge(entry, from);
      if (place === undefined) break;
      places.push(place);
      if (!place.isReady) committed.push(this.#decode(place, machineVersion));
    }
    if (committed.length === 0) return (settle) => this.#settle(places, [], settle);
    const results = this.#parts.applyBatch(committed);
    const settleBy = (answers: readonly R[]): SettleBatch => {
      checkResults(answers, committed.length);
      return (settle) => this.#settle(places, answers, settle);
    };
    return isThenable(results) ? results.then(settleBy) : settleBy(results);
  }

  /** Undefined for a repeat of a command of this batch: its result is not there yet. */
  #judge(entry: LogEntry, from: number): Place | undefined {
    if (entry.kind === 'command') {
      return { entry, isReady: false, settled: undefined, command: undefined };
    }
    const judged = this.#parts.sessions.judge(entry, from);
    if (judged === undefined) return undefined;
    const { command } = judged;
    if (command !== undefined) return { entry, isReady: false, settled: undefined, command };
    return { entry, isReady: true, settled: judged.settled, command: undefined };
  }

  #decode({ command, entry }: Place, machineVersion: number): Committed<C> {
    const bytes = command === undefined ? entry.body : command.command;
    const context = new EntryContext(entry, machineVersion, command?.session);
    try {
      return { command: this.#parts.codec.decode(bytes), context };
    } catch (cause) {
      throw new UndecodedError(entry.index, cause);
    }
  }

  #settle(
    places: readonly Place[],
    answers: readonly R[],
    settle: (entry: LogEntry, result: unknown) => void,
  ): void {
    let next = 0;
    for (const { command, entry, isReady, settled } of places) {
      if (isReady) {
        settle(entry, settled);
        continue;
      }
      const answer = answers[next++] as R;
      const result =
        command === undefined ? answer : this.#parts.sessions.keep(entry, command, answer);
      settle(entry, result);
    }
  }
}

/** A command that its codec refuses: the batch's own index would be misleading. */
export class UndecodedError extends Error {
  override readonly name = 'UndecodedError';
  readonly index: number;

  constructor(index: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.index = index;
  }
}

function checkResults(answers: unknown, expected: number): void {
  const given = Array.isArray(answers) ? `${answers.length} results` : typeof answers;
  if (Array.isArray(answers) && answers.length === expected) return;
  throw new TypeError(`applyBatch() gave ${given} for ${expected} commands`);
}
