// What is on the members' disks before a script begins, and after a store was emptied.
import { type Configuration, createConfiguration, type MemberId } from '../../../src/raft/index.ts';
import type { Entry } from './entry.ts';
import type { Stored } from './member.ts';

/**
 * `first`: a member of a cluster that runs already. `unformed`: a first member of a new one, which
 * nobody has met. `learner`: the cluster began with it, without a vote. `joiner`: an empty store.
 */
export type Beginner = 'first' | 'unformed' | 'learner' | 'joiner';

/** What a script says of a member's disk. */
export interface Beginning {
  readonly as: Beginner;
  readonly terms: readonly number[];
  readonly term: number | undefined;
  readonly vote: MemberId | undefined;
  readonly commit: number;
  readonly seed: number | undefined;
}

/** The members that the cluster begins with. Before they have met nobody's store is known. */
export function firstConfiguration(beginnings: ReadonlyMap<MemberId, Beginning>): Configuration {
  const all = [...beginnings];
  const idsOf = (...kinds: readonly Beginner[]) =>
    all.filter(([, { as }]) => kinds.includes(as)).map(([id]) => id);
  const voters = idsOf('first', 'unformed');
  const learners = idsOf('learner');
  const known = idsOf('unformed').length > 0 ? [] : [...voters, ...learners];
  const incarnations = new Map(known.map((id) => [id, firstIncarnation(id)]));
  return createConfiguration({ voters, learners, incarnations });
}

export function firstStore(id: MemberId, begins: Beginning, config: Configuration): Stored {
  const { as, commit, terms, vote } = begins;
  const incarnation = firstIncarnation(id);
  if (as === 'joiner') return emptyStore(incarnation + 1);
  const entries = terms.map((term, at): Entry => {
    const name = term === 1 && at === 0 ? 'first' : `old${at + 1}`;
    return { term, timeMs: 0, size: 4, name, config: at === 0 ? config : undefined };
  });
  const term = begins.term ?? terms.at(-1) ?? 0;
  const known = { admitted: as !== 'unformed', pins: new Map<MemberId, number>() };
  const hardState = { term, votedFor: vote, commit };
  return { incarnation, known, hardState, entries, ...noSnapshots() };
}

/** Of a member that is to be added to a cluster. */
export function emptyStore(incarnation: number): Stored {
  return {
    incarnation,
    known: { admitted: true, pins: new Map() },
    hardState: { term: 0, votedFor: undefined, commit: 0 },
    entries: [],
    ...noSnapshots(),
  };
}

/** Of a member that believes to begin a new cluster. */
export function newStore(incarnation: number, config: Configuration): Stored {
  const first: Entry = { term: 1, timeMs: 0, size: 4, name: 'first', config };
  return {
    incarnation,
    known: { admitted: false, pins: new Map() },
    hardState: { term: 1, votedFor: undefined, commit: 0 },
    entries: [first],
    ...noSnapshots(),
  };
}

/** Even: it begins with the cluster. Stores that are made to join have odd numbers. */
export function firstIncarnation(id: MemberId): number {
  return 2 * (id.charCodeAt(0) - 96);
}

function noSnapshots(): Pick<Stored, 'base' | 'snapshots'> {
  return { base: { index: 0, term: 0 }, snapshots: { whole: [], incoming: undefined } };
}
