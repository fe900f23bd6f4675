// A run as lines, in total order over all members. Names and fields are those of etcd's traces
// (TracingEvent of etcd-io/raft) where they mean the same, so that its TLA+ specification can read
// them; what is ours alone has its own. `state`, `role` and `log` are those after the step.
import type { Message, RaftEvent } from '../../raft/index.ts';
import type { SimMember } from './sim-member.ts';
import type { Witness, WitnessedStep } from './witness.ts';

export interface TraceLine {
  readonly name: string;
  /** The member. */
  readonly nid: string;
  readonly state: { readonly term: number; readonly vote: string; readonly commit: number };
  readonly role: string;
  /** Index of the last entry. */
  readonly log: number;
  /** Voters, and those of the outgoing half of a joint configuration. */
  readonly conf: readonly [readonly string[], readonly string[]];
  readonly msg?: TraceMessage;
  /** What etcd does not know: simulated time in ms, what is durable, and the rest of a message. */
  readonly prop: Readonly<Record<string, number | string | boolean>>;
}

export interface TraceMessage {
  readonly type: string;
  readonly term: number;
  readonly from: string;
  readonly to: string;
  /** How many. */
  readonly entries: number;
  readonly logTerm: number;
  readonly index: number;
  readonly commit: number;
  readonly vote: string;
  readonly reject: boolean;
  readonly rejectHint: number;
}

/** A witness that says each line as it comes to be. */
export function traceTo(say: (line: TraceLine) => void): Witness {
  return {
    stepped: (step) => {
      for (const line of linesOf(step)) say(line);
    },
    crashed: (member, _kept, _forgot, atMs) => say(lineOf('Crash', member, atMs)),
    wiped: (member, atMs) => say(lineOf('Wipe', member, atMs)),
    restarted: (member, atMs) => say(lineOf('Restart', member, atMs)),
  };
}

function linesOf({ atMs, effects, event, member, ops }: WitnessedStep): TraceLine[] {
  const lines: TraceLine[] = [];
  if (event.type === 'receive') {
    const { entries, from, message } = event;
    const envelope = { from, to: member.id, message, entries: entries.length };
    lines.push(messageLine('Receive', envelope, member, atMs));
  } else {
    const [op] = ops;
    const prop = op === undefined ? {} : { call: op.call, size: op.size };
    lines.push(lineOf(eventNames[event.type], member, atMs, prop));
  }
  for (const effect of effects) {
    if (effect.type === 'send') {
      const { after, message, to } = effect;
      const entries = message.type === 'append' ? message.until - message.from : 0;
      const envelope = { from: member.id, to, message, entries };
      const line = messageLine('Send', envelope, member, atMs);
      lines.push(after > 0 ? { ...line, prop: { ...line.prop, after } } : line);
    } else if (effect.type === 'role') {
      lines.push(lineOf(roleNames[effect.role], member, atMs));
    } else if (effect.type === 'append') {
      lines.push(lineOf('Replicate', member, atMs));
    } else if (effect.type === 'write') {
      const { lastIndex, write } = effect;
      lines.push(lineOf('PersistStart', member, atMs, { write, lastIndex }));
    } else if (effect.type === 'apply') {
      lines.push(lineOf('Commit', member, atMs, { upTo: effect.upTo }));
    }
  }
  return lines;
}

function lineOf(
  name: string,
  { id, state }: SimMember,
  atMs: number,
  prop: TraceLine['prop'] = {},
): TraceLine {
  const { commit, config, log, role, term, votedFor } = state;
  return {
    name,
    nid: id,
    state: { term, vote: votedFor ?? '', commit },
    role: stateNames[role],
    log: log.last,
    conf: [config.voters, config.outgoing],
    prop: { atMs, durable: log.durable, ...prop },
  };
}

interface Sent {
  readonly from: string;
  readonly to: string;
  readonly message: Message;
  readonly entries: number;
}

function messageLine(
  verb: 'Send' | 'Receive',
  sent: Sent,
  member: SimMember,
  atMs: number,
): TraceLine {
  const { entries, from, message, to } = sent;
  const [name, type] = messageNames[message.type];
  const fields = fieldsOf(message);
  const { term: _term, type: _type, ...rest } = message;
  const prop = 'atMs' in rest ? { ...rest, atMs, askedMs: rest.atMs } : rest;
  const line = lineOf(`${verb}${name}`, member, atMs, prop);
  return { ...line, msg: { type, term: message.term, from, to, entries, ...fields } };
}

type Fields = Pick<TraceMessage, 'logTerm' | 'index' | 'commit' | 'vote' | 'reject' | 'rejectHint'>;

