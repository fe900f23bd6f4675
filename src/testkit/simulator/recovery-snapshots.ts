// What must become of snapshots once nothing goes wrong any more: none is on its way, every machine
// is what it should be, and no member is sent one after the other for ever.
import { assert } from '../../lib/assert.ts';
import { isMember } from '../../raft/index.ts';
import type { SimMember } from './sim-member.ts';
import type { Simulation } from './simulation.ts';

/** Election timeouts that this may take. */
const TIMEOUTS = 40;
/** Installs of a member beyond one for each entry that the calm has committed: a count. */
const MAX_INSTALLS = 6;

type Within = (timeouts: number, what: string, done: () => boolean) => void;

export function checkSnapshotsAtRest<C, R, M>(
  simulation: Simulation<C, R, M>,
  within: Within,
  core: () => readonly SimMember[],
): void {
  within(TIMEOUTS, 'no snapshot is on its way', () => core().every((each) => isAtRest(each, core)));
  const { installs } = simulation.snapshots;
  const { before, committed } = simulation.calm;
  const most = MAX_INSTALLS + simulation.referee.committed.length - committed;
  for (const { at, id } of core()) {
    const count = (installs[at] ?? 0) - (before[at] ?? 0);
    assert(count <= most, `Liveness: ${id} installs ${count} snapshots, where ${most} are enough`);
  }
}

function isAtRest({ isBad, state }: SimMember, core: () => readonly SimMember[]): boolean {
  const { installing, repairFrom, restoring, taking } = state.snapshots;
  if (isBad || repairFrom > 0 || taking) return false;
  if (installing !== undefined || restoring !== undefined) return false;
  const alive = core();
  return [...(state.leading?.progress ?? [])].every(([id, { sending }]) => {
    const isThere = isMember(state.config, id) && alive.some((each) => each.id === id);
    return sending === undefined || !isThere;
  });
}
