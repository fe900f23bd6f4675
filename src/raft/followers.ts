// Whom a leader keeps progress of: everyone who may be a member, and who was one until just now.
import type { MemberId } from './member-id.ts';
import { isMember, membersOf } from './membership.ts';
import { createProgress } from './progress.ts';
import type { Leading, RaftState } from './state.ts';

/** A removed member is told so for this many election timeouts at most. */
const FAREWELL_TIMEOUTS = 10;

/** At the start of a leadership, and with every configuration that it appends. */
export function followConfigurations(state: RaftState, leading: Leading): void {
  const ids = new Set(state.configs.flatMap(({ config }) => membersOf(config)));
  for (const id of ids) {
    if (id === state.id) continue;
    const progress =
      leading.progress.get(id) ??
      createProgress(state.log.last + 1, state.now, leading.lastStream + 1);
    leading.progress.set(id, progress);
    const isJoining = state.config.joining.some((each) => each.id === id);
    if (!isJoining) progress.catchUp = undefined;
    else progress.catchUp ??= { target: state.log.last, startMs: state.now, done: false };
  }
}

/** Lets go of members whose removal is committed, once they were told or cannot be. */
export function dropRemoved(state: RaftState, leading: Leading): void {
  const { configs, now, options } = state;
  for (const [id, progress] of leading.progress) {
    if (configs.some(({ config }) => isMember(config, id))) continue;
    const farewellMs = FAREWELL_TIMEOUTS * options.electionMaxMs;
    progress.dropAtMs = Math.min(progress.dropAtMs, now + farewellMs);
    if (progress.commitSent < (configs[0]?.index ?? 0) && now < progress.dropAtMs) continue;
    forgetProgress(leading, id);
  }
}

/** Whoever comes back under this id may be another: no answer to the streams so far counts. */
export function forgetProgress(leading: Leading, id: MemberId): void {
  leading.lastStream = Math.max(leading.lastStream, leading.progress.get(id)?.stream ?? 0);
  leading.progress.delete(id);
}
