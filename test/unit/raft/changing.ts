// Members whose configuration changes: what the tests of changes, recognition and transfer share.
import {
  type Configuration,
  type ConfigurationAt,
  type EntryHead,
  type MemberId,
  type MembersChange,
  planChange,
} from '../../../src/raft/index.ts';
import { ack, appendOf, type MemberInit, settledLeader, type TestMember } from './member.ts';

/** Configurations at these indexes. */
export function configsAt(...configs: readonly (readonly [number, Configuration])[]) {
  return configs.map(([index, config]): ConfigurationAt => ({ index, config }));
}

/** A leader of a, b and c, unless `init` says otherwise, whose log is durable everywhere. */
export function leaderOf(init: MemberInit = {}): TestMember {
  return settledLeader({ terms: [1], ...init });
}

/** The leader makes a change. */
export function change(member: TestMember, wanted: MembersChange): void {
  const config = planChange(member.state, wanted);
  member.change(config);
}

/** The whole log is durable on the leader and on these. */
export function commitBy(member: TestMember, ...ids: readonly MemberId[]): void {
  member.writeAll();
  for (const id of ids) {
    if (member.state.role === 'leader') ack(member, id, member.state.log.last);
  }
}

/** The leader hears these acknowledge its latest heartbeat round. */
export function hearBeats(member: TestMember, ...ids: readonly MemberId[]): void {
  const { leading, log, term } = member.state;
  for (const id of ids) {
    const { sentAtHeartbeat = 0, stream = 0, match = 0 } = leading?.progress.get(id) ?? {};
    const round = leading?.round ?? 0;
    const received = Math.min(log.last, Math.max(match, sentAtHeartbeat));
    const type = 'heartbeat-ack';
    member.receive(id, {
      ...{ type, term, stream, round, sent: sentAtHeartbeat, received, match },
      ...{ patienceMs: 100, wallMs: 0 },
    });
  }
}

/** An append whose entries hold these configurations, where there is one. */
export function configAppend(
  parts: Parameters<typeof appendOf>[0],
  entries: readonly (readonly [term: number, config?: Configuration])[],
): [ReturnType<typeof appendOf>[0], readonly EntryHead[]] {
  const [message] = appendOf(
    parts,
    entries.map(([term]) => term),
  );
  return [message, entries.map(([term, config]) => ({ term, timeMs: 0, size: 0, config }))];
}
