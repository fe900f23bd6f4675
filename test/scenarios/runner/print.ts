// A step, in words that a person can follow.
import type {
  ConfigurationAt,
  Effect,
  KeepSnapshot,
  KnownMembers,
  PruneSnapshots,
  RaftEvent,
  ReceiveSnapshot,
  Restore,
  SnapshotHead,
  StoreChunk,
  TakeSnapshotNow,
  Write,
} from '../../../src/raft/index.ts';
import type { Entry } from './entry.ts';
import type { Envelope, ScriptedMember } from './member.ts';
import { nameOf } from './names.ts';

/** `1@1 2@1 3@2(x)`: index, term, and the name of a command. */
function printEntries(entries: readonly Entry[], from: number): string {
  return entries.map(({ name, term }, at) => `${from + at}@${term}(${name})`).join(' ') || 'none';
}

export function printMessage({ entries, message: m }: Envelope): string {
  switch (m.type) {
    case 'pre-vote-request':
      return `pre-vote-request for term ${m.campaign}, log ends at ${m.lastIndex}@${m.lastTerm}`;
    case 'pre-vote-reply':
      return (
        `pre-vote-reply ${m.granted ? 'yes' : 'no'} for term ${m.campaign}, ` + `own term ${m.term}`
      );
    case 'vote-request':
      return `vote-request in term ${m.term}, log ends at ${m.lastIndex}@${m.lastTerm}`;
    case 'vote-reply':
      return `vote-reply ${m.granted ? 'yes' : 'no'} in term ${m.term}`;
    case 'append':
      return (
        `append in term ${m.term}, stream ${m.stream}: after ${m.prevIndex}@${m.prevTerm} ` +
        `${printEntries(entries, m.from)}, commit ${m.commit}`
      );
    case 'append-ack':
      return `append-ack in term ${m.term}, stream ${m.stream}: match ${m.match}`;
    case 'append-reject':
      return (
        `append-reject in term ${m.term}, stream ${m.stream}: no ${m.prevIndex}, ` +
        `try ${m.hintIndex}@${m.hintTerm}`
      );
    case 'heartbeat':
      return `heartbeat in term ${m.term}, round ${m.round}, sent ${m.sent}, commit ${m.commit}`;
    case 'heartbeat-ack':
      return (
        `heartbeat-ack in term ${m.term}, round ${m.round}: ` +
        `received ${m.received}, match ${m.match}`
      );
    case 'commit-notice':
      return `commit-notice in term ${m.term}: commit ${m.commit}`;
    case 'stale-term':
      return `stale-term: the term is ${m.term}`;
    case 'timeout-now':
      return `timeout-now in term ${m.term}, round ${m.round}`;
    case 'read-request':
      return `read-request in term ${m.term}: reads up to ${m.upTo}`;
    case 'read-reply':
      return `read-reply in term ${m.term}: reads up to ${m.upTo} need entry ${m.index}`;
    case 'snapshot-chunk': {
      const { from, head, stream, until } = m;
      const part = until === from ? 'how much is there?' : `bytes ${from}-${until - 1}`;
      return `snapshot-chunk in term ${m.term}, stream ${stream}: ${headText(head)}, ${part}`;
    }
    case 'snapshot-ack': {
      const what = m.refused ? 'refused' : `${m.stored} bytes stored`;
      return `snapshot-ack in term ${m.term}, stream ${m.stream}: ${what}`;
    }
    case 'snapshot-request':
      return `snapshot-request in term ${m.term}: from ${m.index} on`;
    case 'greeting':
      return 'greeting';
    case 'greeting-reply':
      return `greeting-reply: ${m.known ? 'known' : 'unknown'} as ${m.incarnation}`;
    default:
      return m satisfies never;
  }
}

export function printEvent(id: string, event: RaftEvent, what: string): string {
  return event.type === 'receive' ? `${id} receives from ${event.from}: ${what}` : `${id} ${what}`;
}

export function printWrite(write: Write): string {
  const { hardState, truncateFrom, from, until } = write;
  const parts = [`term ${hardState.term}`, `vote ${hardState.votedFor ?? 'none'}`];
  if (write.reset !== undefined) parts.push(`begin after ${write.reset.index}@${write.reset.term}`);
  if (truncateFrom > 0) parts.push(`cut from ${truncateFrom}`);
  if (until > from)
    parts.push(until - from === 1 ? `entry ${from}` : `entries ${from}-${until - 1}`);
  if (write.compactTo > 0) parts.push(`compact to ${write.compactTo}`);
  if (write.known !== undefined) parts.push(printKnown(write.known));
  return `write ${write.write}: ${parts.join(', ')}`;
}

