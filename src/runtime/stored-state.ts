// Brings what a log store and a snapshot store hold together. A crash between keeping a snapshot
// and beginning the log after it leaves both as they were: here the log follows.
import type {
  LogWrite,
  SnapshotStore,
  StoredLog,
  StoredSnapshot,
  TermRun,
} from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import { storeCall } from './store-call.ts';

/** A log and the snapshot that stands for what is before it. */
export interface StoredState {
  readonly log: StoredLog;
  readonly snapshot: StoredSnapshot | undefined;
  /** What must be written before anything else for the log to be so. */
  readonly correction: Pick<LogWrite, 'reset' | 'hardState'>;
}

/** Throws ERR_STORE_… when they contradict each other. */
export async function loadState(log: StoredLog, snapshots: SnapshotStore): Promise<StoredState> {
  const snapshot = await storeCall('load a snapshot', () => snapshots.latest());
  checkLog(log);
  const state = reconcile(log, snapshot);
  if (log.meta === undefined && snapshot !== undefined) {
    throw corrupt(`there is snapshot ${snapshot.id}, but the log is empty: it was lost`);
  }
  return state;
}

function checkLog({ base, hardState, last, sizes }: StoredLog): void {
  if (hardState.commit > last.index || sizes.length !== last.index - base.index) {
    const commit = `entries up to ${hardState.commit} were committed`;
    throw corrupt(`the store ends at entry ${last.index}, but ${commit}`);
  }
  if (last.term > hardState.term) {
    const term = `its term is ${hardState.term}`;
    throw corrupt(`the store holds an entry of term ${last.term}, but ${term}`);
  }
}

function reconcile(log: StoredLog, snapshot: StoredSnapshot | undefined): StoredState {
  const { base, hardState, last } = log;
  if ((snapshot?.index ?? 0) < base.index) {
    const found = snapshot === undefined ? 'no snapshot' : `only one of entry ${snapshot.index}`;
    throw corrupt(`the log begins after entry ${base.index}, and there is ${found}`);
  }
  if (snapshot === undefined) return { log, snapshot, correction: {} };
  const { index, term } = snapshot;
  const commit = Math.max(hardState.commit, index);
  if (index <= last.index && termOf(log, index) === term) {
    return { log: { ...log, hardState: { ...hardState, commit } }, snapshot, correction: {} };
  }
  if (index <= hardState.commit) {
    throw corrupt(`entry ${index} is committed in another term than snapshot ${snapshot.id} says`);
  }
  // What the log holds follows upon something else (fig. 13, rule 7).
  const reset = { index, term };
  const isNewTerm = term > hardState.term;
  const votedFor = isNewTerm ? undefined : hardState.votedFor;
  const corrected = { term: Math.max(hardState.term, term), votedFor, commit };
  const empty = { runs: [], sizes: [], configIndexes: [], lastTimeMs: 0 };
  return {
    log: { ...log, ...empty, hardState: corrected, base: reset, last: reset },
    snapshot,
    correction: { reset, hardState: corrected },
  };
}

function termOf({ base, runs }: StoredLog, index: number): number {
  const run = runs.findLast(({ from }: TermRun) => from <= index);
  return run?.term ?? base.term;
}

function corrupt(message: string): CoxswainError {
  return new CoxswainError('ERR_STORE_CORRUPT', message);
}
