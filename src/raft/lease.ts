// Until when a leader knows, by its own clock, that nobody else leads (§6.4.1): a majority has
// heard it after a moment that it knows, and grants no vote for an election timeout after that.
import { CLOCK_TOLERANCE_MS, doClocksAgree } from './clocks.ts';
import type { MemberId } from './member-id.ts';
import type { HeartbeatAck } from './messages.ts';
import type { Progress } from './progress.ts';
import { committedIndex } from './quorum.ts';
import { isEstablished } from './roles.ts';
import type { Leading, RaftState } from './state.ts';

/** Heartbeat rounds whose time is remembered: a count. */
const ROUNDS = 64;

/** A lease spans two readings of the clocks at most, which may both be off by that much. */
const UNSEEN_MS = 2 * CLOCK_TOLERANCE_MS;

/** Monotonic time, ms; -Infinity when there is no lease. */
export function leaseUntil(state: RaftState): number {
  const { config, id: self, leading } = state;
  if (leading === undefined || leading.handover !== undefined) return -Infinity;
  if (leading.yielded.size > 0 || !isEstablished(state)) return -Infinity;
  const until = committedIndex(config, (id) => {
    return id === self ? Infinity : (leading.progress.get(id)?.promisedUntilMs ?? -Infinity);
  });
  return until - UNSEEN_MS;
}

/** Does the lease hold at this very moment? Asked just before an answer leaves. */
export function holdsLease(state: RaftState, nowMs: number, wallMs: number): boolean {
  return leaseUntil(state) > nowMs && doClocksAgree(state, nowMs, wallMs);
}

export function recordRoundSent(leading: Leading, now: number): void {
  leading.roundsSentMs[leading.round % ROUNDS] = now;
}

/**
 * The acknowledgement of a round speaks of the time at which the round was sent, and promises what
 * whoever sent it could: an earlier run of that member may have been more patient.
 */
export function recordRoundHeard(
  { leading, options }: RaftState,
  from: MemberId,
  progress: Progress,
  { patienceMs, round }: HeartbeatAck,
): void {
  if (leading === undefined || round > leading.round) return;
  progress.heardRound = Math.max(progress.heardRound, round);
  // Whoever was asked to take over has heard that it is called off.
  if (round > (leading.yielded.get(from) ?? round)) leading.yielded.delete(from);
  if (round <= leading.round - ROUNDS) return;
  const sentMs = leading.roundsSentMs[round % ROUNDS] ?? -Infinity;
  // No longer than what two readings of the clocks cover.
  const lengthMs = Math.min(patienceMs, options.electionMaxMs) * (1 - options.maxClockDrift);
  progress.promisedUntilMs = Math.max(progress.promisedUntilMs, sentMs + lengthMs);
}
