// The two clocks. Waiting and leases go by the monotonic one alone; the wall clock only stamps
// entries. Each gives the other away: a process that was suspended, a clock that was set.
import type { HeartbeatAck } from './messages.ts';
import type { Progress } from './progress.ts';
import { committedIndex } from './quorum.ts';
import { becomeFollower } from './roles.ts';
import type { ClockReading, Leading, RaftState } from './state.ts';

/** By how much the clocks may disagree before nothing that was measured counts, in ms. */
export const CLOCK_TOLERANCE_MS = 5;

/** Takes note of what the wall clock says at `state.now`; 0 when nobody knows. */
export function readClocks(state: RaftState, wallMs: number): void {
  if (wallMs === 0) return;
  const { clocks, leading, now, options } = state;
  const jumpMs = clocks === undefined ? 0 : Math.abs(wallMs - wallAt(clocks, now));
  // Clocks that creep apart are no jump, however long they do.
  const isOld = clocks === undefined || now - clocks.nowMs > options.electionMaxMs;
  if (isOld || jumpMs > CLOCK_TOLERANCE_MS) state.clocks = { nowMs: now, wallMs };
  if (jumpMs <= CLOCK_TOLERANCE_MS) return;
  state.reading.fresh = undefined;
  state.reading.coming = undefined;
  state.reading.jumpedMs = now;
  if (leading !== undefined) forgetRounds(leading);
  // Whoever is right: what is stamped now could not be taken back (RA25). A candidate's voters have
  // judged the clock as it was.
  if (jumpMs > options.maxClockOffsetMs && state.role !== 'follower') {
    becomeFollower(state, state.term, undefined);
  }
}

/** Is there no sign, at this very moment, that the process was suspended since the last step? */
export function doClocksAgree({ clocks }: RaftState, nowMs: number, wallMs: number): boolean {
  if (clocks === undefined) return true;
  return Math.abs(wallMs - wallAt(clocks, nowMs)) <= CLOCK_TOLERANCE_MS;
}

/** The time of day as this member knows it, in whole ms; 0 when it does not. */
export function wallNow({ clocks, now }: RaftState): number {
  return clocks === undefined ? 0 : Math.max(0, Math.floor(wallAt(clocks, now)));
}

/** May the owner of such a wall clock lead? The leader's stamps are everybody's time (RA25). */
export function isPlausibleClock(state: RaftState, wallMs: number): boolean {
  if (wallMs === 0 || state.clocks === undefined) return true;
  return Math.abs(wallMs - wallNow(state)) <= state.options.maxClockOffsetMs;
}

/** What a follower's wall clock says, unless it comes later than what it said after that. */
export function recordClockHeard(
  state: RaftState,
  progress: Progress,
  { round, wallMs }: HeartbeatAck,
): void {
  if (round < progress.heardRound) return;
  const isKnown = wallMs !== 0 && state.clocks !== undefined;
  progress.wallOffsetMs = isKnown ? wallMs - wallNow(state) : 0;
}

/** Does a majority take this leader's wall clock for a plausible one? */
export function hasQuorumClock(state: RaftState, leading: Leading): boolean {
  const { config, id: self, options } = state;
  const agreeing = committedIndex(config, (id) => {
    const offsetMs = id === self ? 0 : (leading.progress.get(id)?.wallOffsetMs ?? 0);
    return Math.abs(offsetMs) <= options.maxClockOffsetMs ? 1 : 0;
  });
  return agreeing > 0;
}

function wallAt(clocks: ClockReading, nowMs: number): number {
  return clocks.wallMs + (nowMs - clocks.nowMs);
}

/** No round that was sent until now extends a lease. */
function forgetRounds(leading: Leading): void {
  leading.roundsSentMs.length = 0;
  for (const progress of leading.progress.values()) {
    progress.promisedUntilMs = Number.NEGATIVE_INFINITY;
  }
}
