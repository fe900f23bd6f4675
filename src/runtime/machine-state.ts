// A machine's state as a whole, at one entry: taken for a snapshot, replaced by one, compared. What
// the library itself keeps beside the machine goes with it.
import type { LogPosition, SnapshotSource, StateMachine } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import type { Sessions } from '../raft/index.ts';
import { type AppliedAt, checkVersion, FEATURES } from './applied-point.ts';
import type { Applier } from './applier.ts';
import { checkPosition } from './restore-plan.ts';
import type { SessionApplier } from './session-applier.ts';
import { isThenable } from './thenable.ts';

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export interface MachineStateParts {
  readonly machine: Pick<
    StateMachine<never, unknown>,
    'digest' | 'lastApplied' | 'restore' | 'snapshot' | 'version'
  >;
  readonly applier: Pick<
    Applier<never, unknown, never, unknown>,
    'applied' | 'exclusive' | 'fail' | 'kept' | 'moveTo'
  >;
  readonly sessions: Pick<SessionApplier<never, unknown>, 'replace' | 'table'>;
  /** Copies what it needs: the table changes with the next entry. */
  readonly encodeSessions: (sessions: Sessions) => readonly Uint8Array[];
  /** Throws on bytes that `encodeSessions` did not make, whatever pieces they come in. */
  readonly decodeSessions: (pieces: Pieces) => Sessions | PromiseLike<Sessions>;
  /** The state was replaced by that of a snapshot: before anything else is applied or asked. */
  readonly restored: (at: AppliedAt) => void;
}

/** What a snapshot is made of. */
export interface Captured {
  readonly at: AppliedAt;
  readonly library: readonly Uint8Array[];
  /** May be read later, while entries are applied. */
  readonly machine: SnapshotSource;
  /** Up to here a machine that keeps its state itself has stored it. */
  readonly durable: LogPosition | undefined;
}

/** A snapshot as it is read back: `library` first, then `machine`; cut anywhere. */
export interface RestoreSource {
  readonly library: Pieces;
  readonly machine: AsyncIterable<Uint8Array>;
}

export class MachineState {
  readonly #parts: MachineStateParts;

  constructor(parts: MachineStateParts) {
    this.#parts = parts;
  }

