// Who is a member, and as what. Changes to the configuration will be decided here too.
import type { MemberId } from './messages.ts';
import type { Voters } from './quorum.ts';

/** The members in force. A learner receives the log and holds no vote. */
export interface Configuration extends Voters {
  readonly learners: readonly MemberId[];
}

export function isVoter(config: Configuration, id: MemberId): boolean {
  return config.voters.includes(id) || config.outgoing.includes(id);
}

/** Every member but `self`, once each, in the configuration's order. */
export function otherMembers(config: Configuration, self: MemberId): readonly MemberId[] {
  const ids = new Set([...config.voters, ...config.outgoing, ...config.learners]);
  ids.delete(self);
  return [...ids];
}

/** Every voter but `self`, once each, in the configuration's order. */
export function otherVoters(config: Configuration, self: MemberId): readonly MemberId[] {
  return otherMembers({ ...config, learners: [] }, self);
}