const NO_FIELDS: Fields = {
  logTerm: 0,
  index: 0,
  commit: 0,
  vote: '',
  reject: false,
  rejectHint: 0,
};

function fieldsOf(message: Message): Fields {
  switch (message.type) {
    case 'pre-vote-request':
    case 'vote-request':
      return { ...NO_FIELDS, logTerm: message.lastTerm, index: message.lastIndex };
    case 'pre-vote-reply':
    case 'vote-reply':
      return { ...NO_FIELDS, reject: !message.granted };
    case 'append': {
      const { commit, prevIndex: index, prevTerm: logTerm } = message;
      return { ...NO_FIELDS, logTerm, index, commit };
    }
    case 'append-ack':
      return { ...NO_FIELDS, index: message.match };
    case 'append-reject': {
      const { hintIndex: rejectHint, hintTerm: logTerm, prevIndex: index } = message;
      return { ...NO_FIELDS, reject: true, index, rejectHint, logTerm };
    }
    case 'heartbeat':
    case 'commit-notice':
      return { ...NO_FIELDS, commit: message.commit };
    case 'snapshot-chunk':
      return { ...NO_FIELDS, logTerm: message.head.term, index: message.head.index };
    case 'snapshot-ack':
      return { ...NO_FIELDS, reject: message.refused };
    case 'snapshot-request':
      return { ...NO_FIELDS, index: message.index };
    case 'heartbeat-ack':
    case 'stale-term':
    case 'timeout-now':
    case 'greeting':
    case 'read-request':
      return NO_FIELDS;
    case 'read-reply':
      return { ...NO_FIELDS, index: message.index };
    case 'greeting-reply':
      return { ...NO_FIELDS, reject: !message.known };
    default:
      return message satisfies never;
  }
}

/** What a message is in the name of an event, and what etcd calls it. */
const messageNames: Readonly<Record<Message['type'], readonly [string, string]>> = {
  'pre-vote-request': ['RequestPreVoteRequest', 'MsgPreVote'],
  'pre-vote-reply': ['RequestPreVoteResponse', 'MsgPreVoteResp'],
  'vote-request': ['RequestVoteRequest', 'MsgVote'],
  'vote-reply': ['RequestVoteResponse', 'MsgVoteResp'],
  append: ['AppendEntriesRequest', 'MsgApp'],
  'append-ack': ['AppendEntriesResponse', 'MsgAppResp'],
  'append-reject': ['AppendEntriesResponse', 'MsgAppResp'],
  heartbeat: ['AppendEntriesRequest', 'MsgHeartbeat'],
  'heartbeat-ack': ['AppendEntriesResponse', 'MsgHeartbeatResp'],
  'commit-notice': ['CommitNotice', 'MsgCommitNotice'],
  'snapshot-chunk': ['SnapshotRequest', 'MsgSnap'],
  'snapshot-ack': ['SnapshotResponse', 'MsgSnapStatus'],
  'snapshot-request': ['SnapshotAsked', 'MsgSnapAsked'],
  'stale-term': ['StaleTerm', 'MsgStaleTerm'],
  'timeout-now': ['TimeoutNow', 'MsgTimeoutNow'],
  'read-request': ['ReadIndexRequest', 'MsgReadIndex'],
  'read-reply': ['ReadIndexResponse', 'MsgReadIndexResp'],
  greeting: ['Greeting', 'MsgGreeting'],
  'greeting-reply': ['GreetingReply', 'MsgGreetingReply'],
};

const eventNames: Readonly<Record<Exclude<RaftEvent['type'], 'receive'>, string>> = {
  start: 'InitState',
  propose: 'Propose',
  written: 'PersistDone',
  applied: 'Applied',
  timeout: 'Timeout',
  campaign: 'Campaign',
  change: 'ChangeConf',
  transfer: 'TransferLeader',
  read: 'ReadIndex',
  clocks: 'Clocks',
  'take-snapshot': 'TakeSnapshot',
  'snapshot-taken': 'SnapshotTaken',
  'snapshot-progress': 'SnapshotProgress',
  'snapshot-received': 'SnapshotReceived',
  'snapshot-refused': 'SnapshotRefused',
  restored: 'Restored',
  repair: 'Repair',
  stall: 'Stall',
  configure: 'Configure',
};

const roleNames = {
  follower: 'BecomeFollower',
  'pre-candidate': 'BecomePreCandidate',
  candidate: 'BecomeCandidate',
  leader: 'BecomeLeader',
} as const;

const stateNames = {
  follower: 'StateFollower',
  'pre-candidate': 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
} as const;
