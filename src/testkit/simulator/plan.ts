// Everything about one run that its seed decides before it starts. Swarm testing: each family of
// faults is absent in a good part of the runs, limits are small, so that the rare is common.
import type { RaftOptions } from '../../raft/index.ts';
import { Stream } from './streams.ts';

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
}

export interface ClockPlan {
  /** How far a member's clock may run too fast or too slow: 0.1 is 10 %. */
  readonly rateSpread: number;
  /** A member does nothing for a while, and then finds everything due at once. */
  readonly stallRate: number;
  readonly stallMeanMs: number;
}

export interface ProcessPlan {
  readonly crashRate: number;
  readonly downMeanMs: number;
  /** All members crash at once. */
  readonly powerCutRate: number;
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
  /** Stall a leader for longer than election timeouts. */
  readonly stallLeader: number;
}

export interface WorkloadPlan {
  readonly clients: number;
  readonly thinkMeanMs: number;
  readonly maxBodyBytes: number;
  /** Share of commands sent to a member whether it leads or not. */
  readonly blind: number;
  readonly keys: number;
}

export type FaultFamily = 'network' | 'disk' | 'clock' | 'process' | 'aimed' | 'partition';

const ABSENT = 0.4;

export function drawPlan(seed: number): Plan {
  const draw = new Stream(seed, 'plan');
  /** Absent in many runs; else somewhere between hardly ever and often. */
  const maybe = (most: number) => (draw.chance(ABSENT) ? 0 : most * draw.unit() ** 2);
  const heartbeatMs = draw.pick([10, 20, 50, 100]);
  const electionMinMs = heartbeatMs * draw.integer(2, 10);
  return {
    seed,
    members: draw.pick([1, 2, 3, 3, 3, 4, 5, 5, 7]),
    durationMs: draw.pick([1, 2, 4, 8]) * 5 * electionMinMs,
    options: {
      heartbeatMs,
      electionMinMs,
      electionMaxMs: Math.ceil(electionMinMs * (1.1 + 2 * draw.unit())),
      maxAppendBytes: draw.pick([1, 40, 100, 1000, 1 << 20]),
      maxInflightAppends: draw.pick([1, 2, 3, 8, 64]),
      maxInflightBytes: draw.pick([1, 100, 1000, 1 << 24]),
      maxUncommittedBytes: draw.pick([1, 200, 2000, 1 << 26]),
      maxApplyLagBytes: draw.pick([1, 2000, 1 << 26]),
    },
    network: {
      delayMinMs: draw.pick([0, 0.1, 1]),
      delayMeanMs: draw.pick([0.1, 1, heartbeatMs / 4, heartbeatMs, electionMinMs / 2]),
      loss: maybe(0.4),
      repeat: maybe(0.4),
      replay: maybe(0.05),
      clogRate: maybe(3),
      clogMeanMs: electionMinMs,
      partitionRate: maybe(2),
      partitionMeanMs: electionMinMs * draw.pick([1, 3, 10]),
      oneWayRate: maybe(2),
      flapRate: maybe(1),
    },
    disk: {
      writeMeanMs: draw.pick([0, 0.1, 1, heartbeatMs, electionMinMs]),
      slow: maybe(0.05),
      slowMeanMs: electionMinMs * draw.pick([0.5, 2]),
      failure: maybe(0.005),
    },
    clock: {
      rateSpread: draw.chance(ABSENT) ? 0 : draw.pick([0.0002, 0.1, 0.5]),
      stallRate: maybe(2),
      stallMeanMs: electionMinMs * draw.pick([0.3, 1, 3]),
    },
    process: {
      crashRate: maybe(4),
      downMeanMs: electionMinMs * draw.pick([0.1, 1, 5]),
      powerCutRate: maybe(0.5),
    },
    aimed: {
      crashAfterAppend: maybe(0.2),
      crashBeforeSend: maybe(0.1),
      crashAfterVote: maybe(0.3),
      cutNewLeader: maybe(0.5),
      stallLeader: maybe(0.02),
    },
    workload: {
      clients: draw.pick([1, 3, 10]),
      thinkMeanMs: draw.pick([heartbeatMs / 10, heartbeatMs, electionMinMs]),
      maxBodyBytes: draw.pick([0, 10, 100, 2000]),
      blind: maybe(0.3),
      keys: draw.pick([1, 3, 10]),
    },
  };
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
      return { ...plan, disk: { ...disk, slow: 0, failure: 0 } };
    case 'clock':
      return { ...plan, clock: none(clock, ['stallMeanMs']) };
    case 'process':
      return { ...plan, process: none(process, ['downMeanMs']) };
    case 'aimed':
      return { ...plan, aimed: none(aimed, []) };
    default:
      return family satisfies never;
  }
}
