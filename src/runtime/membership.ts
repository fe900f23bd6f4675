// What a node tells of its cluster's members: the core's configurations, with addresses.
import type { Member, MemberId, Members, Membership } from '../contracts/index.ts';
import type { ConfigurationAt, RaftState } from '../raft/index.ts';
import type { Roster } from './roster.ts';

export function membershipOf({ config, configs }: RaftState, roster: Roster): Membership {
  const committed = configs[0] ?? { index: 0, config };
  const inForce = configs.at(-1) ?? committed;
  const effective = membersOf(inForce, roster);
  return {
    effective,
    committed: inForce === committed ? effective : membersOf(committed, roster),
    version: inForce.index,
  };
}

function membersOf({ config, index }: ConfigurationAt, roster: Roster): Members {
  const byId = new Map(roster.membersAt(index).map((member) => [member.id, member]));
  const named = (ids: readonly MemberId[]): Member[] => ids.flatMap((id) => byId.get(id) ?? []);
  return {
    version: index,
    voters: named(config.voters),
    outgoing: named(config.outgoing),
    learners: named(config.learners),
    joining: config.joining,
  };
}
