// A copy of a state, and a number that is equal for states with the same future. For explorers and
// tests, which go back to a state and compare it with others.
import type { Progress } from './progress.ts';
import type { Leading, RaftState } from './state.ts';

/** Nothing that a step changes is shared with the original. The effects are those of no step. */
export function cloneState(state: RaftState): RaftState {
  const { candidacy, leading, log } = state;
  return {
    ...state,
    log: { ...log, runs: [...log.runs], bytes: log.bytes.slice() },
    following: { ...state.following },
    candidacy: candidacy && { ...candidacy, votes: new Map(candidacy.votes) },
    leading: leading && cloneLeading(leading),
    writes: { ...state.writes },
    unwritten: { ...state.unwritten },
    prng: { ...state.prng },
    effects: [],
  };
}

/**
 * 53 bits, between steps. Three things count only as a difference, because the core does not look
 * at them in any other way:
 *
 * - Times, from `now`: what is left of a deadline (past is past), and the age of a contact up to
 *   the shortest election timeout (older is as good as never). So two states that differ by when
 *   their clocks began are one, and nothing else is: `step` at `now + x` does the same to both.
 * - Numbers of writes, from the last one completed. What such a number in the past marks is over.
 * - Sizes of entries, not where the ring of their sums starts or what is left over in it.
 *
 * Left out is what is set anew before it is read: effects, the deadline and the contact of a
 * leader, a contact with nobody, and the generator if the election timeout is not drawn at all.
 */
export function hashState(state: RaftState): number {
  const { config, id, leader, log, options, role, writes } = state;
  const { completed } = writes;
  const since = (write: number) => Math.max(write - completed, 0);
  const follows = role !== 'leader' && leader !== undefined;
  const isDrawn = options.electionMaxMs !== options.electionMinMs;
  const fields = [
    [id, config.voters, config.outgoing, config.learners],
    Object.entries(options).sort(([one], [other]) => (one < other ? -1 : 1)),
    [state.term, state.votedFor, role, leader, state.commit, state.applying, state.applied],
    [log.base.index, log.base.term, log.last, log.durable, log.lastTimeMs],
    log.runs.map((run) => [run.from, run.term]),
    sizesOf(state),
    [role === 'leader' ? 0 : timeLeft(state, state.electionDueMs)],
    [timeLeft(state, state.silentUntilMs), follows ? ageOf(state, state.following.contactMs) : 0],
    [state.following.stream, state.following.verified],
    candidacyOf(state),
    leadingOf(state),
    [writes.issued - completed, since(writes.hard), since(writes.lineage)],
    [state.unwritten.hard, state.unwritten.truncateFrom, state.unwritten.from],
    isDrawn ? [state.prng.a, state.prng.b, state.prng.c, state.prng.d] : [],
  ];
  return hashText(JSON.stringify(fields));
}

function cloneLeading(leading: Leading): Leading {
  const progress = new Map<string, Progress>();
  for (const [id, each] of leading.progress) {
    progress.set(id, { ...each, inflight: [...each.inflight] });
  }
  return { ...leading, progress };
}

function timeLeft({ now }: RaftState, dueMs: number): number {
  return Math.max(dueMs - now, 0);
}

function ageOf({ now, options }: RaftState, contactMs: number): number {
  return Math.min(now - contactMs, options.electionMinMs);
}

function sizesOf({ log }: RaftState): readonly number[] {
  const mask = log.bytes.length - 1;
  const sizes: number[] = [];
  for (let index = log.base.index + 1; index <= log.last; index++) {
    sizes.push((log.bytes[index & mask] ?? 0) - (log.bytes[(index - 1) & mask] ?? 0));
  }
  return sizes;
}

/** Votes count whatever the order in which they came. */
function candidacyOf({ candidacy, writes }: RaftState): readonly unknown[] {
  if (candidacy === undefined) return [];
  const votes = [...candidacy.votes].sort(([one], [other]) => (one < other ? -1 : 1));
  return [votes, Math.max(candidacy.ownVoteWrite - writes.completed, 0)];
}

function leadingOf(state: RaftState): readonly unknown[] {
  const { leading } = state;
  if (leading === undefined) return [];
  const followers = [...leading.progress].map(([id, each]) => [
    id,
    each.mode,
    [each.match, each.next, each.stream, each.sent, each.sentAtHeartbeat, each.commitSent],
    [each.missing, each.patience, ageOf(state, each.contactMs)],
    each.inflight,
  ]);
  return [leading.round, timeLeft(state, leading.heartbeatDueMs), followers];
}

/** Two lanes of 32 bits, of which 53 are kept: as many as a number holds exactly. */
function hashText(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x9e3779b1);
    low = Math.imul(low ^ unit, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return (low & 0x1fffff) * 0x1_0000_0000 + (high >>> 0);
}
