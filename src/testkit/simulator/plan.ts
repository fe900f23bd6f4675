// Everything about one run that is decided before it starts, and how to take parts of it away.
import { NO_SNAPSHOTS, type RaftOptions } from '../../raft/index.ts';

/** Rates are per simulated second for the whole cluster, chances per event, times in ms. */
export interface Plan {
  readonly seed: number;
  readonly members: number;
  readonly durationMs: number;
  readonly options: RaftOptions;
  readonly network: NetworkPlan;
  readonly disk: DiskPlan;
  readonly clock: ClockPlan;
  readonly process: ProcessPlan;
  readonly aimed: AimedPlan;
  readonly changes: ChangesPlan;
  readonly snapshots: SnapshotsPlan;
  readonly stalls: StallsPlan;
  readonly workload: WorkloadPlan;
}

export interface NetworkPlan {
  readonly delayMinMs: number;
  readonly delayMeanMs: number;
  readonly loss: number;
  readonly repeat: number;
  /** A frame is kept and delivered once more, much later. */
  readonly replay: number;
  /** One link stands still for a while. */
  readonly clogRate: number;
  readonly clogMeanMs: number;
  readonly partitionRate: number;
  readonly partitionMeanMs: number;
  /** One link is cut in one direction. */
  readonly oneWayRate: number;
  /** One link goes down and up again and again. */
  readonly flapRate: number;
}

export interface DiskPlan {
  readonly writeMeanMs: number;
  /** A write that takes very long. */
  readonly slow: number;
  readonly slowMeanMs: number;
  /** A write fails: the member stops, and comes back later from what is durable. */
  readonly failure: number;
  /**
   * The disk lies: a crash loses the last entry that it had confirmed. No cluster can bear that, so
   * no seed draws it. It is the canary: a search that does not find it finds nothing.
   */
  readonly amnesia: number;
}

export interface ClockPlan {
  /** How far a member's clock may run too fast or too slow: 0.1 is 10 %. */
  readonly rateSpread: number;
  /** How far its time of day may be off. */
  readonly maxSkewMs: number;
  /** A member does nothing for a while, and then finds everything due at once. */
  readonly stallRate: number;
  readonly stallMeanMs: number;
  /** The same, and its monotonic clock stands still meanwhile: only its time of day goes on. */
  readonly suspendRate: number;
  readonly suspendMeanMs: number;
  /** Chance that a member is suspended, or stalls, while its machine answers a read. */
  readonly suspendReader: number;
  /** Somebody sets a member's time of day: wrong by days or by a little, or right. */
  readonly jumpRate: number;
  /** Members whose time of day is off by hours when they begin: less than half of them. */
  readonly wrong: number;
  /** How far members' own times may differ: 1 is by a factor of 2. */
  readonly optionSpread: number;
  /** 1: a member may have other times after each restart. Else 0. */
  readonly restless: number;
}

export interface ProcessPlan {
  readonly crashRate: number;
  readonly downMeanMs: number;
  /** All members crash at once. */
  readonly powerCutRate: number;
  /** Members that are dead when all else heals, and stay so: less than half of them. */
  readonly neverBack: number;
}

/** Chances of a fault at the very moment when it hurts most. */
export interface AimedPlan {
  /** Crash a leader just after it took a command. */
  readonly crashAfterAppend: number;
  /** Crash a member when its write is durable and what waits for it was not sent. */
  readonly crashBeforeSend: number;
  /** Crash a member just after it granted a vote. */
  readonly crashAfterVote: number;
  /** Cut a new leader off from a quorum. */
  readonly cutNewLeader: number;
  /** Cut a leader that has just taken a command off from all others. */
  readonly cutLeader: number;
  /** Stall a leader for longer than election timeouts. */
  readonly stallLeader: number;
}

/** What an operator does to the cluster. Rates are per simulated second. */
export interface ChangesPlan {
  /** Members that begin with an empty store, and take part once they are added. */
  readonly spares: number;
  /** 1: the first members have to greet each other before they take part. Else 0. */
  readonly unformed: number;
  readonly changeRate: number;
  /** Chance that more than one thing changes at once. */
  readonly several: number;
  readonly transferRate: number;
  /** Options of a member that runs change. */
  readonly tuneRate: number;
  /** Chance that a change or a transfer is asked of any member, whether it leads or not. */
  readonly astray: number;
  /** A member's disk is replaced by an empty one. */
  readonly wipeRate: number;
  /** Chance that such a member comes back as one that the cluster began with. */
  readonly asFirst: number;
}

/** The members of such a run are those that it begins with. */
export const NO_CHANGES: ChangesPlan = {
  ...{ spares: 0, unformed: 0, changeRate: 0, several: 0 },
  ...{ transferRate: 0, tuneRate: 0, astray: 0, wipeRate: 0, asFirst: 0 },
};

