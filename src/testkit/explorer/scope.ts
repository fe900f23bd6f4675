// How much an exploration looks at: everything that these few members can do within these bounds.
import { CoxswainError } from '../../errors.ts';
import {
  type MemberId,
  type MembersChange,
  NO_SNAPSHOTS,
  type RaftOptions,
  step,
} from '../../raft/index.ts';
import { checkBoolean, checkFunctions, checkInteger, checkKnown } from '../../runtime/index.ts';

export interface Scope {
  /** One to three make sense; they are called a, b, c. */
  readonly members: number;
  /** Nobody campaigns for a higher term. All begin in term 1, with one committed entry. */
  readonly maxTerm: number;
  readonly proposals: number;
  /** A crash loses what is not durable, keeps or loses what is being written, and restarts. */
  readonly crashes: number;
  /** How often a message is delivered that stays under way, to be delivered again. */
  readonly repeats: number;
  /**
   * Messages under way. Whatever is too much is lost, and which it is, is explored too; so this
   * covers every run in which no more than so many are under way that will ever be delivered.
   */
  readonly inFlight: number;
  /** Rounds of heartbeats beyond the one of a new leader; none of either arrives if it is 0. */
  readonly heartbeats: number;
  /** May a leader notice that it hears from nobody, and step down? */
  readonly stepDowns: boolean;
  /** Do pre-votes travel like all messages, or are they asked and answered in no time? */
  readonly preVotes: 'free' | 'instant';
  /** The last members begin as learners that were just added: with nothing in their stores. */
  readonly learners: number;
  /** What a leader may be asked to change, each once, in any order. */
  readonly changes: readonly MembersChange[];
  /** How often a leader may be asked to hand over, to whomever it can. */
  readonly transfers: number;
  /** How often any member may be asked to read; its machine settles entries at once. */
  readonly reads: number;
  /**
   * Are states one that differ only by which member is which? `step` must not tell them apart.
   * Learners, and those whom a change names, are told apart all the same.
   */
  readonly alike: boolean;
  readonly maxStates: number;
  /** The core under test. A function of its arguments: results are remembered. */
  readonly step: typeof step;
}

/** What no scope below says otherwise: one election among three, a proposal, a crash. */
export const DEFAULT_SCOPE: Scope = {
  members: 3,
  maxTerm: 2,
  proposals: 1,
  crashes: 1,
  repeats: 0,
  inFlight: 2,
  heartbeats: 0,
  stepDowns: true,
  preVotes: 'instant',
  learners: 0,
  changes: [],
  transfers: 0,
  reads: 0,
  alike: true,
  maxStates: 16_000_000,
  step,
};

export type ScopeName =
  | 'elections'
  | 'proposals'
  | 'repeats'
  | 'pair'
  | 'heartbeats'
  | 'change'
  | 'joint'
  | 'replacement'
  | 'succession'
  | 'again'
  | 'handover'
  | 'reads';

/** Two elections, without commands: what entries say of members is what counts. */
const changing = { maxTerm: 3, proposals: 0, stepDowns: false } as const;

/** Scopes that are explored whole, each in a minute or two. Together they cover every event but
 * those of clocks. */
export const scopes: Readonly<Record<ScopeName, Partial<Scope>>> = {
  /** Two elections among three: what the paper's figure 8 needs, and more. */
  elections: { maxTerm: 3, inFlight: 1, stepDowns: false },
  /** One election among three, and two proposals. */
  proposals: { proposals: 2 },
  /** One election among three, where messages come twice and pre-votes travel like all others. */
  repeats: { repeats: 1, preVotes: 'free' },
  /** Two members, two elections, two proposals, repeats. */
  pair: { members: 2, maxTerm: 3, proposals: 2, repeats: 1 },
  /** Two members, two elections, repeats, heartbeats that find what was lost. */
  heartbeats: { members: 2, maxTerm: 3, repeats: 1, heartbeats: 1 },
  /** One of three is removed, perhaps the leader by itself, perhaps by one that loses the term. */
  change: { ...changing, inFlight: 1, changes: [{ remove: ['c'] }] },
  /** Two of three are removed at once, by way of a joint configuration. */
  joint: { ...changing, inFlight: 1, crashes: 0, changes: [{ remove: ['b', 'c'] }] },
  /** A learner catches up and takes the place of one of two voters: a joint configuration. */
  replacement: { ...changing, learners: 1, changes: [{ replace: [{ id: 'b', by: 'c' }] }] },
  /** A single voter and a learner, which gets a vote, and the first one leaves. */
  succession: {
    ...{ members: 2, learners: 1, maxTerm: 3, proposals: 0, heartbeats: 1 },
    changes: [{ promote: ['b'] }, { remove: ['a'] }],
  },
  /** One of two is removed and added again, which is met anew, while old answers are on the way. */
  again: {
    ...{ ...changing, members: 2, crashes: 0, heartbeats: 2 },
    changes: [{ remove: ['b'] }, { add: ['b'] }],
  },
  /** Three members, two elections, one of them asked for by a leader that was heard. */
  handover: { ...changing, inFlight: 1, crashes: 0, heartbeats: 1, transfers: 1 },
  /** Three members, two elections, a read at any of them: no answer misses what is committed. */
  reads: { ...changing, inFlight: 1, crashes: 0, reads: 1 },
};

