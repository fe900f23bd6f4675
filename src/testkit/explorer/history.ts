// What happened once and holds for ever, whoever has crashed since: who led which term, and what
// was committed. With it, the rules of the Raft paper's figure 3 that no single state can show.
import { assert } from '../../lib/assert.ts';
import type { Configuration, MemberId } from '../../raft/index.ts';
import { isSame } from '../simulator/sim-disk.ts';
import type { SimEntry } from '../simulator/sim-entry.ts';
import { entryText, inForce, type Local } from './local.ts';
import { idOf, placeOf } from './scope.ts';
import type { Counted } from './transition.ts';

export interface Committed {
  readonly entry: SimEntry;
  /** Term of the member that was first to know. */
  readonly inTerm: number;
}

export interface History {
  /** By term: who led it. */
  readonly leaders: readonly (number | undefined)[];
  /** Entry i is at place i - 1. */
  readonly committed: readonly Committed[];
}

export const NO_HISTORY: History = { leaders: [], committed: [] };

export function historyKey({ committed, leaders }: History): string {
  const places = committed.map(({ entry, inTerm }) => `${entryText(entry)}/${inTerm}`);
  return `${leaders.join(',')};${places.join(',')}`;
}

/** The history with what this member adds to it; the same one if that is nothing. */
export function recordLocal(history: History, local: Local): History {
  const committed = recordCommitted(history.committed, local);
  const { role, term } = local.state;
  if (role !== 'leader') return { ...history, committed };
  checkCompleteness(committed, local);
  const known = history.leaders[term];
  assert(known === undefined || known === local.at, `Election Safety: one leader in term ${term}`);
  const leaders = [...history.leaders];
  leaders[term] = local.at;
  return { leaders, committed };
}

/** A leader takes entries for committed: they are durable at a quorum. */
export function checkCounted(counted: readonly Counted[], members: readonly Local[]): void {
  for (const { config, entry, index } of counted) {
    const isEnough = isQuorum(config, members, ({ disk }) => isSame(disk[index - 1], entry));
    assert(isEnough, `entry ${index}, which is taken for committed, is durable at a quorum`);
  }
}

/** A candidate has won: a quorum has voted for it, or has gone on to a newer term since. */
export function checkElected(before: Local, after: Local, members: readonly Local[]): void {
  const { role, term } = after.state;
  if (before.state.role === 'leader' || role !== 'leader') return;
  const config = inForce(before.log);
  const isEnough = isQuorum(config, members, ({ hardState }) => {
    if (hardState.term !== term) return hardState.term > term;
    return hardState.votedFor === idOf(after.at);
  });
  assert(isEnough, `the leader of term ${term} has the durable votes of a quorum`);
}

/** A majority of each half; an empty half decides nothing. */
function isQuorum(
  config: Configuration | undefined,
  members: readonly Local[],
  counts: (member: Local) => boolean,
): boolean {
  const isMajority = (ids: readonly MemberId[]) => {
    const counted = ids.filter((id) => {
      const member = members[placeOf(id)];
      return member !== undefined && counts(member);
    });
    return ids.length === 0 || counted.length > ids.length / 2;
  };
  return config !== undefined && isMajority(config.voters) && isMajority(config.outgoing);
}

function recordCommitted(known: readonly Committed[], local: Local): readonly Committed[] {
  const { log, state } = local;
  const committed = [...known];
  for (let place = 0; place < state.commit; place++) {
    const entry = log[place];
    assert(entry !== undefined, `committed entry ${place + 1} is in the log`);
    const before = committed[place]?.entry;
    if (before === undefined) committed.push({ entry, inTerm: state.term });
    else
      assert(isSame(before, entry), `State Machine Safety: entry ${place + 1} is committed once`);
  }
  return committed;
}

/** A leader of an older term may be elected late, by votes that were long on the way. */
function checkCompleteness(committed: readonly Committed[], { log, state }: Local): void {
  for (const [place, { entry, inTerm }] of committed.entries()) {
    if (inTerm >= state.term) continue;
    const holds = isSame(log[place], entry);
    assert(holds, `Leader Completeness: entry ${place + 1} in the log of term ${state.term}`);
  }
}
