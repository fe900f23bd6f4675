// One member as plain data: the real core's state, its log, its disk, and what waits for the disk.
// Never changed once made; a transition works on a draft of it.
import {
  cloneState,
  createConfiguration,
  createState,
  type HardState,
  hashState,
  type MemberId,
  type RaftState,
  type Write,
} from '../../raft/index.ts';
import { configurationsOf, type SimEntry } from '../simulator/sim-disk.ts';
import type { Envelope } from '../simulator/sim-member.ts';
import { EXPLORER_OPTIONS } from './scope.ts';

/** A write asked for, with its entries as they were then. */
export interface Batch {
  readonly write: Write;
  readonly entries: readonly SimEntry[];
}

/** A message that waits for write `after`. */
export interface Held {
  readonly after: number;
  readonly envelope: Envelope;
}

export interface Local {
  readonly at: number;
  readonly state: RaftState;
  /** The log as the core sees it, durable or not. Entry i is at place i - 1. */
  readonly log: readonly SimEntry[];
  readonly hardState: HardState;
  /** What is durable. */
  readonly disk: readonly SimEntry[];
  readonly pending: readonly Batch[];
  readonly held: readonly Held[];
}

function firstEntry(members: number): SimEntry {
  const voters = Array.from({ length: members }, (_, at) => idOf(at));
  const incarnations = new Map(voters.map((id) => [id, INCARNATION]));
  const config = createConfiguration({ voters, incarnations });
  return { term: 1, timeMs: 0, size: 0, serial: 0, config };
}

/** Nobody's store is emptied here: all are alike in this, too. */
export const INCARNATION = 1;

export function idOf(at: number): MemberId {
  return String.fromCharCode(97 + at);
}

export function placeOf(id: MemberId): number {
  return id.charCodeAt(0) - 97;
}

export function createLocal(at: number, members: number): Local {
  const hardState = { term: 1, votedFor: undefined, commit: 1 };
  const disk = [firstEntry(members)];
  const state = loadState(at, hardState, disk, false);
  return { at, state, log: disk, hardState, disk, pending: [], held: [] };
}

export function loadState(
  at: number,
  hardState: HardState,
  disk: readonly SimEntry[],
  restarted: boolean,
): RaftState {
  const runs: { from: number; term: number }[] = [];
  for (const [place, { term }] of disk.entries()) {
    if (runs.at(-1)?.term !== term) runs.push({ from: place + 1, term });
  }
  const sizes = disk.map((entry) => entry.size);
  return createState({
    id: idOf(at),
    incarnation: INCARNATION,
    known: { admitted: true, pins: new Map() },
    configs: configurationsOf(disk),
    hardState,
    positions: { base: { index: 0, term: 0 }, runs, sizes, lastTimeMs: 0 },
    options: EXPLORER_OPTIONS,
    applied: 0,
    restarted,
    seed: 1,
    now: 0,
  });
}

/** Equal for two members that will do the same, whatever happens to them. */
export function keyOf(local: Local, numberOf: (envelope: Envelope) => number): string {
  const { at, disk, held, log, pending, state } = local;
  const { completed } = state.writes;
  return [
    at,
    hashState(state),
    entriesText(log),
    hardStateText(local.hardState),
    entriesText(disk),
    ...pending.map(
      ({ entries, write }) =>
        `w${write.write - completed} ${hardStateText(write.hardState)} ${write.truncateFrom} ` +
        `${write.lastIndex}@${write.lastTerm} ${entriesText(entries)}`,
    ),
    ...held.map(({ after, envelope }) => `h${after - completed} ${numberOf(envelope)}`),
  ].join('|');
}

/** Where a transition does its work. */
export interface Draft {
  readonly at: number;
  state: RaftState;
  log: SimEntry[];
  hardState: HardState;
  readonly disk: SimEntry[];
  pending: Batch[];
  held: Held[];
}

export function draftOf(local: Local): Draft {
  return {
    at: local.at,
    state: cloneState(local.state),
    log: [...local.log],
    hardState: local.hardState,
    disk: [...local.disk],
    pending: [...local.pending],
    held: [...local.held],
  };
}

function entriesText(entries: readonly SimEntry[]): string {
  return entries.map(({ serial, term }) => `${term}.${serial}`).join(',');
}

function hardStateText({ commit, term, votedFor }: HardState): string {
  return `${term}${votedFor ?? '-'}${commit}`;
}
