// Members that are alike: a state in which a and b have changed places is the same state, told with
// other names. This gives things their new names, but for configurations: those alike are in the
// same of their lists.
import type { HardState, KnownMembers, Leading, MemberId, RaftState } from '../../raft/index.ts';
import type { Envelope } from '../simulator/sim-member.ts';
import type { History } from './history.ts';
import type { Local } from './local.ts';
import { idOf, placeOf } from './scope.ts';

/** The new place of the member at each place. */
export type Renaming = readonly number[];

/** All by which those at the places `alike` change places, the one that changes nothing first. */
export function renamingsOf(members: number, alike: readonly number[]): readonly Renaming[] {
  if (alike.length < 2) return [[]];
  const isFixed = (place: number, at: number) => place === at || alike.includes(at);
  return permutationsOf(members).filter((renaming) => renaming.every(isFixed));
}

function permutationsOf(members: number): readonly Renaming[] {
  if (members === 0) return [[]];
  const shorter = permutationsOf(members - 1);
  const last = members - 1;
  return Array.from({ length: members }, (_, back) => last - back).flatMap((place) =>
    shorter.map((rest) => [...rest.map((other) => (other >= place ? other + 1 : other)), place]),
  );
}

export function renameLocal(local: Local, renaming: Renaming): Local {
  return {
    ...local,
    at: renaming[local.at] ?? 0,
    state: renameState(local.state, renaming),
    hardState: renameHardState(local.hardState, renaming),
    known: renameKnown(local.known, renaming),
    pending: local.pending.map(({ entries, write }) => ({
      entries,
      write: {
        ...write,
        hardState: renameHardState(write.hardState, renaming),
        known: write.known && renameKnown(write.known, renaming),
      },
    })),
    held: local.held.map(({ after, envelope }) => ({
      after,
      envelope: renameEnvelope(envelope, renaming),
    })),
  };
}

export function renameEnvelope(envelope: Envelope, renaming: Renaming): Envelope {
  const from = renaming[envelope.from] ?? 0;
  const to = renaming[envelope.to] ?? 0;
  return { from, to, message: envelope.message, entries: envelope.entries };
}

export function renameHistory(history: History, renaming: Renaming): History {
  const leaders = history.leaders.map((at) => (at === undefined ? undefined : renaming[at]));
  return { leaders, committed: history.committed };
}

/**
 * Shares what has no names in it: only drafts change. Maps keep the order in which the core makes
 * them, that of the configuration.
 */
function renameState(state: RaftState, renaming: Renaming): RaftState {
  const { candidacy, leading, recognition } = state;
  return {
    ...state,
    recognition: { ...recognition, pins: renameKeys(recognition.pins, renaming) },
    id: renameId(state.id, renaming),
    votedFor: state.votedFor && renameId(state.votedFor, renaming),
    leader: state.leader && renameId(state.leader, renaming),
    candidacy: candidacy && { ...candidacy, votes: renameKeys(candidacy.votes, renaming) },
    leading: leading && renameLeading(leading, renaming),
  };
}

function renameLeading(leading: Leading, renaming: Renaming): Leading {
  const { handover, reads, yielded } = leading;
  return {
    ...leading,
    progress: renameKeys(leading.progress, renaming),
    handover: handover && { ...handover, to: renameId(handover.to, renaming) },
    yielded: renameKeys(yielded, renaming),
    reads: {
      waiting: renameKeys(reads.waiting, renaming),
      batch: reads.batch && { ...reads.batch, asks: renameKeys(reads.batch.asks, renaming) },
    },
  };
}

function renameKnown({ admitted, pins }: KnownMembers, renaming: Renaming): KnownMembers {
  return { admitted, pins: renameKeys(pins, renaming) };
}

function renameHardState(hardState: HardState, renaming: Renaming): HardState {
  const { votedFor } = hardState;
  return { ...hardState, votedFor: votedFor && renameId(votedFor, renaming) };
}

function renameKeys<T>(map: ReadonlyMap<MemberId, T>, renaming: Renaming): Map<MemberId, T> {
  const renamed = [...map].map(([id, value]): [MemberId, T] => [renameId(id, renaming), value]);
  return new Map(renamed.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function renameId(id: MemberId, renaming: Renaming): MemberId {
  return idOf(renaming[placeOf(id)] ?? 0);
}
