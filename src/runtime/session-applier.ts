// Entries of sessions, one at a time: which of them reach the machine, and what whoever waits for
// one is told. The same on every member.
import type { Codec, LogEntry, StateMachine } from '../contracts/index.ts';
import { CoxswainError, type ErrorDetails } from '../errors.ts';
import {
  closeSession,
  createSessions,
  fenceSequence,
  judgeCommand,
  openSession,
  recordResult,
  type Sessions,
} from '../raft/index.ts';
import { EntryContext } from './entry-context.ts';
import { readStored } from './read-stored.ts';
import { Refusal } from './refusal.ts';
import { isThenable } from './thenable.ts';
import {
  decodeFence,
  decodeSessionClose,
  decodeSessionCommand,
  decodeSessionOpen,
  type SessionAnswer,
  type SessionCommand,
} from './wire/index.ts';

export interface SessionApplierParts<C, R> {
  readonly machine: Pick<StateMachine<C, R>, 'apply'>;
  readonly command: Pick<Codec<C>, 'decode'>;
  readonly result: Pick<Codec<R>, 'encode'>;
}

/** What an entry came to. Undefined: done, and there is no more to say. */
export type Settled = SessionAnswer | Refusal | undefined;

/** A command that has not been applied, or what its entry comes to without being applied. */
export type Judged =
  | { readonly command: SessionCommand }
  | { readonly command: undefined; readonly settled: Settled };

export class SessionApplier<C, R> {
  readonly #parts: SessionApplierParts<C, R>;
  #sessions: Sessions = createSessions();

  constructor(parts: SessionApplierParts<C, R>) {
    this.#parts = parts;
  }

  /** Sessions that were not closed, and are not known to have expired: a count. */
  get count(): number {
    return this.#sessions.open.size;
  }

  /** The table as it is now; whoever keeps it copies it. */
  get table(): Sessions {
    return this.#sessions;
  }

  /** Goes on from another table, which is this one's from now on. */
  replace(sessions: Sessions): void {
    this.#sessions = sessions;
  }

  /** A promise while the machine is at work. Throws what the machine throws. */
  apply(entry: LogEntry, machineVersion: number): Settled | PromiseLike<Settled> {
    if (entry.kind !== 'session-command') return this.#applyOther(entry);
    const judged = this.judge(entry, Number.POSITIVE_INFINITY);
    if (judged === undefined || judged.command === undefined) return judged?.settled;
    const { machine, command: codec } = this.#parts;
    const { command } = judged;
    const context = new EntryContext(entry, machineVersion, command.session);
    const result = machine.apply(codec.decode(command.command), context);
    if (!isThenable(result)) return this.keep(entry, command, result);
    return result.then((value) => this.keep(entry, command, value));
  }

  /** An entry whose effects the machine has kept: it counts as applied, and its result is lost. */
  applyKept(entry: LogEntry): void {
    if (entry.kind === 'session-command') this.judge(entry, Number.POSITIVE_INFINITY);
    else this.#applyOther(entry);
  }

  /**
   * What to do with a command, just before it would be applied: it counts as applied from then on.
   * Undefined for a repeat of one that was judged at `pendingFrom` or later, as long as its result
   * is not there: it may be judged again.
   */
  judge(entry: LogEntry, pendingFrom: number): Judged | undefined {
    const { body, index: at } = entry;
    const command = readStored('session', at, () => decodeSessionCommand(body));
    const verdict = judgeCommand(this.#sessions, command, command.command, entry);
    if (verdict.type === 'apply') return { command };
    if (verdict.type !== 'repeat') return settledAs(refusals[verdict.type](at));
    const { index, result, term } = verdict.kept;
    if (result !== undefined) return settledAs({ applied: true, index, term, result });
    return index >= pendingFrom ? undefined : settledAs(unkept(index));
  }

  /** What came of a command that was to be applied. */
  keep({ index, term }: LogEntry, command: SessionCommand, value: R): Settled {
    let result: Uint8Array;
    try {
      // A copy: the machine may go on using what its codec has handed out.
      result = new Uint8Array(this.#parts.result.encode(value));
    } catch (cause) {
      return unencodable(index, cause);
    }
    recordResult(this.#sessions, command, result);
    return { applied: true, index, term, result };
  }

  #applyOther(entry: LogEntry): Settled {
    const { body, index, kind, timeMs } = entry;
    switch (kind) {
      case 'session-open': {
        const opening = readStored('session', index, () => decodeSessionOpen(body));
        if (openSession(this.#sessions, { ...opening, index, timeMs })) return undefined;
        return tableFull(opening.max, index);
      }
      case 'session-close':
        closeSession(
          this.#sessions,
          readStored('session', index, () => decodeSessionClose(body)),
        );
        return undefined;
      case 'fence':
        return this.#fence(entry);
      default:
        return undefined;
    }
  }

  #fence({ body, index, timeMs }: LogEntry): Settled {
    const name = readStored('session', index, () => decodeFence(body));
    const verdict = fenceSequence(this.#sessions, name, timeMs);
    if (verdict.type === 'closed') return { applied: false, index: 0, term: 0, result: undefined };
    if (verdict.type !== 'repeat') return refusals[verdict.type](index);
    const { kept } = verdict;
    return { applied: true, index: kept.index, term: kept.term, result: kept.result };
  }
}

const refusals = {
  // Whatever this very entry came to: one before it may have been applied, and forgotten since.
  expired: (index: number) =>
    refused('ERR_SESSION_EXPIRED', 'the session has expired or was closed', { index }),
  stale: (index: number) =>
    refused('ERR_SEQUENCE_REFUSED', 'its sequence was settled before', { index }),
  ahead: (index: number) =>
    refused('ERR_SEQUENCE_REFUSED', 'its sequence is too far above the floor', { index }),
  reused: (index: number) =>
    refused('ERR_SEQUENCE_REFUSED', 'its sequence belongs to another command', { index }),
  closed: (index: number) =>
    refused('ERR_SEQUENCE_REFUSED', 'its sequence was closed by a fence', {
      ...{ index, outcome: 'not-applied' },
    }),
} as const;

function refused(
  code: 'ERR_SESSION_EXPIRED' | 'ERR_SEQUENCE_REFUSED',
  message: string,
  details: ErrorDetails,
): Refusal {
  return new Refusal(new CoxswainError(code, message, { outcome: 'unknown', ...details }));
}

function tableFull(max: number, index: number): Refusal {
  const message = `there are sessions.max, ${max}, sessions`;
  const details = { outcome: 'not-applied', retryable: true, index } as const;
  return new Refusal(new CoxswainError('ERR_QUEUE_FULL', message, details));
}

function settledAs(settled: Settled): Judged {
  return { command: undefined, settled };
}

function unencodable(index: number, cause: unknown): Refusal {
  const message = `applied at index ${index}, but its result cannot be encoded`;
  const details = { cause, index, outcome: 'unknown' } as const;
  return new Refusal(new CoxswainError('ERR_COMMAND_ENCODING', message, details));
}

/** It could not be encoded, or the machine has kept the effects of that entry over a restart. */
function unkept(index: number): Refusal {
  const message = `applied at index ${index}, but its result was not kept`;
  return new Refusal(
    new CoxswainError('ERR_COMMAND_ENCODING', message, { index, outcome: 'unknown' }),
  );
}