function printKnown({ admitted, pins }: KnownMembers): string {
  const stores = [...pins].map(([id, incarnation]) => `${id} as ${incarnation}`);
  return `${admitted ? 'takes part' : 'takes no part yet'}, knows ${stores.join(' ') || 'nobody'}`;
}

/** The effects of one step; messages as they leave, or with the write that they wait for. */
export function printEffects(member: ScriptedMember, effects: readonly Effect[]): string[] {
  const lines: string[] = [];
  for (const effect of effects) {
    if (effect.type === 'append') {
      const entries = member.log.slice(effect.from - 1, effect.until - 1);
      lines.push(`appends ${printEntries(entries, effect.from)}`);
    } else if (effect.type === 'accept') {
      const entries = member.log.slice(effect.from - 1, effect.until - 1);
      lines.push(`takes ${printEntries(entries, effect.from)}`);
    } else if (effect.type === 'write') {
      lines.push(`asks the disk: ${printWrite(effect)}`);
    } else if (effect.type === 'send') {
      const entries =
        effect.message.type === 'append'
          ? member.log.slice(effect.message.from - 1, effect.message.until - 1)
          : [];
      const { to, message, after } = effect;
      const { incarnation } = member.disk;
      const text = printMessage({ from: member.id, incarnation, to, message, entries });
      const held = after > member.state.writes.completed ? `, once write ${after} is durable` : '';
      lines.push(`to ${to}: ${text}${held}`);
    } else if (effect.type === 'apply') {
      lines.push(`applies up to ${effect.upTo}`);
    } else if (effect.type === 'read-index') {
      lines.push(`reads up to ${effect.upTo} need entry ${effect.index}`);
    } else if (effect.type === 'members') {
      lines.push(`members: ${effect.configs.map(printConfiguration).join(', then ')}`);
    } else if (effect.type !== 'role') {
      lines.push(printSnapshotEffect(effect));
    } else {
      const { leader, role, term } = effect;
      const of = leader === undefined || role === 'leader' ? '' : ` of ${leader}`;
      lines.push(`is now ${role}${of} in term ${term}`);
    }
  }
  return lines.map((line) => `  ${line}`);
}

function headText({ bytes, id, index, term }: SnapshotHead): string {
  return `snapshot ${id} at ${index}@${term}, ${bytes} bytes`;
}

type SnapshotEffect =
  | TakeSnapshotNow
  | ReceiveSnapshot
  | StoreChunk
  | KeepSnapshot
  | PruneSnapshots
  | Restore;

function printSnapshotEffect(effect: SnapshotEffect): string {
  switch (effect.type) {
    case 'take-snapshot':
      return 'takes a snapshot';
    case 'receive-snapshot':
      return `makes room for ${headText(effect.head)}`;
    case 'store-chunk':
      return `stores bytes ${effect.from}-${effect.until - 1} of snapshot ${effect.id}`;
    case 'keep-snapshot':
      return `keeps snapshot ${effect.id}`;
    case 'prune-snapshots':
      return `needs snapshots ${effect.keep.join(', ') || 'none'}`;
    case 'restore':
      return `restores its machine from ${headText(effect.head)}`;
    default:
      return effect satisfies never;
  }
}

function printConfiguration({ config, index }: ConfigurationAt): string {
  return `${nameOf(config)} at ${index}`;
}

/** The configurations that a member knows of, the one in force last. */
export function printMembers(member: ScriptedMember): string {
  const { commit, configs } = member.state;
  const known = configs.map((each) => {
    return `${printConfiguration(each)}${each.index <= commit ? ', committed' : ''}`;
  });
  return `${member.id}  ${known.join('; then ')}`;
}

export function printState(member: ScriptedMember): string {
  const { commit, log, role, term, votedFor } = member.state;
  const { index } = log.base;
  const before = index === 0 ? '' : `after ${index}@${log.base.term} `;
  const entries = before + printEntries(member.log.slice(index), index + 1);
  return (
    `${member.id}  ${role.padEnd(13)} term ${term}  vote ${(votedFor ?? '-').padEnd(3)} ` +
    `commit ${commit}  durable ${log.durable}  log ${entries}`
  );
}
