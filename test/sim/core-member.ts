// What the simulation keeps of one member: its state, its log in memory, its disk.
import assert from 'node:assert/strict';
import { nextFloat, type Prng } from '../../src/lib/prng.ts';
import type { EntryHead, RaftState, Send, TermRun, Write } from '../../src/raft/index.ts';

/** `id`: 0 for a no-op, else the number of the command. */
export interface Entry extends EntryHead {
  readonly id: number;
}

export interface Disk {
  term: number;
  votedFor: string | undefined;
  commit: number;
  /** The entry of index i is at i - 1. */
  entries: Entry[];
}

export interface Batch {
  readonly write: Write;
  readonly entries: readonly Entry[];
}

export interface Member {
  readonly id: string;
  readonly disk: Disk;
  state: RaftState | undefined;
  boot: number;
  log: Entry[];
  held: Send[];
  completed: number;
  waiting: Batch[];
  inFlight: Batch | undefined;
  applied: number;
}

export function same(a: Entry | undefined, b: Entry): boolean {
  return a !== undefined && a.term === b.term && a.id === b.id;
}

/** Log Matching (§5.3): equal terms at one index mean equal logs up to there. */
export function checkMatching(a: readonly Entry[], b: readonly Entry[]): void {
  let equal = Math.min(a.length, b.length) - 1;
  while (equal >= 0 && a[equal]?.term !== b[equal]?.term) equal--;
  for (let at = 0; at <= equal; at++)
    assert(same(a[at], b[at] as Entry), `logs match at ${at + 1}`);
}

export function runsOf(entries: readonly Entry[]): TermRun[] {
  const runs: TermRun[] = [];
  for (const [at, { term }] of entries.entries()) {
    if (runs.at(-1)?.term !== term) runs.push({ from: at + 1, term });
  }
  return runs;
}

export interface Happening {
  readonly at: number;
  readonly run: () => void;
}

export interface Run {
  readonly commits: number;
  readonly leaders: number;
  readonly crashes: number;
}

/** Shares of messages lost, repeated and of crashes; longest delays of network and disk, in ms. */
export interface Faults {
  loss: number;
  repeat: number;
  delay: number;
  disk: number;
  crash: number;
}

/** Each kind of fault is absent in two runs of five. */
export function drawFaults(prng: Prng): Faults {
  const some = (most: number) => (nextFloat(prng) < 0.4 ? 0 : nextFloat(prng) * most);
  return {
    loss: some(0.3),
    repeat: some(0.3),
    delay: 1 + some(60),
    disk: 1 + some(nextFloat(prng) < 0.3 ? 600 : 80),
    crash: some(0.5),
  };
}
