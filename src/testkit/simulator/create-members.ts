// The members of a run as they are before anything happens: first ones and spare ones, each with a
// clock of its own.
import { type Plan, placesOf } from './plan.ts';
import { Random } from './random.ts';
import { firstOrigin, JOINER } from './sim-disk.ts';
import { SimMember } from './sim-member.ts';

export function createMembers(plan: Plan): SimMember[] {
  const { changes, clock, members, options, seed } = plan;
  const ids = placesOf(plan).map((at) => String.fromCharCode(97 + at));
  const first = firstOrigin(ids.slice(0, members), changes.unformed === 0);
  return ids.map((_, at) => {
    const draw = new Random(seed, `clock ${at}`);
    const spread = (most: number) => most * (2 * draw.unit() - 1);
    const rate = 1 + spread(clock.rateSpread);
    const origin = at < members ? first : JOINER;
    return new SimMember(at, ids, options, { rate, skewMs: spread(clock.maxSkewMs) }, origin);
  });
}