/** What happens to snapshots, where `options.snapshot` has any taken. */
export interface SnapshotsPlan {
  /** How long the longest is. */
  readonly maxChunks: number;
  /** How long it takes to store one, or to restore a machine from one; and to store a chunk. */
  readonly saveMeanMs: number;
  readonly chunkMeanMs: number;
  /** 1: what is here of one in part is still here after a crash. Else 0. */
  readonly resume: number;
  /** A chunk is damaged on its way. */
  readonly damage: number;
  /** One is damaged where it was taken: whoever receives it finds that out. */
  readonly rot: number;
  /** Storing one fails: the member stops. */
  readonly failure: number;
  /** Crash a member when another's snapshot is durable there and its own log is not reset. */
  readonly crashBeforeReset: number;
  /** Entries that a machine which stores its state itself has not stored: at most so many. */
  readonly lag: number;
  /** The operator asks for one. */
  readonly takeRate: number;
  /** A machine is found to be another than those of others. */
  readonly repairRate: number;
}

/** What members know of themselves, as their drivers see it. */
export interface StallsPlan {
  /**
   * After so many of its shortest election timeouts a write, a run of its machine or a late turn is
   * a stall of which the core is told. 0: it never is.
   */
  readonly bound: number;
}

/** Nothing happens to them. */
export const QUIET_SNAPSHOTS: SnapshotsPlan = {
  ...{ maxChunks: 1, saveMeanMs: 0, chunkMeanMs: 0, resume: 1, damage: 0, rot: 0, failure: 0 },
  ...{ crashBeforeReset: 0, lag: 0, takeRate: 0, repairRate: 0 },
};

/** More are never simulated, spare ones included. */
export const MAX_MEMBERS = 7;

export interface WorkloadPlan {
  readonly clients: number;
  readonly thinkMeanMs: number;
  /** Added to each command, at most: bytes that only count. */
  readonly maxPaddingBytes: number;
  /** Share of commands sent to a member whether it leads or not. */
  readonly blind: number;
  /** How long a client waits before it gives up, or asks again. */
  readonly patienceMs: number;
  /** How long a member's machine takes for what it is given at a time. */
  readonly applyMeanMs: number;
  /** Share of the commands that only read which are asked for as reads. */
  readonly reads: number;
  /** How long a member's machine takes for a read. */
  readonly queryMeanMs: number;
}

/**
 * `network`: loss, repeats, late frames, links that stand still. `partition`: links that are cut.
 * `disk`: slow and failing writes. `clock`: rates, stalls, suspensions, times of day that are wrong
 * or set, members whose own times differ. `process`: crashes, power cuts, members that never come
 * back. `aimed`: crashes, cuts and stalls at the worst moment.
 * `members`: changes of membership and of options, handovers of leadership, emptied stores.
 * `snapshots`: they are taken far too often, come out damaged, cannot be stored, and mend machines
 * that went wrong. `stalls`: members know when they stand still, and let go of what they lead.
 */
export type FaultFamily =
  | 'network'
  | 'partition'
  | 'disk'
  | 'clock'
  | 'process'
  | 'aimed'
  | 'members'
  | 'snapshots'
  | 'stalls';

export const faultFamilies: readonly FaultFamily[] = [
  ...(['network', 'partition', 'disk', 'clock', 'process', 'aimed'] as const),
  ...(['members', 'snapshots', 'stalls'] as const),
];

/** By number: those that the run begins with, then the spare ones. */
export function placesOf({ changes, members }: Plan): number[] {
  return Array.from({ length: members + changes.spares }, (_, at) => at);
}

/** The same run with so many members, less than half of which never come back. */
export function withMembers(plan: Plan, members: number): Plan {
  const neverBack = Math.min(plan.process.neverBack, Math.floor((members - 1) / 2));
  const spares = Math.min(plan.changes.spares, MAX_MEMBERS - members);
  const changes = { ...plan.changes, spares };
  const clock = { ...plan.clock, wrong: Math.min(plan.clock.wrong, Math.floor((members - 1) / 2)) };
  return { ...plan, members, changes, clock, process: { ...plan.process, neverBack } };
}

/** The same run without one family of faults. */
export function withoutFamily(plan: Plan, family: FaultFamily): Plan {
  const none = <T extends object>(part: T, keep: readonly (keyof T)[]): T => {
    const zero = Object.keys(part).map((key) => [key, 0]);
    const kept = keep.map((key) => [key, part[key]]);
    return Object.fromEntries([...zero, ...kept]) as T;
  };
  const { aimed, clock, disk, network, process } = plan;
  switch (family) {
    case 'network': {
      const calm = { ...network, loss: 0, repeat: 0, replay: 0, clogRate: 0 };
      return { ...plan, network: calm };
    }
    case 'partition':
      return { ...plan, network: { ...network, partitionRate: 0, oneWayRate: 0, flapRate: 0 } };
    case 'disk':
      return { ...plan, disk: { ...disk, slow: 0, failure: 0, amnesia: 0 } };
    case 'clock':
      return { ...plan, clock: none(clock, ['stallMeanMs', 'suspendMeanMs']) };
    case 'process':
      return { ...plan, process: none(process, ['downMeanMs']) };
    case 'aimed':
      return { ...plan, aimed: none(aimed, []) };
    case 'members':
      return { ...plan, changes: NO_CHANGES };
    case 'snapshots':
      return withoutSnapshots(plan);
    case 'stalls':
      return { ...plan, stalls: { bound: 0 } };
    default:
      return family satisfies never;
  }
}

/** The same run in which nobody takes a snapshot. */
function withoutSnapshots(plan: Plan): Plan {
  const options = { ...plan.options, snapshot: NO_SNAPSHOTS };
  return { ...plan, options, snapshots: QUIET_SNAPSHOTS };
}