  /** All that a snapshot holds, as it is at one entry. Rejects with what the machine throws. */
  capture(): Promise<Captured> {
    return this.#exclusive((at) => {
      const { encodeSessions, machine, sessions } = this.#parts;
      const library = encodeSessions(sessions.table);
      const source = machine.snapshot();
      if (isThenable(source)) {
        return source.then((taken) => this.#withDurable({ at, library, machine: taken }));
      }
      return this.#withDurable({ at, library, machine: source });
    });
  }

  /** Rejects with what the machine throws. */
  digest(): Promise<{ readonly at: AppliedAt; readonly digest: string }> {
    return this.#exclusive((at) => {
      const { machine } = this.#parts;
      if (machine.digest === undefined) throw new TypeError('the state machine has no digest()');
      const digest = machine.digest();
      if (!isThenable(digest)) return { at, digest: checkDigest(digest) };
      return digest.then((text) => ({ at, digest: checkDigest(text) }));
    });
  }

  /**
   * Replaces everything by what a snapshot taken at `at` holds: what was applied is nobody's
   * concern any more, and entries go on behind it. A machine that has kept its state itself, and is
   * at that entry or further, keeps it. `open` is called when nothing else is under way: nothing is
   * read from the log, or applied, until the restore is over. False, without opening it, when
   * entries have come as far by then. A restore that fails ends the node.
   */
  restore(open: () => RestoreSource | PromiseLike<RestoreSource>, at: AppliedAt): Promise<boolean> {
    const { applier, restored, sessions } = this.#parts;
    let begun = false;
    return new Promise((resolve, reject) => {
      applier.exclusive<Sessions | undefined>({
        inStep: false,
        run: (now) => {
          begun = true;
          return at.index <= now.index ? undefined : this.#read(open, at);
        },
        done: (table) => {
          if (table !== undefined) {
            sessions.replace(table);
            applier.moveTo(at);
            restored(at);
          }
          resolve(table !== undefined);
        },
        failed: (cause) => {
          if (!begun) return reject(cause);
          // Whatever it was, part of the state may be gone.
          const error = restoreError(cause, at.index);
          applier.fail(error);
          reject(error);
        },
      });
    });
  }

  /** The machine's part is restored when this resolves; the library's own is given back. */
  async #read(
    open: () => RestoreSource | PromiseLike<RestoreSource>,
    at: AppliedAt,
  ): Promise<Sessions> {
    const { applier, decodeSessions, machine } = this.#parts;
    const { index, machineVersion, term, timeMs } = at;
    checkVersion({ features: FEATURES, machineVersion }, machine.version ?? 1, index);
    const source = await open();
    const library = new Watched(source.library);
    const table = await library.during('damaged', index, () => decodeSessions(library));
    if (index <= applier.kept) return table;
    const pieces = new Watched(source.machine);
    const meta = { index, term, timeMs, machineVersion };
    await pieces.during('machine', index, () => machine.restore(pieces, meta));
    return table;
  }

  #withDurable(taken: Omit<Captured, 'durable'>): Captured | PromiseLike<Captured> {
    const durable = this.#parts.machine.lastApplied?.();
    if (durable === undefined) return { ...taken, durable };
    if (!isThenable(durable)) return { ...taken, durable: checkPosition(durable) };
    return durable.then((position) => ({ ...taken, durable: checkPosition(position) }));
  }

  #exclusive<T>(run: (at: AppliedAt) => T | PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#parts.applier.exclusive<T>({ inStep: true, run, done: resolve, failed: reject });
    });
  }
}

/** Pieces of a snapshot on their way to a reader, who may hide that they could not be had. */
class Watched implements AsyncIterable<Uint8Array> {
  readonly #pieces: Pieces;
  #failure: { readonly cause: unknown } | undefined;

  constructor(pieces: Pieces) {
    this.#pieces = pieces;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    try {
      yield* this.#pieces;
    } catch (cause) {
      this.#failure = { cause };
      throw cause;
    }
  }

  /** What `read` gives; an error that says whose fault it is that it could not. */
  async during<T>(
    blame: 'damaged' | 'machine',
    index: number,
    read: () => T | PromiseLike<T>,
  ): Promise<T> {
    let value: T | undefined;
    let refused: { readonly cause: unknown } | undefined;
    try {
      value = await read();
    } catch (cause) {
      refused = { cause };
    }
    if (this.#failure !== undefined) throw unreadable(this.#failure.cause, index);
    if (refused === undefined) return value as T;
    if (blame === 'machine') throw refused.cause;
    const message = `the library's part of the snapshot at index ${index} is damaged`;
    const details = { cause: refused.cause, index, outcome: 'unknown' } as const;
    throw new CoxswainError('ERR_STORE_CORRUPT', message, details);
  }
}

function unreadable(cause: unknown, index: number): CoxswainError {
  if (isFinal(cause)) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const message = `the snapshot at index ${index} could not be read: ${text}`;
  return new CoxswainError('ERR_STORE_FAILED', message, { cause, index, outcome: 'unknown' });
}

function restoreError(cause: unknown, index: number): CoxswainError {
  if (isFinal(cause)) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const message = `the state machine could not restore the snapshot at index ${index}: ${text}`;
  return new CoxswainError('ERR_STATE_MACHINE', message, { cause, index, outcome: 'unknown' });
}

function isFinal(cause: unknown): cause is CoxswainError {
  if (!(cause instanceof CoxswainError)) return false;
  const { code } = cause;
  return code.startsWith('ERR_STORE') || code === 'ERR_VERSION_UNSUPPORTED';
}

function checkDigest(digest: unknown): string {
  if (typeof digest === 'string') return digest;
  throw new TypeError(`digest() gave ${typeof digest}, not a string`);
}
