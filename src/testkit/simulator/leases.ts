// What a lease promises: as long as one member holds it, nobody else does, by whatever clock. Only
// where clocks run about equally fast, as the lease itself requires.
import { assert } from '../../lib/assert.ts';
import { leaseUntil } from '../../raft/index.ts';
import type { Plan } from './plan.ts';
import type { SimMember } from './sim-member.ts';

/** Two clocks, of which one runs that share too fast and the other too slow, differ by less. */
const MAX_SPREAD = 0.02;

export function checkLeases({ clock }: Plan, members: readonly SimMember[], nowUs: number): void {
  if (clock.rateSpread > MAX_SPREAD) return;
  const holders = members.filter((member) => {
    const { state, up } = member;
    return up && state.role === 'leader' && leaseUntil(state) > member.localMs(nowUs);
  });
  const ids = holders.map(({ id, state }) => `${id} in term ${state.term}`).join(', ');
  assert(holders.length <= 1, `one lease at a time: ${ids}`);
}
