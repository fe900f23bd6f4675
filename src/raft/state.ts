// The state of one member: plain data, changed in place, only by the files of this folder.
import { createPrng, nextFloat, type Prng } from '../lib/prng.ts';
import type { Effect, HardState, KnownMembers, Role } from './effects.ts';
import { createLog, type Log, type LogPosition, type StoredPositions } from './log.ts';
import type { MemberId } from './member-id.ts';
import {
  type Configuration,
  type ConfigurationAt,
  liveConfigurations,
  NO_CONFIGURATION,
} from './membership.ts';
import type { Progress } from './progress.ts';
import type { LeaderReads, Reading } from './reading.ts';
import {
  createSnapshots,
  type SnapshotHead,
  type SnapshotOptions,
  type Snapshots,
} from './snapshot.ts';

/** Bounds and times of the core. Times in ms of the monotonic clock, sizes in bytes. */
export interface RaftOptions {
  readonly heartbeatMs: number;
  /** A follower stands for election after a silence drawn evenly from [min, max). */
  readonly electionMinMs: number;
  readonly electionMaxMs: number;
  /** Entries of one append, together; a single larger entry still travels, alone. */
  readonly maxAppendBytes: number;
  /** Unacknowledged appends to one follower: how many, and their bytes. */
  readonly maxInflightAppends: number;
  readonly maxInflightBytes: number;
  /** A leader's entries above the commit index; a single larger one is still taken, alone. */
  readonly maxUncommittedBytes: number;
  /** A leader's entries above the applied index; likewise. */
  readonly maxApplyLagBytes: number;
  /** How much faster another member's clock may run than this one's: a share. */
  readonly maxClockDrift: number;
  /** How far a leader's wall clock may be from those of a majority. */
  readonly maxClockOffsetMs: number;
  readonly snapshot: SnapshotOptions;
}

/** What a member knows of the leader it follows. */
export interface Following {
  /** The leader's stream that last agreed with our log; 0 when none did. */
  stream: number;
  /** Our log equals the leader's up to here. */
  verified: number;
  /** When a leader was last heard; -Infinity when nobody is owed anything for that. */
  contactMs: number;
  /** Its latest heartbeat round that was heard. */
  round: number;
}

/** What both clocks said at one moment, in ms. */
export interface ClockReading {
  readonly nowMs: number;
  readonly wallMs: number;
}

/** Which stores the members run on, as far as this one knows. */
export interface Recognition {
  /** False for a first member of a new cluster until the others know it. */
  admitted: boolean;
  readonly pins: Map<MemberId, number>;
  /** While it is not admitted: who has it on disk which store this one runs on. */
  readonly greeted: Set<MemberId>;
}

/** What a member knows of its own fitness. Times by the monotonic clock, ms. */
export interface Stalling {
  /** As the driver said last. */
  stalled: boolean;
  /** It has let go, or tried to, since that stall began. */
  letGo: boolean;
  /** Until then it does not stand: it let go, and may stall again. */
  restUntilMs: number;
  /** Until then it does not take over from a leader that lives. */
  unfitUntilMs: number;
  /** Until then it does not let go. */
  keepUntilMs: number;
  /** It holds back, and no longer than until then; Infinity while a leader is heard. */
  standAtMs: number;
}

/** A candidate's or pre-candidate's count. */
export interface Candidacy {
  readonly votes: Map<MemberId, boolean>;
  /** The write that holds our own vote, which counts once it is durable; 0 for a pre-vote. */
  readonly ownVoteWrite: number;
}

export interface Leading {
  readonly progress: Map<MemberId, Progress>;
  round: number;
  heartbeatDueMs: number;
  /** Highest stream number of those that are no members any more: never used again in the term. */
  lastStream: number;
  handover: Handover | undefined;
  /** Who was asked to take over, after which round: until it hears a later one, it may. */
  readonly yielded: Map<MemberId, number>;
  /** Whom this leader has asked to take over since it began to let go of its own accord. */
  asked: readonly MemberId[];
  /** Ring by round: when it was sent. */
  readonly roundsSentMs: number[];
  readonly reads: LeaderReads;
  /** The rate lets the next chunk of a snapshot leave then, and who was sent the last one. */
  chunksDueMs: number;
  servedLast: MemberId | undefined;
}

/** The leader is about to make `to` the next one. */
export interface Handover {
  readonly to: MemberId;
  /** It goes on as before if it still leads then. */
  readonly dueMs: number;
}

/** Numbers of the writes asked for; they complete in order. */
export interface Writes {
  issued: number;
  completed: number;
  /** The latest write that carries a new term or vote: replies wait for it. */
  hard: number;
  /** The latest write that carries a new incarnation: what its bearer says waits for it. */
  recognition: number;
  /** The latest write that truncates: completions of earlier ones say nothing of our log. */
  lineage: number;
}

