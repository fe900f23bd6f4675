// Who is a member, and as what; which configurations are in a log. A configuration is in force from
// the moment it is appended (thesis §4.1), and the one before is again when it is truncated.
import type { MemberId } from './member-id.ts';
import type { Voters } from './quorum.ts';

/** A learner on its way to become a voter, in the place of another one if `replaces` names one. */
export interface Joining {
  readonly id: MemberId;
  readonly replaces: MemberId | undefined;
}

/** The members in force. */
export interface Configuration extends Voters {
  /** They receive the log and hold no vote, but those that a joint configuration demotes yet do. */
  readonly learners: readonly MemberId[];
  /** Those learners that become voters, all at once, when each of them has caught up. */
  readonly joining: readonly Joining[];
  /**
   * Which store a member runs on: an emptied one is another member (RA18). Known of every voter but
   * those that the cluster began with, until a first change is made.
   */
  readonly incarnations: ReadonlyMap<MemberId, number>;
}

/** A configuration and its version: the index of its entry. */
export interface ConfigurationAt {
  readonly index: number;
  readonly config: Configuration;
}

export function createConfiguration(parts: Partial<Configuration>): Configuration {
  return {
    voters: parts.voters ?? [],
    outgoing: parts.outgoing ?? [],
    learners: parts.learners ?? [],
    joining: parts.joining ?? [],
    incarnations: parts.incarnations ?? new Map<MemberId, number>(),
  };
}

/** What a member that was never told of any configuration knows. */
export const NO_CONFIGURATION: ConfigurationAt = { index: 0, config: createConfiguration({}) };

/** Of the configuration in force: the index of its entry. */
export function versionOf({ configs }: { readonly configs: readonly ConfigurationAt[] }): number {
  return configs.at(-1)?.index ?? 0;
}

export function isVoter(config: Voters, id: MemberId): boolean {
  return config.voters.includes(id) || config.outgoing.includes(id);
}

export function isMember(config: Configuration, id: MemberId): boolean {
  return isVoter(config, id) || config.learners.includes(id);
}

export function isJoint(config: Voters): boolean {
  return config.outgoing.length > 0;
}

/** Every member, once each, in the configuration's order. */
export function membersOf(config: Configuration): readonly MemberId[] {
  return [...new Set([...config.voters, ...config.outgoing, ...config.learners])];
}

/** Every member but `self`, once each, in the configuration's order. */
export function otherMembers(config: Configuration, self: MemberId): readonly MemberId[] {
  return membersOf(config).filter((id) => id !== self);
}

/** Every voter but `self`, once each, in the configuration's order. */
export function otherVoters(config: Voters, self: MemberId): readonly MemberId[] {
  const ids = new Set([...config.voters, ...config.outgoing]);
  ids.delete(self);
  return [...ids];
}

/**
 * The configurations of a log that can still be in force: the last one that is known to be
 * committed, and every later one. A snapshot's takes the place of all before it.
 */
export function liveConfigurations(
  known: readonly ConfigurationAt[],
  commit: number,
): ConfigurationAt[] {
  let first = known.length - 1;
  while (first > 0 && (known[first]?.index ?? 0) > commit) first--;
  return known.length === 0 ? [NO_CONFIGURATION] : known.slice(first);
}