/** Throws ERR_INVALID_OPTION. */
export function checkScope(scope: Scope): void {
  checkKnown('scope.', scope, Object.keys(DEFAULT_SCOPE));
  checkInteger('scope.members', scope.members, 1, 5);
  checkInteger('scope.maxTerm', scope.maxTerm, 1, 15);
  for (const name of [
    'proposals',
    'crashes',
    'repeats',
    'heartbeats',
    'transfers',
    'reads',
  ] as const) {
    checkInteger(`scope.${name}`, scope[name], 0, 15);
  }
  checkInteger('scope.learners', scope.learners, 0, scope.members - 1);
  checkChanges(scope);
  checkInteger('scope.inFlight', scope.inFlight, 0, 1000);
  // A set holds no more.
  checkInteger('scope.maxStates', scope.maxStates, 1, 16_000_000);
  checkBoolean('scope.stepDowns', scope.stepDowns);
  checkBoolean('scope.alike', scope.alike);
  checkFunctions('scope', scope, ['step']);
  if (scope.preVotes === 'free' || scope.preVotes === 'instant') return;
  const message = `scope.preVotes is ${String(scope.preVotes)}; accepted: 'free' or 'instant'`;
  throw new CoxswainError('ERR_INVALID_OPTION', message);
}

/** Each is remembered by a bit. */
const MAX_CHANGES = 8;

/** A name that is nobody's would make a change that nobody ever takes. */
function checkChanges({ changes, members }: Scope): void {
  checkInteger(
    'scope.changes.length',
    Array.isArray(changes) ? changes.length : -1,
    0,
    MAX_CHANGES,
  );
  for (const id of changes.flatMap(namedIn)) {
    if (typeof id === 'string' && id.length === 1 && id >= 'a' && placeOf(id) < members) continue;
    const last = idOf(members - 1);
    const message = `scope.changes names ${JSON.stringify(id)}; accepted: a to ${last}`;
    throw new CoxswainError('ERR_INVALID_OPTION', message);
  }
}

function namedIn({ replace = [], ...lists }: MembersChange): readonly MemberId[] {
  return [...Object.values(lists).flat(), ...replace.flatMap(({ by, id }) => [id, by])];
}

/** The places of members that may change places with each other. */
export function alikeIn({ alike, changes, learners, members }: Scope): readonly number[] {
  if (!alike) return [];
  const named = new Set(changes.flatMap(namedIn));
  const voters = Array.from({ length: members - learners }, (_, at) => at);
  return voters.filter((at) => !named.has(idOf(at)));
}

export function idOf(at: number): MemberId {
  return String.fromCharCode(97 + at);
}

export function placeOf(id: MemberId): number {
  return id.charCodeAt(0) - 97;
}

/** How long a leader waits before its next heartbeats. */
export const HEARTBEAT_MS = 1;

/** How long a member waits for anything else: its clock stands still, or it jumps by this. */
export const PATIENCE_MS = 100;

/**
 * Time is abstract. Each member has its own clock, which moves only when it waits for something in
 * vain: an election timeout, a leader that hears from nobody, or a silence after which it gives its
 * vote to others. It moves right to the end of that wait, so every timeout can happen at any time.
 * How much of a wait is over, without an end to it, does not count (`settleClock`), and election
 * timeouts are not drawn, so the age of a contact is nothing or enough and never in between.
 */
export const EXPLORER_OPTIONS: RaftOptions = {
  heartbeatMs: HEARTBEAT_MS,
  electionMinMs: PATIENCE_MS,
  electionMaxMs: PATIENCE_MS,
  maxAppendBytes: 1 << 20,
  maxInflightAppends: 4,
  maxInflightBytes: 1 << 20,
  maxUncommittedBytes: 1 << 20,
  maxApplyLagBytes: 1 << 20,
  maxClockDrift: 0.05,
  maxClockOffsetMs: 60_000,
  snapshot: NO_SNAPSHOTS,
};