/** What this step has changed that must become durable; empty between steps. */
export interface Unwritten {
  hard: boolean;
  recognition: boolean;
  /** Somebody's incarnation is forgotten: that may wait for any other write. */
  unpinned: boolean;
  /** The configuration in force, or which one is committed. */
  configs: boolean;
  reset: LogPosition | undefined;
  truncateFrom: number;
  compactTo: number;
  /** First new entry; 0 when there is none. */
  from: number;
}

export interface RaftState {
  readonly id: MemberId;
  options: RaftOptions;
  /** Drawn with the store; other members tell by it whether it is still the same. */
  readonly incarnation: number;
  /** How often that store was opened. */
  readonly boot: number;
  readonly recognition: Recognition;
  /** The last configuration that is known to be committed, and all later ones. Never empty. */
  configs: ConfigurationAt[];
  /** The last of them: the one in force. */
  config: Configuration;
  term: number;
  votedFor: MemberId | undefined;
  role: Role;
  leader: MemberId | undefined;
  readonly log: Log;
  commit: number;
  /** Highest index that the driver was told to apply, and that the machine has settled. */
  applying: number;
  applied: number;
  /** Monotonic time of the latest step. */
  now: number;
  electionDueMs: number;
  /** Until then no vote is granted: a restarted member has forgotten whom it follows. */
  silentUntilMs: number;
  readonly following: Following;
  readonly reading: Reading;
  readonly snapshots: Snapshots;
  /** Undefined until the driver has told what the wall clock says. */
  clocks: ClockReading | undefined;
  readonly stalling: Stalling;
  candidacy: Candidacy | undefined;
  leading: Leading | undefined;
  readonly writes: Writes;
  readonly unwritten: Unwritten;
  readonly prng: Prng;
  readonly effects: Effect[];
}

export interface RaftInit {
  readonly id: MemberId;
  /** A whole number of 53 bits, not 0: even for a first member of a cluster, odd for others. */
  readonly incarnation: number;
  /** How often this store was opened, this time included. */
  readonly boot: number;
  readonly known: KnownMembers;
  /** Those in the log, in order, from one that is committed on; none in a new member's store. */
  readonly configs: readonly ConfigurationAt[];
  readonly hardState: HardState;
  readonly positions: StoredPositions;
  readonly options: RaftOptions;
  /** The latest that is stored; not undefined when the log does not begin at the beginning. */
  readonly snapshot: SnapshotHead | undefined;
  /** Everything up to here is settled in the machine already. */
  readonly applied: number;
  /** What `snapshots.repairFrom` was at the end of the run before this one: a host keeps it. */
  readonly repairFrom: number;
  /**
   * For how long it grants no vote: its longest `electionMinMs` of any earlier run that may have
   * promised a leader not to. 0 only when this store was made for this very start.
   */
  readonly silentMs: number;
  readonly seed: number;
  /** Monotonic time, ms. */
  readonly now: number;
}

export function createState(init: RaftInit): RaftState {
  const { hardState, options, now } = init;
  const configs = liveConfigurations(init.configs, hardState.commit);
  const state: RaftState = {
    id: init.id,
    options,
    incarnation: init.incarnation,
    boot: init.boot,
    recognition: {
      admitted: init.known.admitted,
      pins: new Map(init.known.pins),
      greeted: new Set(),
    },
    configs,
    config: (configs.at(-1) ?? NO_CONFIGURATION).config,
    term: hardState.term,
    votedFor: hardState.votedFor,
    role: 'follower',
    leader: undefined,
    log: createLog(init.positions),
    commit: hardState.commit,
    applying: init.applied,
    applied: init.applied,
    now,
    electionDueMs: now,
    silentUntilMs: now + init.silentMs,
    following: { stream: 0, verified: 0, contactMs: Number.NEGATIVE_INFINITY, round: 0 },
    reading: {
      ...{ wanted: 0, granted: 0, asked: undefined, fresh: undefined, coming: undefined },
      jumpedMs: Number.NEGATIVE_INFINITY,
    },
    snapshots: createSnapshots(init),
    clocks: undefined,
    stalling: {
      ...{ stalled: false, letGo: false, standAtMs: Number.POSITIVE_INFINITY },
      ...{ restUntilMs: Number.NEGATIVE_INFINITY, unfitUntilMs: Number.NEGATIVE_INFINITY },
      keepUntilMs: Number.NEGATIVE_INFINITY,
    },
    candidacy: undefined,
    leading: undefined,
    writes: { issued: 0, completed: 0, hard: 0, recognition: 0, lineage: 0 },
    unwritten: {
      ...{ hard: false, recognition: false, unpinned: false, configs: false },
      ...{ reset: undefined, truncateFrom: 0, compactTo: 0, from: 0 },
    },
    prng: createPrng(init.seed),
    effects: [],
  };
  resetElectionDue(state);
  return state;
}

/** A new random silence before this member stands for election (§5.2). */
export function resetElectionDue(state: RaftState): void {
  const { electionMinMs, electionMaxMs } = state.options;
  const span = electionMaxMs - electionMinMs;
  state.electionDueMs = state.now + electionMinMs + nextFloat(state.prng) * span;
}
