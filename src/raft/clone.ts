// A copy of a state, and a number that is equal for states with the same future. For explorers and
// tests, which go back to a state and compare it with others.
import type { ConfigurationAt } from './membership.ts';
import type { Progress } from './progress.ts';
import type { ReadAsk } from './reading.ts';
import type { Snapshots } from './snapshot.ts';
import { AWAY_TIMEOUTS } from './snapshot-sending.ts';
import type { Leading, RaftState } from './state.ts';

/** Nothing that a step changes is shared with the original. The effects are those of no step. */
export function cloneState(state: RaftState): RaftState {
  const { candidacy, leading, log } = state;
  return {
    ...state,
    log: { ...log, runs: [...log.runs], bytes: log.bytes.slice() },
    configs: [...state.configs],
    recognition: {
      admitted: state.recognition.admitted,
      pins: new Map(state.recognition.pins),
      greeted: new Set(state.recognition.greeted),
    },
    following: { ...state.following },
    reading: { ...state.reading },
    snapshots: cloneSnapshots(state.snapshots),
    stalling: { ...state.stalling },
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
 *   the shortest election timeout (older is as good as never), or up to the time after which
 *   nobody is sent a snapshot any more. So two states that differ by when
 *   their clocks began are one, and nothing else is: `step` at `now + x` does the same to both.
 * - Numbers of writes, from the last one completed. What such a number in the past marks is over.
 * - Sizes of entries, not where the ring of their sums starts or what is left over in it.
 *
 * Left out is what is set anew before it is read: effects, the deadline of a leader, and the
 * generator if the election timeout is not drawn at all; and the lease, at which only a driver
 * looks.
 */
export function hashState(state: RaftState): number {
  const { id, leader, log, options, role, writes } = state;
  const { completed } = writes;
  const since = (write: number) => Math.max(write - completed, 0);
  const isDrawn = options.electionMaxMs !== options.electionMinMs;
  const fields = [
    [id, state.incarnation, state.configs.map(configurationOf)],
    recognitionOf(state),
    Object.entries(options).sort(([one], [other]) => (one < other ? -1 : 1)),
    [state.boot, clocksOf(state)],
    [state.term, state.votedFor, role, leader, state.commit, state.applying, state.applied],
    [log.base.index, log.base.term, log.last, log.durable, log.lastTimeMs],
    log.runs.map((run) => [run.from, run.term]),
    sizesOf(state),
    [role === 'leader' ? 0 : timeLeft(state, state.electionDueMs)],
    [timeLeft(state, state.silentUntilMs), ageOf(state, state.following.contactMs)],
    [state.following.stream, state.following.verified, state.following.round],
    readingOf(state),
    snapshotsOf(state),
    stallingOf(state),
    candidacyOf(state),
    leadingOf(state),
    [writes.issued - completed, since(writes.hard), since(writes.lineage)],
    since(writes.recognition),
    Object.values(state.unwritten),
    isDrawn ? [state.prng.a, state.prng.b, state.prng.c, state.prng.d] : [],
  ];
  return hashText(JSON.stringify(fields));
}

function cloneLeading(leading: Leading): Leading {
  const progress = new Map<string, Progress>();
  for (const [id, each] of leading.progress) {
    const catchUp = each.catchUp && { ...each.catchUp };
    const sending = each.sending && { ...each.sending };
    progress.set(id, { ...each, catchUp, sending, inflight: [...each.inflight] });
  }
  const yielded = new Map(leading.yielded);
  const { batch, waiting } = leading.reads;
  const reads = { batch, waiting: new Map(waiting) };
  return { ...leading, progress, yielded, reads, roundsSentMs: [...leading.roundsSentMs] };
}

function timeLeft({ now }: RaftState, dueMs: number): number {
  return Math.max(dueMs - now, 0);
}

function ageOf({ now, options }: RaftState, contactMs: number): number {
  return Math.min(now - contactMs, options.electionMinMs);
}

/** Where there are snapshots, it counts for longer how long a follower was not heard. */
function absenceOf(state: RaftState, { contactMs }: Progress): number {
  const { now, options, snapshots } = state;
  const { everyBytes, everyEntries } = options.snapshot;
  const isTaken = Math.min(everyBytes, everyEntries) < Number.MAX_SAFE_INTEGER;
  if (!isTaken && snapshots.latest === undefined) return ageOf(state, contactMs);
  return Math.min(now - contactMs, AWAY_TIMEOUTS * options.electionMaxMs + 1);
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

function configurationOf({ config, index }: ConfigurationAt): readonly unknown[] {
  const { incarnations, joining, learners, outgoing, voters } = config;
  return [index, voters, outgoing, learners, joining, [...incarnations]];
}

function recognitionOf({ recognition }: RaftState): readonly unknown[] {
  const { admitted, greeted, pins } = recognition;
  return [admitted, [...pins], [...greeted].sort()];
}

function leadingOf(state: RaftState): readonly unknown[] {
  const { leading } = state;
  if (leading === undefined) return [];
  const { handover, heartbeatDueMs, lastStream, reads, round } = leading;
  const followers = [...leading.progress].map(([id, each]) => [
    id,
    each.mode,
    [each.match, each.next, each.stream, each.sent, each.sentAtHeartbeat, each.commitSent],
    [Math.abs(each.wallOffsetMs) <= state.options.maxClockOffsetMs],
    each.heardRound >= (reads.batch?.round ?? 0),
    [each.missing, each.patience, absenceOf(state, each)],
    [each.stranger, timeLeft(state, each.dropAtMs)],
    each.catchUp && [each.catchUp.target, each.catchUp.done, ageOf(state, each.catchUp.startMs)],
    each.inflight,
    [each.heldFrom, each.sending?.head.id, each.sending?.stored, each.sending?.next],
    [each.sending?.asked, each.sending?.answered, each.sending?.window],
    each.sending?.storedBefore,
  ]);
  return [
    [round, lastStream, timeLeft(state, heartbeatDueMs)],
    [handover?.to, handover && timeLeft(state, handover.dueMs), leading.asked],
    [timeLeft(state, leading.chunksDueMs), leading.servedLast],
    [[...reads.waiting].map(askOf), reads.batch?.round, reads.batch?.index],
    [...(reads.batch?.asks ?? [])].map(askOf),
    followers,
  ];
}

function clocksOf({ clocks, now, options }: RaftState): readonly unknown[] {
  if (clocks === undefined) return [];
  const ageMs = now - clocks.nowMs;
  return [clocks.wallMs + ageMs, Math.min(ageMs, options.electionMaxMs)];
}

function cloneSnapshots(snapshots: Snapshots): Snapshots {
  return { ...snapshots, incoming: snapshots.incoming && { ...snapshots.incoming } };
}

function snapshotsOf({ snapshots, writes }: RaftState): readonly unknown[] {
  const { distrusted, incoming, installing, latest, machineDurable } = snapshots;
  const { repairFrom, restoring, taking, wanted } = snapshots;
  return [
    [latest?.id, latest?.index, taking, wanted, distrusted, machineDurable, repairFrom],
    [restoring?.id, restoring?.index],
    incoming && [incoming.head.id, incoming.term, incoming.stream, incoming.taken],
    incoming && [incoming.stored, incoming.storing, incoming.isWhole, incoming.ask],
    installing && [installing.head.id, Math.max(installing.write - writes.completed, 0)],
  ];
}

/** When it was asked says only how fresh the answer is, at which only a driver looks. */
function readingOf({ now, options, reading }: RaftState): readonly unknown[] {
  const { asked, granted, wanted } = reading;
  const ageMs = asked && Math.min(now - asked.atMs, options.heartbeatMs);
  return [wanted, granted, asked?.term, asked?.upTo, ageMs];
}

function stallingOf(state: RaftState): readonly unknown[] {
  const { letGo, stalled } = state.stalling;
  const { keepUntilMs, restUntilMs, standAtMs, unfitUntilMs } = state.stalling;
  const times = [keepUntilMs, restUntilMs, standAtMs, unfitUntilMs].map((atMs) =>
    timeLeft(state, atMs),
  );
  return [stalled, letGo, times];
}

function askOf([id, { boot, incarnation, upTo }]: [string, ReadAsk]): readonly unknown[] {
  return [id, incarnation, boot, upTo];
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
