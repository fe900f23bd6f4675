// A run as lines, in total order over all members. Names and fields are those of etcd's traces
// (TracingEvent of etcd-io/raft) where they mean the same, so that its TLA+ specification can read
// them; what is ours alone has its own. `state`, `role` and `log` are those after the step.
import type { Message, RaftEvent } from '../../raft/index.ts';
import { type TraceMessage, traceMessage } from '../../runtime/index.ts';
import type { SimMember } from './sim-member.ts';
import type { Witness, WitnessedStep } from './witness.ts';

export interface RunLine {
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

/** A witness that says each line as it comes to be. */
export function traceTo(say: (line: RunLine) => void): Witness {
  return {
    stepped: (step) => {
      for (const line of linesOf(step)) say(line);
    },
    crashed: (member, _kept, _forgot, atMs) => say(lineOf('Crash', member, atMs)),
    wiped: (member, atMs) => say(lineOf('Wipe', member, atMs)),
    restarted: (member, atMs) => say(lineOf('Restart', member, atMs)),
  };
}

function linesOf({ atMs, effects, event, member, ops }: WitnessedStep): RunLine[] {
  const lines: RunLine[] = [];
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
  prop: RunLine['prop'] = {},
): RunLine {
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
): RunLine {
  const { entries, from, message, to } = sent;
  const { msg, name } = traceMessage(message, from, to);
  const { term: _term, type: _type, ...rest } = message;
  const prop = 'atMs' in rest ? { ...rest, atMs, askedMs: rest.atMs } : rest;
  const line = lineOf(`${verb}${name}`, member, atMs, prop);
  return { ...line, msg: { ...msg, entries } };
}

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
