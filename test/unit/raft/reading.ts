// Reads at members of the core: what the tests of leaders and of followers share.
import type { MemberId } from '../../../src/raft/index.ts';
import { heartbeatAck, TestMember } from './member.ts';

export function ask(member: TestMember, upTo: number): void {
  member.step({ type: 'read', upTo });
}

/** What the latest step grants: [up to which read, the entry that it needs]. */
export function grantsOf(member: TestMember): readonly (readonly [number, number])[] {
  return member.effects.flatMap((effect) =>
    effect.type === 'read-index' ? [[effect.upTo, effect.index] as const] : [],
  );
}

/** These acknowledge a heartbeat round, the latest unless `round` says another. */
export function confirm(member: TestMember, ids: readonly MemberId[], round?: number): void {
  for (const id of ids) {
    const parts = round === undefined ? {} : { round };
    member.receive(id, heartbeatAck(member, id, parts));
  }
}

export function roundOf(member: TestMember): number {
  return member.state.leading?.round ?? 0;
}

/** A read request from a follower. */
export function requestOf(
  member: TestMember,
  upTo: number,
  parts: { term?: number; boot?: number } = {},
) {
  const { term } = member.state;
  return { type: 'read-request', boot: 1, atMs: 500, term, upTo, ...parts } as const;
}

/** A follower of b, whose log ends with a committed entry of term 1. */
export function followerOf(
  leader: MemberId,
  id: MemberId = 'a',
  learners: readonly MemberId[] = [],
) {
  const voters = ['a', 'b', 'c'].filter((each) => !learners.includes(each));
  const member = new TestMember({ id, voters, learners, terms: [1], term: 1, commit: 1 });
  hear(member, leader, 1);
  return member;
}

export function hear(member: TestMember, leader: MemberId, term: number, round = 1): void {
  const parts = { term, stream: 1, round, commit: 0, sent: 0 };
  member.receive(leader, { type: 'heartbeat', ...parts });
}

export function replyTo(
  member: TestMember,
  upTo: number,
  index: number,
  parts: { boot?: number; incarnation?: number; term?: number; atMs?: number } = {},
) {
  const { boot, incarnation, now, term } = member.state;
  return {
    type: 'read-reply',
    ...{ term, incarnation, boot, upTo, index, atMs: now, ...parts },
  } as const;
}
