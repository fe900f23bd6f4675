// What a leader appends in one step, of all that waits to enter the log.
import type { Propose, RaftState } from '../../raft/index.ts';
import type { Proposals } from './proposals.ts';

/** Proposals handed to the core in one step: a count. */
const MAX_STEP_PROPOSALS = 8192;

/** Undefined when nothing waits, or this member may not append it. */
export function nextProposals(
  { leading, snapshots }: RaftState,
  proposals: Proposals,
  wallMs: () => number,
): Propose | undefined {
  if (leading === undefined || leading.handover !== undefined) return undefined;
  // What a wrong machine would answer is of no use to anybody.
  if (snapshots.repairFrom > 0) return undefined;
  const queued = proposals.queued();
  if (queued.length === 0) return undefined;
  const some = queued.length > MAX_STEP_PROPOSALS ? queued.slice(0, MAX_STEP_PROPOSALS) : queued;
  const bodies = some.map((ticket) => ticket.body);
  return { type: 'propose', bodies, wallMs: Math.max(0, Math.floor(wallMs())) };
}
