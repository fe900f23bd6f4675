// Options that change while the member runs. What was granted or begun under the old ones is cut to
// what the new ones allow, never made longer.
import type { Configure } from './events.ts';
import type { RaftState } from './state.ts';

/** The election timeout stays as it is: others were promised it, and it is on disk. */
export function configure(state: RaftState, { options }: Configure): void {
  const { leading, now, options: old } = state;
  const { electionMaxMs, electionMinMs } = old;
  state.options = { ...options, electionMaxMs, electionMinMs };
  if (leading === undefined) return;
  leading.heartbeatDueMs = Math.min(leading.heartbeatDueMs, now + options.heartbeatMs);
  const moreDrift = Math.max(0, options.maxClockDrift - old.maxClockDrift);
  for (const progress of leading.progress.values()) {
    // No promise counts for more than the longest election timeout, so none loses more than that.
    progress.promisedUntilMs -= electionMaxMs * moreDrift;
    const over = progress.inflight.length - options.maxInflightAppends;
    // The oldest are the next to land: they are no longer counted, and nothing is sent twice.
    if (over > 0) progress.inflight.splice(0, over);
  }
}
