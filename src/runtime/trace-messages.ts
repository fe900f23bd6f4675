// Messages as etcd's traces show them. Where this library has more kinds than etcd, the nearest
// names it: news of a commit is a heartbeat there. What has none keeps our own type.
import type { MemberId } from '../contracts/index.ts';
import type { Message } from '../raft/index.ts';

export type TraceMessageName =
  | 'AppendEntriesRequest'
  | 'AppendEntriesResponse'
  | 'RequestVoteRequest'
  | 'RequestVoteResponse'
  | 'PreVoteRequest'
  | 'PreVoteResponse'
  | 'Other';

/** What a field does not say of a message is 0, and `vote` always '0', as in etcd's own. */
export interface TraceMessage {
  readonly type: string;
  readonly term: number;
  readonly from: MemberId;
  readonly to: MemberId;
  /** A count. */
  readonly entries: number;
  readonly logTerm: number;
  readonly index: number;
  readonly commit: number;
  readonly vote: '0';
  readonly reject: boolean;
  readonly rejectHint: number;
}

type Named = readonly [name: TraceMessageName, fields: Partial<TraceMessage>];

export function traceMessage(
  message: Message,
  from: MemberId,
  to: MemberId,
): { readonly name: TraceMessageName; readonly msg: TraceMessage } {
  const [name, fields] = describe(message);
  const msg: TraceMessage = {
    ...{ type: message.type, term: message.term, from, to, entries: 0, logTerm: 0, index: 0 },
    ...{ commit: 0, vote: '0', reject: false, rejectHint: 0 },
    ...fields,
  };
  return { name, msg };
}

function describe(message: Message): Named {
  switch (message.type) {
    case 'append': {
      const { commit, from, prevIndex: index, prevTerm: logTerm, until } = message;
      const fields = { type: 'MsgApp', entries: until - from, logTerm, index, commit };
      return ['AppendEntriesRequest', fields];
    }
    case 'heartbeat':
    case 'commit-notice':
      return ['AppendEntriesRequest', { type: 'MsgHeartbeat', commit: message.commit }];
    case 'append-ack':
      return ['AppendEntriesResponse', { type: 'MsgAppResp', index: message.match }];
    case 'append-reject': {
      const { hintIndex: rejectHint, hintTerm: logTerm, prevIndex: index } = message;
      const fields = { type: 'MsgAppResp', logTerm, index, reject: true, rejectHint };
      return ['AppendEntriesResponse', fields];
    }
    case 'heartbeat-ack':
      return ['AppendEntriesResponse', { type: 'MsgHeartbeatResp' }];
    case 'vote-request':
      return ['RequestVoteRequest', { type: 'MsgVote', ...lastOf(message) }];
    case 'vote-reply':
      return ['RequestVoteResponse', { type: 'MsgVoteResp', reject: !message.granted }];
    case 'pre-vote-request': {
      const fields = { type: 'MsgPreVote', term: message.campaign, ...lastOf(message) };
      return ['PreVoteRequest', fields];
    }
    case 'pre-vote-reply':
      return ['PreVoteResponse', { type: 'MsgPreVoteResp', reject: !message.granted }];
    default:
      return ['Other', {}];
  }
}

function lastOf(asked: { readonly lastIndex: number; readonly lastTerm: number }): {
  index: number;
  logTerm: number;
} {
  return { index: asked.lastIndex, logTerm: asked.lastTerm };
}
