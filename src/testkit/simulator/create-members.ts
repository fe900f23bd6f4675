// The members of a run as they are before anything happens: first ones and spare ones, each with a
// clock of its own.
import type { RaftOptions } from '../../raft/index.ts';
import { type Plan, placesOf } from './plan.ts';
import { Random } from './random.ts';
import { firstOrigin, JOINER } from './sim-disk.ts';
import { SimMember } from './sim-member.ts';

/** A monotonic clock that runs wronger than that: somebody else tells the time of day. */
const MAX_CREEP = 0.1;

/** Times of day that are wrong are off by so much: ms. */
const WRONG_MS = 5 * 3_600_000;

export function createMembers(plan: Plan): SimMember[] {
  const { changes, clock, members, seed } = plan;
  const ids = placesOf(plan).map((at) => String.fromCharCode(97 + at));
  const first = firstOrigin(ids.slice(0, members), changes.unformed === 0);
  return ids.map((_, at) => {
    const draw = new Random(seed, `clock ${at}`);
    const spread = (most: number) => most * (2 * draw.unit() - 1);
    const some = spread(clock.rateSpread);
    // The widest difference that there may be is the one that matters.
    const isExtreme = new Random(seed, `rate ${at}`).chance(0.5);
    const rate = 1 + (isExtreme ? Math.sign(some) * clock.rateSpread : some);
    const origin = at < members ? first : JOINER;
    const skewMs = spread(clock.maxSkewMs);
    const wrongMs = at < clock.wrong ? Math.sign(skewMs || 1) * WRONG_MS : 0;
    const own = { rate, skewMs: skewMs + wrongMs, isDisciplined: clock.rateSpread > MAX_CREEP };
    return new SimMember(at, ids, (life) => optionsOf(plan, at, life), own, origin);
  });
}

/** Its own times: any leader's heartbeats are often enough for any follower's patience. */
function optionsOf({ clock, options, seed }: Plan, at: number, life: number): RaftOptions {
  if (clock.optionSpread === 0) return options;
  const draw = new Random(seed, `options ${at} ${clock.restless * life}`);
  const more = () => 1 + clock.optionSpread * draw.unit();
  const longer = more();
  return {
    ...options,
    heartbeatMs: options.heartbeatMs / more(),
    electionMinMs: options.electionMinMs * longer,
    electionMaxMs: options.electionMaxMs * longer,
  };
}
