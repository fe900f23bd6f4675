// A run as lines: one event a line, in total order, with names and fields of etcd's traces where
// they mean the same. State is that after the event.
import type { Effect, Message, RaftEvent } from '../../raft/index.ts';
import type { SimMember } from './sim-member.ts';

export interface TraceLine {
  readonly name: string;
  readonly nid: string;
  readonly role: string;
  readonly state: { readonly term: number; readonly vote: string; readonly commit: number };
  /** Index of the last entry. */
  readonly log: number;
  readonly durable: number;
  /** Simulated time, ms. */
  readonly at: number;
  readonly msg?: Message;
  /** Who sent `msg`, or will get it. */
  readonly peer?: string;
}

/** The lines of one step: what happened, then what it made the member do. */
export function traceStep(
  event: RaftEvent,
  member: SimMember,
  effects: readonly Effect[],
  atMs: number,
): TraceLine[] {
  const { commit, log, role, term, votedFor } = member.state;
  const base = {
    nid: member.id,
    role,
    state: { term, vote: votedFor ?? '', commit },
    log: log.last,
    durable: log.durable,
    at: atMs,
  };
  const lines: TraceLine[] = [];
  if (event.type === 'receive') {
    const msg = event.message;
    lines.push({ name: `Receive${etcdNames[msg.type]}`, ...base, peer: event.from, msg });
  } else {
    lines.push({ name: eventNames[event.type], ...base });
  }
  for (const effect of effects) {
    if (effect.type === 'send') {
      const msg = effect.message;
      lines.push({ name: `Send${etcdNames[msg.type]}`, ...base, peer: effect.to, msg });
    } else if (effect.type === 'role') {
      lines.push({ name: roleNames[effect.role], ...base });
    } else if (effect.type === 'append') {
      lines.push({ name: 'Replicate', ...base });
    } else if (effect.type === 'write') {
      lines.push({ name: 'PersistStart', ...base });
    } else if (effect.type === 'apply') {
      lines.push({ name: 'Commit', ...base });
    }
  }
  return lines;
}

const etcdNames: Readonly<Record<Message['type'], string>> = {
  'pre-vote-request': 'PreVoteRequest',
  'pre-vote-reply': 'PreVoteResponse',
  'vote-request': 'RequestVoteRequest',
  'vote-reply': 'RequestVoteResponse',
  append: 'AppendEntriesRequest',
  'append-ack': 'AppendEntriesResponse',
  'append-reject': 'AppendEntriesResponse',
  heartbeat: 'HeartbeatRequest',
  'heartbeat-ack': 'HeartbeatResponse',
  'commit-notice': 'CommitNotice',
  'stale-term': 'StaleTerm',
};

const eventNames: Readonly<Record<Exclude<RaftEvent['type'], 'receive'>, string>> = {
  start: 'InitState',
  propose: 'Propose',
  written: 'PersistDone',
  applied: 'Applied',
  timeout: 'Timeout',
  campaign: 'Campaign',
};

const roleNames = {
  follower: 'BecomeFollower',
  'pre-candidate': 'BecomePreCandidate',
  candidate: 'BecomeCandidate',
  leader: 'BecomeLeader',
} as const;
