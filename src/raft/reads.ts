// Linearizable reads without an entry (ReadIndex, thesis §6.4): an answer must show all that was
// committed when it was asked for. Only a leader of which a majority says, after that moment, that
// it leads yet, knows how far that is; and only once it has committed an entry of its own.
import type { MemberId } from './member-id.ts';
import type { ReadReply, ReadRequest } from './messages.ts';
import { send } from './outbox.ts';
import { committedIndex } from './quorum.ts';
import type { Fresh, ReadAsk, ReadBatch } from './reading.ts';
import { readRound } from './replication.ts';
import { isEstablished } from './roles.ts';
import type { Leading, RaftState } from './state.ts';

/** The leader may be asked on behalf of members that it knows. */
export function receiveReadRequest(
  state: RaftState,
  from: MemberId,
  incarnation: number,
  { term, boot, upTo, atMs }: ReadRequest,
): void {
  const { leading } = state;
  if (leading === undefined || term !== state.term || !leading.progress.has(from)) return;
  leading.reads.waiting.set(from, { incarnation, boot, upTo, atMs });
}

export function receiveReadReply(state: RaftState, reply: ReadReply): void {
  if (reply.incarnation !== state.incarnation || reply.boot !== state.boot) return;
  const { reading } = state;
  if (reading.asked !== undefined && reading.asked.upTo <= reply.upTo) reading.asked = undefined;
  grant(state, reply, reply.index);
}

/** A heartbeat came, and no answer: the question or the answer may be lost. */
export function repeatReadRequest({ now, options, reading }: RaftState): void {
  const { asked } = reading;
  if (asked !== undefined && now - asked.atMs >= options.heartbeatMs) reading.asked = undefined;
}

/** Does the machine show everything that was committed `maxMs` before `nowMs`? */
export function isFresh({ applied, reading }: RaftState, maxMs: number, nowMs: number): boolean {
  const { coming, fresh } = reading;
  const known = coming !== undefined && applied >= coming.index ? coming : fresh;
  return known !== undefined && nowMs - known.atMs <= maxMs && applied >= known.index;
}

/** At the end of a step: asks what can be asked, answers what can be answered. */
export function advanceReads(state: RaftState): void {
  const { leading } = state;
  if (leading === undefined) return askLeader(state);
  const { reading } = state;
  const { reads } = leading;
  if (reads.batch === undefined && reading.wanted > reading.granted) addOwn(state, leading);
  if (reads.batch === undefined && reads.waiting.size > 0) startBatch(state, leading);
  if (reads.batch !== undefined) confirmBatch(state, leading, reads.batch);
}

function askLeader(state: RaftState): void {
  const { leader, now, reading, term } = state;
  if (leader === undefined || reading.wanted <= reading.granted) return;
  if (reading.asked?.term === term) return;
  reading.asked = { term, upTo: reading.wanted, atMs: now };
  const { boot } = state;
  const upTo = reading.wanted;
  send(state, leader, { type: 'read-request', term, boot, upTo, atMs: Math.floor(now) });
}

function addOwn({ boot, id, incarnation, now, reading }: RaftState, { reads }: Leading): void {
  reads.waiting.set(id, { incarnation, boot, upTo: reading.wanted, atMs: now });
}

/** Before its first entry is committed a leader does not know what is (§6.4, step 1). */
function startBatch(state: RaftState, leading: Leading): void {
  if (!isEstablished(state)) return;
  const { reads } = leading;
  const asks = new Map(reads.waiting);
  reads.waiting.clear();
  const round = readRound(state, leading);
  reads.batch = { round, index: state.commit, asks };
}

/** Acknowledgements of any later round say the same. */
function confirmBatch(state: RaftState, leading: Leading, batch: ReadBatch): void {
  const heard = committedIndex(state.config, (id) =>
    id === state.id ? leading.round : (leading.progress.get(id)?.heardRound ?? 0),
  );
  if (heard < batch.round) return;
  leading.reads.batch = undefined;
  const { index } = batch;
  const { term } = state;
  for (const [id, ask] of batch.asks) {
    if (id === state.id) grant(state, ask, index);
    else send(state, id, { type: 'read-reply', term, ...ask, index });
  }
  // Whoever came while this round was under way has the next one.
  advanceReads(state);
}

function grant(state: RaftState, { atMs, upTo }: Omit<ReadAsk, 'boot'>, index: number): void {
  const { reading } = state;
  const sinceMs = Math.max(reading.jumpedMs, reading.fresh?.atMs ?? Number.NEGATIVE_INFINITY);
  if (atMs > sinceMs) learnFresh(state, { atMs, index });
  if (upTo <= reading.granted) return;
  reading.granted = upTo;
  state.effects.push({ type: 'read-index', upTo, index });
}

/**
 * What the machine has come to stays known until it has come further. What it is on its way to is
 * not replaced by what is further away: with entries coming all the time it would never be there.
 */
function learnFresh({ applied, reading }: RaftState, latest: Fresh): void {
  const { coming } = reading;
  if (coming !== undefined && applied >= coming.index) {
    reading.fresh = coming;
    reading.coming = undefined;
  }
  if (applied >= latest.index) reading.fresh = latest;
  else if (latest.index <= (reading.coming?.index ?? latest.index)) reading.coming = latest;
}
