// One member as plain data: the real core's state, its log, its disk, and what waits for the disk.
// Never changed once made; a transition works on a draft of it.
import {
  type Configuration,
  cloneState,
  createConfiguration,
  createState,
  type HardState,
  hashState,
  type KnownMembers,
  type RaftState,
  type Write,
} from '../../raft/index.ts';
import { configurationsOf } from '../simulator/sim-disk.ts';
import type { SimEntry } from '../simulator/sim-entry.ts';
import type { Envelope } from '../simulator/sim-member.ts';
import { EXPLORER_OPTIONS, idOf, type Scope } from './scope.ts';

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

/** How many entries were known to be committed, by anybody, when it was asked for. */
export interface OpenRead {
  readonly number: number;
  readonly committed: number;
}

export interface Local {
  readonly at: number;
  readonly state: RaftState;
  /** The log as the core sees it, durable or not. Entry i is at place i - 1. */
  readonly log: readonly SimEntry[];
  readonly hardState: HardState;
  readonly known: KnownMembers;
  /** What is durable. */
  readonly disk: readonly SimEntry[];
  readonly pending: readonly Batch[];
  readonly held: readonly Held[];
  /** How often it has started: runs without a read do not count. */
  readonly boot: number;
  /** Reads that are not answered yet. */
  readonly reads: readonly OpenRead[];
}

function firstEntry({ learners, members }: Scope): SimEntry {
  const ids = Array.from({ length: members }, (_, at) => idOf(at));
  const incarnations = new Map(ids.map((id) => [id, INCARNATION]));
  const voters = ids.slice(0, members - learners);
  const config = createConfiguration({ voters, learners: ids.slice(voters.length), incarnations });
  return { term: 1, timeMs: 0, size: 0, serial: 0, config };
}

/** Nobody's store is emptied here: all are alike in this, too. */
export const INCARNATION = 2;

/** Nobody but the voters takes part before a leader is heard. */
const NOBODY_MET: KnownMembers = { admitted: true, pins: new Map() };

export function createLocal(at: number, scope: Scope): Local {
  const isNew = at >= scope.members - scope.learners;
  const durable: Durable = {
    at,
    hardState: isNew
      ? { term: 0, votedFor: undefined, commit: 0 }
      : { term: 1, votedFor: undefined, commit: 1 },
    known: NOBODY_MET,
    disk: isNew ? [] : [firstEntry(scope)],
    boot: 1,
  };
  const state = loadState(durable, false);
  return { ...durable, state, log: durable.disk, pending: [], held: [], reads: [] };
}

/** What a crash leaves. */
type Durable = Pick<Local, 'at' | 'hardState' | 'known' | 'disk' | 'boot'>;

export function loadState(durable: Durable, restarted: boolean): RaftState {
  const { at, boot, disk, hardState, known } = durable;
  const runs: { from: number; term: number }[] = [];
  for (const [place, { term }] of disk.entries()) {
    if (runs.at(-1)?.term !== term) runs.push({ from: place + 1, term });
  }
  const sizes = disk.map((entry) => entry.size);
  return createState({
    id: idOf(at),
    incarnation: INCARNATION,
    boot,
    known,
    configs: configurationsOf(disk),
    hardState,
    positions: { base: { index: 0, term: 0 }, runs, sizes, lastTimeMs: 0 },
    options: EXPLORER_OPTIONS,
    applied: 0,
    snapshot: undefined,
    repairFrom: 0,
    silentMs: restarted ? EXPLORER_OPTIONS.electionMinMs : 0,
    seed: 1,
    now: 0,
  });
}

/** The last one in the log: whatever the core itself takes for it. */
export function inForce(log: readonly SimEntry[]): Configuration | undefined {
  return log.findLast(({ config }) => config !== undefined)?.config;
}

/** Equal for two members that will do the same, whatever happens to them. */
export function keyOf(local: Local, numberOf: (envelope: Envelope) => number): string {
  const { at, disk, held, log, pending, reads, state } = local;
  const { completed } = state.writes;
  return [
    at,
    hashState(state),
    entriesText(log),
    hardStateText(local.hardState),
    knownText(local.known),
    entriesText(disk),
    ...pending.map(
      ({ entries, write }) =>
        `w${write.write - completed} ${hardStateText(write.hardState)} ${write.truncateFrom} ` +
        `${write.lastIndex}@${write.lastTerm} ${knownText(write.known)} ${entriesText(entries)}`,
    ),
    ...held.map(({ after, envelope }) => `h${after - completed} ${numberOf(envelope)}`),
    ...reads.map(({ committed, number }) => `r${number} ${committed}`),
  ].join('|');
}

/** Where a transition does its work. */
export interface Draft {
  readonly at: number;
  state: RaftState;
  log: SimEntry[];
  hardState: HardState;
  known: KnownMembers;
  readonly disk: SimEntry[];
  pending: Batch[];
  held: Held[];
  boot: number;
  reads: OpenRead[];
}

export function draftOf(local: Local): Draft {
  return {
    at: local.at,
    state: cloneState(local.state),
    log: [...local.log],
    hardState: local.hardState,
    known: local.known,
    disk: [...local.disk],
    pending: [...local.pending],
    held: [...local.held],
    boot: local.boot,
    reads: [...local.reads],
  };
}

/** Equal for messages that say the same. */
export function envelopeKey({ entries, from, message, to }: Envelope): string {
  return `${from}${to}${JSON.stringify(message)}${entriesText(entries)}`;
}

function entriesText(entries: readonly SimEntry[]): string {
  return entries.map(entryText).join(',');
}

export function entryText({ config, serial, term }: SimEntry): string {
  return config === undefined ? `${term}.${serial}` : `${term}.${configText(config)}`;
}

const configTexts = new WeakMap<Configuration, string>();

function configText(config: Configuration): string {
  const known = configTexts.get(config);
  if (known !== undefined) return known;
  const { incarnations, joining, learners, outgoing, voters } = config;
  const joins = joining.map(({ id, replaces }) => `${id}${replaces ?? ''}`);
  const lists = [voters, outgoing, learners, joins, [...incarnations].flat()];
  const text = `[${lists.map((list) => list.join('+')).join('/')}]`;
  configTexts.set(config, text);
  return text;
}

function knownText(known: KnownMembers | undefined): string {
  if (known === undefined) return '';
  return `${known.admitted ? 'k' : 'n'}${[...known.pins].join('+')}`;
}

function hardStateText({ commit, term, votedFor }: HardState): string {
  return `${term}${votedFor ?? '-'}${commit}`;
}
