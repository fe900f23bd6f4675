// Until when a leader knows, by its own clock, that nobody else leads (§6.4.1): a majority has
// heard it after a moment that it knows, and grants no vote for an election timeout after that.
import { termAt } from './log.ts';
import type { MemberId } from './member-id.ts';
import type { Progress } from './progress.ts';
import { committedIndex } from './quorum.ts';
import type { Leading, RaftState } from './state.ts';

/** Heartbeat rounds whose time is remembered: a count. */
const ROUNDS = 64;

/** How much faster another clock may run than this one: a share. */
const MAX_CLOCK_DRIFT = 0.05;

/** Monotonic time, ms; -Infinity when there is no lease. */
export function leaseUntil(state: RaftState): number {
  const { config, leading, options } = state;
  const isNew = termAt(state.log, state.commit) !== state.term;
  if (leading === undefined || isNew || leading.handover !== undefined) return -Infinity;
  if (leading.yielded.size > 0) return -Infinity;
  const startMs = committedIndex(config, (id) => leaseStart(state, leading, id));
  return startMs + options.electionMinMs * (1 - MAX_CLOCK_DRIFT);
}

export function recordRoundSent(leading: Leading, now: number): void {
  leading.roundsSentMs[leading.round % ROUNDS] = now;
}

/** The acknowledgement of a round speaks of the time at which the round was sent. */
export function recordRoundHeard(
  leading: Leading,
  from: MemberId,
  progress: Progress,
  round: number,
): void {
  if (round > leading.round || round <= leading.round - ROUNDS) return;
  const sentMs = leading.roundsSentMs[round % ROUNDS] ?? -Infinity;
  progress.leaseMs = Math.max(progress.leaseMs, sentMs);
  // Whoever was asked to take over has heard that it is called off.
  if (round > (leading.yielded.get(from) ?? round)) leading.yielded.delete(from);
}

function leaseStart(state: RaftState, leading: Leading, id: MemberId): number {
  return id === state.id ? state.now : (leading.progress.get(id)?.leaseMs ?? -Infinity);
}
