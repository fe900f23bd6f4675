// Which configuration is in force here: the latest in the log, committed or not, and again the one
// before it as soon as it is truncated.
import {
  type Configuration,
  type ConfigurationAt,
  liveConfigurations,
  NO_CONFIGURATION,
  versionOf,
} from './membership.ts';
import { unpinAdded, unpinNonVoters, unpinRemoved } from './recognition.ts';
import type { RaftState } from './state.ts';

/** The entry at `index`, which holds it, has just been appended. */
export function adoptConfiguration(state: RaftState, index: number, config: Configuration): void {
  unpinAdded(state, config);
  state.configs.push({ index, config });
  putInForce(state);
}

/** Entries from `from` on are no longer in the log. */
export function dropConfigurations(state: RaftState, from: number): void {
  if (versionOf(state) < from) return;
  state.configs = state.configs.filter(({ index }) => index < from);
  putInForce(state);
}

/**
 * A snapshot has taken the place of the log, and its configuration that of any in it. Which stores
 * others run on, a configuration says of every voter but those that the cluster began with: what
 * was learnt of these stays, and all others are met anew.
 */
export function installConfiguration(state: RaftState, installed: ConfigurationAt): void {
  if (installed.index !== versionOf(state)) unpinNonVoters(state, installed.config);
  state.configs = [installed];
  unpinRemoved(state);
  putInForce(state);
}

/** The commit index has moved: what came before the last committed configuration is history. */
export function commitConfigurations(state: RaftState): void {
  if ((state.configs[1]?.index ?? Number.POSITIVE_INFINITY) <= state.commit) {
    state.configs = liveConfigurations(state.configs, state.commit);
    unpinRemoved(state);
    state.unwritten.configs = true;
  }
}

function putInForce(state: RaftState): void {
  state.config = (state.configs.at(-1) ?? NO_CONFIGURATION).config;
  state.unwritten.configs = true;
}
