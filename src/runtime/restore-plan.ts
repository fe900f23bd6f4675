// What a node begins with: its snapshot, its log, and a machine that may have kept its state.
import type { LogPosition, StateMachine, StoredLog } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';

export interface Found {
  /** Where the newest snapshot was taken, if there is one. */
  readonly snapshot: LogPosition | undefined;
  readonly log: Pick<StoredLog, 'base' | 'last' | 'runs'>;
  /** What the machine says of itself; undefined for one that keeps nothing. */
  readonly lastApplied: LogPosition | undefined;
}

export interface RestorePlan {
  /** What of the snapshot is restored; `library`: all but the machine's part. */
  readonly restore: 'nothing' | 'library' | 'all';
  /** Entries up to here go through the library alone: the machine has their effects. */
  readonly keptUpTo: number;
}

/** Throws ERR_STORE_CORRUPT when these cannot be of one member, at one time. */
export function planRestore({ lastApplied, log, snapshot }: Found): RestorePlan {
  const { base } = log;
  const from = snapshot?.index ?? 0;
  if (base.index > from) {
    const holds = snapshot === undefined ? 'there is no snapshot' : `the snapshot ends at ${from}`;
    throw corrupt(`the log begins after entry ${base.index}, but ${holds}`);
  }
  if (lastApplied !== undefined) checkKept(lastApplied, log, snapshot);
  const kept = lastApplied?.index ?? 0;
  if (snapshot === undefined) return { restore: 'nothing', keptUpTo: kept };
  if (kept < from) return { restore: 'all', keptUpTo: 0 };
  return { restore: 'library', keptUpTo: kept };
}

/** Of a machine, when the node opens. Throws ERR_STATE_MACHINE. */
export async function readLastApplied(
  machine: Pick<StateMachine<never, unknown>, 'lastApplied'>,
): Promise<LogPosition | undefined> {
  try {
    if (machine.lastApplied === undefined) return undefined;
    return checkPosition(await machine.lastApplied());
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const message = `the state machine does not say what it has applied: ${text}`;
    throw new CoxswainError('ERR_STATE_MACHINE', message, { cause, outcome: 'unknown' });
  }
}

/** What `lastApplied()` gave, when it can be meant. */
export function checkPosition(given: unknown): LogPosition {
  const { index, term } = (given ?? {}) as Partial<LogPosition>;
  if (isCount(index) && isCount(term)) return { index, term };
  throw new TypeError(`lastApplied() gave ${String(index)}@${String(term)}, not { index, term }`);
}

function checkKept(kept: LogPosition, log: Found['log'], snapshot: LogPosition | undefined): void {
  const known = kept.index === snapshot?.index ? snapshot.term : termAt(log, kept.index);
  if (known === kept.term) return;
  const says = `the state machine has applied entry ${kept.index} of term ${kept.term}`;
  if (known !== undefined) throw corrupt(`${says}; the log has one of term ${known} there`);
  // Below the log only the snapshot could tell; and that is restored, or further.
  if (kept.index < Math.max(log.base.index, snapshot?.index ?? 0)) return;
  const end = Math.max(log.last.index, snapshot?.index ?? 0);
  throw corrupt(`${says}; the store ends at entry ${end}`);
}

function termAt({ base, last, runs }: Found['log'], index: number): number | undefined {
  if (index < base.index || index > last.index) return undefined;
  return runs.findLast((run) => run.from <= index)?.term ?? base.term;
}

function corrupt(message: string): CoxswainError {
  return new CoxswainError('ERR_STORE_CORRUPT', message);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
