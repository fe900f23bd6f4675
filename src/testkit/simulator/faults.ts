// Faults as data: what can befall members and links, and how a plan's rates draw them.
import type { MemberId, MembersChange } from '../../raft/index.ts';
import { type Plan, placesOf } from './plan.ts';
import type { Random } from './random.ts';
import type { Tuning } from './tuning.ts';

/**
 * Members by number, times in simulated µs from now. A crash keeps or loses the write under way;
 * `forget` loses the last durable entry too, which only a disk that lies does. Asking a member for
 * a change or a transfer is none, and yet one of the things that a smaller run can do without.
 */
export type Fault =
  | {
      type: 'crash';
      members: readonly number[];
      downUs: number;
      keepWrite: boolean;
      forget: boolean;
    }
  | { type: 'stall'; member: number; forUs: number }
  | { type: 'suspend'; member: number; forUs: number }
  | { type: 'jump'; member: number; byMs: number | 'right' }
  | { type: 'cut'; links: readonly Link[]; forUs: number }
  | { type: 'flap'; link: Link; periodUs: number; times: number }
  | { type: 'clog'; link: Link; forUs: number }
  | OperatorFault;

export type OperatorFault =
  | { type: 'change'; member: number; change: MembersChange }
  | { type: 'transfer'; member: number; to: MemberId }
  | { type: 'tune'; member: number; options: Tuning }
  | { type: 'wipe'; member: number; asFirst: boolean; downUs: number }
  | { type: 'take'; member: number }
  | { type: 'repair'; member: number };

/** One direction: from, to. */
export type Link = readonly [from: number, to: number];

/** What the operator draws, who knows the members. */
export type OperatorFamily = OperatorFault['type'];

export type DrawnFamily =
  | OperatorFamily
  | 'crash'
  | 'power-cut'
  | 'stall'
  | 'suspend'
  | 'jump'
  | 'partition'
  | 'one-way'
  | 'flap'
  | 'clog';

export const drawnFamilies: readonly DrawnFamily[] = [
  ...(['crash', 'power-cut', 'stall', 'partition', 'one-way', 'flap', 'clog'] as const),
  ...(['suspend', 'jump', 'change', 'transfer', 'wipe', 'take', 'repair', 'tune'] as const),
];

/** How often a family strikes, per simulated second. */
export function rateOf(plan: Plan, family: DrawnFamily): number {
  const { changes, clock, network, process, snapshots } = plan;
  switch (family) {
    case 'crash':
      return process.crashRate;
    case 'power-cut':
      return process.powerCutRate;
    case 'stall':
      return clock.stallRate;
    case 'suspend':
      return clock.suspendRate;
    case 'jump':
      return clock.jumpRate;
    case 'partition':
      return network.partitionRate;
    case 'one-way':
      return network.oneWayRate;
    case 'flap':
      return network.flapRate;
    case 'clog':
      return network.clogRate;
    case 'change':
      return changes.changeRate;
    case 'transfer':
      return changes.transferRate;
    case 'tune':
      return changes.tuneRate;
    case 'wipe':
      return changes.wipeRate;
    case 'take':
      return snapshots.takeRate;
    case 'repair':
      return snapshots.repairRate;
    default:
      return family satisfies never;
  }
}

export function drawFault(
  plan: Plan,
  family: Exclude<DrawnFamily, OperatorFamily>,
  draw: Random,
  leaders: readonly number[],
): Fault {
  const { clock, disk, network, process } = plan;
  const all = placesOf(plan);
  const any = () => draw.pick(leaders.length > 0 && draw.chance(0.4) ? leaders : all);
  const forUs = (meanMs: number) => Math.ceil(draw.exponential(meanMs) * 1000) + 1;
  const link = (): Link => {
    const from = any();
    return [from, draw.pick(all.filter((at) => at !== from || all.length === 1))];
  };
  switch (family) {
    case 'crash': {
      const downUs = forUs(process.downMeanMs);
      const keepWrite = draw.chance(0.5);
      return {
        type: 'crash',
        members: [any()],
        downUs,
        keepWrite,
        forget: draw.chance(disk.amnesia),
      };
    }
    case 'power-cut': {
      const downUs = forUs(process.downMeanMs);
      return { type: 'crash', members: all, downUs, keepWrite: false, forget: false };
    }
    case 'stall':
      return { type: 'stall', member: any(), forUs: forUs(clock.stallMeanMs) };
    case 'suspend':
      // Now and then so shortly that clocks hardly show it.
      return { type: 'suspend', member: any(), forUs: forUs(draw.pick([2, clock.suspendMeanMs])) };
    case 'jump':
      return { type: 'jump', member: any(), byMs: drawJump(draw, plan) };
    case 'partition':
      return {
        type: 'cut',
        links: drawPartition(draw, all, leaders),
        forUs: forUs(network.partitionMeanMs),
      };
    case 'one-way':
      return { type: 'cut', links: [link()], forUs: forUs(network.partitionMeanMs) };
    case 'flap': {
      const periodUs = Math.ceil(plan.options.electionMinMs * 1000 * (0.2 + draw.unit()));
      return { type: 'flap', link: link(), periodUs, times: draw.integer(2, 10) };
    }
    case 'clog':
      return { type: 'clog', link: link(), forUs: forUs(network.clogMeanMs) };
    default:
      return family satisfies never;
  }
}

/** By hardly anything, about as much as clocks may be off, days, or back to what is right. */
function drawJump(draw: Random, { options }: Plan): number | 'right' {
  const sign = draw.pick([-1, 1]);
  switch (draw.integer(0, 3)) {
    case 0:
      return 'right';
    case 1:
      return sign * draw.integer(1, 200);
    case 2:
      return sign * Math.ceil(2 * options.maxClockOffsetMs * draw.unit());
    default:
      return sign * Math.ceil(3 * 86_400_000 * draw.unit());
  }
}

/** The shapes in which clusters fall apart. */
function drawPartition(draw: Random, all: readonly number[], leaders: readonly number[]): Link[] {
  const shuffled = draw.shuffle(all);
  const half = Math.ceil(all.length / 2);
  switch (draw.integer(0, 4)) {
    case 0:
      return between([shuffled[0] ?? 0], shuffled.slice(1));
    case 1:
      return between(shuffled.slice(0, half), shuffled.slice(half));
    case 2: {
      // The leaders alone, each on its own.
      const alone = leaders.length > 0 ? leaders : shuffled.slice(0, 1);
      return alone.flatMap((at) =>
        between(
          [at],
          all.filter((other) => other !== at),
        ),
      );
    }
    case 3:
      return majoritiesRing(shuffled);
    default: {
      // A bridge: one member sees both sides, which do not see each other.
      const [, ...others] = shuffled;
      const middle = Math.ceil(others.length / 2);
      return between(others.slice(0, middle), others.slice(middle));
    }
  }
}

/** Every member sees a majority, and no two see the same. */
function majoritiesRing(ring: readonly number[]): Link[] {
  const links: Link[] = [];
  const reach = Math.floor(ring.length / 4) + 1;
  for (const [place, from] of ring.entries()) {
    for (const [other, to] of ring.entries()) {
      const distance = Math.abs(place - other);
      if (Math.min(distance, ring.length - distance) > reach) links.push([from, to]);
    }
  }
  return links;
}

function between(some: readonly number[], others: readonly number[]): Link[] {
  return some.flatMap((a) =>
    others.flatMap((b): Link[] => [
      [a, b],
      [b, a],
    ]),
  );
}
