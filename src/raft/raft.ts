// The algorithm's only entry: one event in, its effects out. This file only dispatches.
import { unreachable } from '../lib/assert.ts';
import { readClocks } from './clocks.ts';
import { configure } from './configuring.ts';
import type { Effect } from './effects.ts';
import {
  countOwnVote,
  mayStand,
  receivePreVoteReply,
  receivePreVoteRequest,
  receiveTimeoutNow,
  receiveVoteReply,
  receiveVoteRequest,
  startPreVote,
} from './election.ts';
import type { RaftEvent, Receive, SnapshotEvent, Written } from './events.ts';
import {
  acknowledgeLeader,
  receiveAppend,
  receiveCommitNotice,
  receiveHeartbeat,
} from './following.ts';
import { termAt } from './log.ts';
import { settle } from './outbox.ts';
import { advanceReads, receiveReadReply, receiveReadRequest } from './reads.ts';
import {
  greet,
  isGreeting,
  isProven,
  isStranger,
  meet,
  noteStranger,
  receiveGreeting,
  receiveGreetingReply,
} from './recognition.ts';
import { advanceMembers, changeMembers } from './reconfiguring.ts';
import {
  advanceCommit,
  leaderTimeout,
  owesCommitToAny,
  propose,
  receiveAppendAck,
  receiveAppendReject,
  receiveHeartbeatAck,
} from './replication.ts';
import { becomeFollower, forgetLeader } from './roles.ts';
import { advanceSnapshots, snapshotTaken, wantSnapshot } from './snapshot-keeping.ts';
import {
  machineRestored,
  receiveSnapshotChunk,
  repairMachine,
  restoreInstalled,
  snapshotProgress,
  snapshotReceived,
  snapshotRefused,
} from './snapshot-receiving.ts';
import { chunksDueMs, receiveSnapshotAck, receiveSnapshotRequest } from './snapshot-sending.ts';
import { holdsBack, noteStall } from './stalls.ts';
import { type RaftState, resetElectionDue } from './state.ts';
import { startHandover } from './transfer.ts';

/**
 * Handles one event and returns what must be done, in a buffer that the next step reuses.
 * `now` is the monotonic clock in ms. Throws a CoxswainError when the member must stop.
 */
export function step(state: RaftState, event: RaftEvent, now: number): readonly Effect[] {
  state.effects.length = 0;
  state.now = Math.max(state.now, now);
  const before = { role: state.role, term: state.term, leader: state.leader };
  handle(state, event);
  if (state.role === 'leader') advanceMembers(state);
  advanceReads(state);
  restoreInstalled(state);
  advanceSnapshots(state);
  settle(state, before);
  return state.effects;
}

/** When the next `timeout` event is due, in ms of the monotonic clock; Infinity for never. */
export function nextDeadline(state: RaftState): number {
  const { leading } = state;
  if (leading !== undefined) {
    if (owesCommitToAny(state, leading)) return state.now;
    const handoverMs = leading.handover?.dueMs ?? Number.POSITIVE_INFINITY;
    return Math.min(leading.heartbeatDueMs, handoverMs, chunksDueMs(state, leading));
  }
  // Even one that never stands finds out that its leader is gone.
  const isWaiting = !state.recognition.admitted || mayStand(state) || state.leader !== undefined;
  return isWaiting ? state.electionDueMs : Number.POSITIVE_INFINITY;
}

function handle(state: RaftState, event: RaftEvent): void {
  switch (event.type) {
    case 'start':
      if (state.recognition.admitted) resetElectionDue(state);
      else greet(state);
      return;
    case 'receive':
      receive(state, event);
      return;
    case 'propose':
      readClocks(state, event.wallMs);
      propose(state, event);
      return;
    case 'written':
      written(state, event);
      return;
    case 'applied':
      // What was applied before a restore began says nothing of the machine as it will be.
      if (state.snapshots.restoring === undefined) {
        state.applied = Math.max(state.applied, event.index);
      }
      return;
    case 'timeout':
      timeout(state);
      return;
    case 'campaign':
      if (state.role !== 'leader' && state.snapshots.repairFrom === 0) startPreVote(state);
      return;
    case 'change':
      readClocks(state, event.wallMs);
      changeMembers(state, event);
      return;
    case 'transfer':
      startHandover(state, event);
      return;
    case 'read':
      state.reading.wanted = Math.max(state.reading.wanted, event.upTo);
      return;
    case 'clocks':
      readClocks(state, event.wallMs);
      return;
    case 'stall':
      noteStall(state, event);
      return;
    case 'configure':
      configure(state, event);
      return;
    default:
      handleSnapshot(state, event);
  }
}

