// A machine's state as a whole, at one entry: taken for a snapshot, or replaced by one. What the
// library itself keeps beside the machine goes with it.
import type { LogPosition, SnapshotSource, StateMachine } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import type { Sessions } from '../raft/index.ts';
import { type AppliedAt, checkVersion, FEATURES } from './applied-point.ts';
import type { Applier } from './applier.ts';
import { checkPosition } from './restore-plan.ts';
import type { SessionApplier } from './session-applier.ts';
import { isThenable } from './thenable.ts';
import { Watched } from './watched.ts';
import { decodeSessions, encodeSessions, type SnapshotContent } from './wire/index.ts';

export interface MachineStateParts {
  readonly machine: Pick<
    StateMachine<never, unknown>,
    'lastApplied' | 'restore' | 'snapshot' | 'version'
  >;
  readonly applier: Pick<
    Applier<never, unknown, never, unknown>,
    'applied' | 'exclusive' | 'fail' | 'keep' | 'kept' | 'moveTo'
  >;
  readonly sessions: Pick<SessionApplier<never, unknown>, 'replace' | 'table'>;
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

export class MachineState {
  readonly #parts: MachineStateParts;

  constructor(parts: MachineStateParts) {
    this.#parts = parts;
  }

  /** All that a snapshot holds, as it is at one entry. Rejects with what the machine throws. */
  capture(): Promise<Captured> {
    return this.#exclusive((at) => {
      const { machine, sessions } = this.#parts;
      const library = encodeSessions(sessions.table);
      const source = machine.snapshot();
      if (isThenable(source)) {
        return source.then((taken) => this.#withDurable({ at, library, machine: taken }));
      }
      return this.#withDurable({ at, library, machine: source });
    });
  }

  /**
   * Replaces everything by what a snapshot taken at `at` holds: what was applied is nobody's
   * concern any more, and entries go on behind it. A machine that has kept its state itself, and is
   * at that entry or further, keeps it. `open` is called when nothing else is under way: nothing is
   * read from the log, or applied, until the restore is over. False, without opening it, when
   * entries have come as far by then; unless it is to repair the machine, which is put back then,
   * whatever it has kept. A restore that fails ends the node.
   */
  restore(
    open: () => PromiseLike<SnapshotContent>,
    at: AppliedAt,
    isRepair = false,
  ): Promise<boolean> {
    const { applier, sessions } = this.#parts;
    let begun = false;
    return new Promise((resolve, reject) => {
      applier.exclusive<Sessions | undefined>({
        inStep: false,
        run: (now) => {
          begun = true;
          if (isRepair) applier.keep(0);
          else if (at.index <= now.index) return undefined;
          return this.#read(open, at);
        },
        done: (table) => {
          if (table !== undefined) {
            sessions.replace(table);
            applier.moveTo(at);
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
  async #read(open: () => PromiseLike<SnapshotContent>, at: AppliedAt): Promise<Sessions> {
    const { applier, machine } = this.#parts;
    const { index, machineVersion, term, timeMs } = at;
    checkVersion({ features: FEATURES, machineVersion }, machine.version ?? 1, index);
    const content = await opened(open, index);
    const table = readTable(content.library, index);
    if (index <= applier.kept) {
      await content.machine.return();
      return table;
    }
    const pieces = new Watched(content.machine);
    try {
      await machine.restore(pieces, { index, term, timeMs, machineVersion });
    } catch (cause) {
      throw pieces.failure === undefined ? cause : unreadable(pieces.failure.cause, index);
    }
    if (pieces.failure !== undefined) throw unreadable(pieces.failure.cause, index);
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

async function opened(
  open: () => PromiseLike<SnapshotContent>,
  index: number,
): Promise<SnapshotContent> {
  try {
    return await open();
  } catch (cause) {
    throw unreadable(cause, index);
  }
}

function readTable(library: Uint8Array, index: number): Sessions {
  try {
    return decodeSessions(library);
  } catch (cause) {
    const message = `the library's part of the snapshot at index ${index} is damaged`;
    const details = { cause, index, outcome: 'unknown' } as const;
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
