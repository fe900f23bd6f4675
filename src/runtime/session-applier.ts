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
type Settled = SessionAnswer | Refusal | undefined;

export class SessionApplier<C, R> {
  readonly #parts: SessionApplierParts<C, R>;
  readonly #sessions: Sessions = createSessions();

  constructor(parts: SessionApplierParts<C, R>) {
    this.#parts = parts;
  }

  /** Sessions that were not closed, and are not known to have expired: a count. */
  get count(): number {
    return this.#sessions.open.size;
  }

  /** A promise while the machine is at work. Throws what the machine throws. */
  apply(entry: LogEntry): Settled | PromiseLike<Settled> {
    const { body, index, kind, timeMs } = entry;
    switch (kind) {
      case 'session-open': {
        const opening = readStored(index, () => decodeSessionOpen(body));
        if (openSession(this.#sessions, { ...opening, index, timeMs })) return undefined;
        return tableFull(opening.max, index);
      }
      case 'session-close':
        closeSession(
          this.#sessions,
          readStored(index, () => decodeSessionClose(body)),
        );
        return undefined;
      case 'session-command':
        return this.#command(
          entry,
          readStored(index, () => decodeSessionCommand(body)),
        );
      case 'fence':
        return this.#fence(entry);
      default:
        return undefined;
    }
  }

  #command(entry: LogEntry, command: SessionCommand): Settled | PromiseLike<Settled> {
    const { machine, command: codec } = this.#parts;
    const verdict = judgeCommand(this.#sessions, command, command.command, entry);
    if (verdict.type === 'repeat') {
      const { index, result, term } = verdict.kept;
      if (result === undefined) return unencodable(index);
      return { applied: true, index, term, result };
    }
    if (verdict.type !== 'apply') return refusals[verdict.type](entry.index);
    const context = new EntryContext(entry, 1, command.session);
    const result = machine.apply(codec.decode(command.command), context);
    if (!isThenable(result)) return this.#keep(entry, command, result);
    return result.then((value) => this.#keep(entry, command, value));
  }

  #keep({ index, term }: LogEntry, command: SessionCommand, value: R): Settled {
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

  #fence({ body, index, timeMs }: LogEntry): Settled {
    const name = readStored(index, () => decodeFence(body));
    const verdict = fenceSequence(this.#sessions, name, timeMs);
    if (verdict.type === 'closed') return { applied: false, index: 0, term: 0, result: undefined };
    if (verdict.type !== 'repeat') return refusals[verdict.type](index);
    const { kept } = verdict;
    return { applied: true, index: kept.index, term: kept.term, result: kept.result };
  }
}

/** Received entries were read before they entered the log: a bad one was spoilt in the store. */
function readStored<T>(index: number, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const message = `the session's entry at index ${index} of the store is damaged`;
    throw new CoxswainError('ERR_STORE_CORRUPT', message, { cause, index, outcome: 'unknown' });
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

function unencodable(index: number, cause?: unknown): Refusal {
  const message = `applied at index ${index}, but its result cannot be encoded`;
  const details = { cause, index, outcome: 'unknown' } as const;
  return new Refusal(new CoxswainError('ERR_COMMAND_ENCODING', message, details));
}