function handleSnapshot(state: RaftState, event: SnapshotEvent): void {
  switch (event.type) {
    case 'take-snapshot':
      return wantSnapshot(state, event);
    case 'snapshot-taken':
      return snapshotTaken(state, event);
    case 'snapshot-progress':
      return snapshotProgress(state, event);
    case 'snapshot-received':
      return snapshotReceived(state, event);
    case 'snapshot-refused':
      return snapshotRefused(state, event);
    case 'restored':
      return machineRestored(state, event);
    case 'repair':
      return repairMachine(state, event);
    default:
      unreachable(event);
  }
}

function receive(state: RaftState, event: Receive): void {
  const { entries, from, message } = event;
  meet(state, event);
  if (!state.recognition.admitted && !isGreeting(message)) return;
  switch (message.type) {
    case 'greeting':
      return receiveGreeting(state, from, event);
    case 'greeting-reply':
      return receiveGreetingReply(state, from, message);
    case 'timeout-now':
      return receiveTimeoutNow(state, from, message);
    case 'pre-vote-request':
      return receivePreVoteRequest(state, from, message);
    case 'vote-request':
      return receiveVoteRequest(state, from, message);
    case 'append':
      return receiveAppend(state, from, message, entries);
    case 'heartbeat':
      return receiveHeartbeat(state, from, message);
    case 'commit-notice':
      return receiveCommitNotice(state, from, message);
    case 'snapshot-chunk':
      return receiveSnapshotChunk(state, from, message);
    case 'read-request':
      return receiveReadRequest(state, from, event.incarnation, message);
    default:
  }
  // What is left are answers. Another store's under a member's id are nobody's.
  if (isStranger(state, event)) return noteStranger(state, from);
  if (message.type === 'pre-vote-reply') return receivePreVoteReply(state, from, message);
  // Any of them may end a leader's term (§5.1).
  if (message.term > state.term) return becomeFollower(state, message.term, undefined);
  if (message.term < state.term || !isProven(state)) return;
  switch (message.type) {
    case 'vote-reply':
      return receiveVoteReply(state, from, message);
    case 'append-ack':
      return receiveAppendAck(state, from, message);
    case 'append-reject':
      return receiveAppendReject(state, from, message);
    case 'heartbeat-ack':
      return receiveHeartbeatAck(state, from, message);
    case 'read-reply':
      return receiveReadReply(state, message);
    case 'snapshot-ack':
      return receiveSnapshotAck(state, from, message);
    case 'snapshot-request':
      return receiveSnapshotRequest(state, from, message);
    case 'stale-term':
      return;
    default:
      unreachable(message);
  }
}

function written(state: RaftState, event: Written): void {
  const { log, writes } = state;
  writes.completed = Math.max(writes.completed, event.write);
  // A write before the last truncation says nothing of the log as it is now (the ABA race).
  const current = event.write >= writes.lineage && termAt(log, event.lastIndex) === event.lastTerm;
  const news = current && event.lastIndex > log.durable;
  if (news) log.durable = event.lastIndex;
  countOwnVote(state);
  if (!news) return;
  if (state.role === 'leader') advanceCommit(state);
  else acknowledgeLeader(state);
}

function timeout(state: RaftState): void {
  if (state.role === 'leader') leaderTimeout(state);
  else if (state.now < state.electionDueMs) return;
  else if (!state.recognition.admitted) greet(state);
  else if (!mayStand(state)) forgetLeader(state);
  else if (!holdsBack(state)) startPreVote(state);
}
