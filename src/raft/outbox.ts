// How effects leave a step: which write a message waits for, and the one write at the step's end.
import type { Role, RoleChange } from './effects.ts';
import { lastTerm } from './log.ts';
import type { MemberId, Message } from './messages.ts';
import type { RaftState } from './state.ts';

/**
 * Term and vote are durable before any message leaves that shows them (§5.1, fig. 2 "Respond to
 * RPCs only after updating stable storage").
 */
export function send(state: RaftState, to: MemberId, message: Message): void {
  state.effects.push({ type: 'send', to, message, after: hardWrite(state) });
}

/** The write that will make the current term and vote durable; 0 when they are. */
export function hardWrite(state: RaftState): number {
  if (state.unwritten.hard) return state.writes.issued + 1;
  return state.writes.hard > state.writes.completed ? state.writes.hard : 0;
}

/** Role, term and leader as they were when a step began. */
export interface Standing {
  readonly role: Role;
  readonly term: number;
  readonly leader: MemberId | undefined;
}

/** Ends a step: everything changed goes into one write, then apply, then the change of role. */
export function settle(state: RaftState, before: Standing): void {
  emitWrite(state);
  const ready = Math.min(state.commit, state.log.durable);
  if (ready > state.applying) {
    state.applying = ready;
    state.effects.push({ type: 'apply', upTo: ready });
  }
  const { role, term, leader } = state;
  if (role !== before.role || term !== before.term || leader !== before.leader) {
    const change: RoleChange = { type: 'role', role, term, leader };
    state.effects.push(change);
  }
}

function emitWrite(state: RaftState): void {
  const { log, writes, unwritten } = state;
  if (!unwritten.hard && unwritten.truncateFrom === 0 && unwritten.from === 0) return;
  const write = ++writes.issued;
  if (unwritten.hard) writes.hard = write;
  if (unwritten.truncateFrom > 0) writes.lineage = write;
  state.effects.push({
    type: 'write',
    write,
    hardState: { term: state.term, votedFor: state.votedFor, commit: state.commit },
    truncateFrom: unwritten.truncateFrom,
    from: unwritten.from === 0 ? log.last + 1 : unwritten.from,
    until: log.last + 1,
    lastIndex: log.last,
    lastTerm: lastTerm(log),
  });
  unwritten.hard = false;
  unwritten.truncateFrom = 0;
  unwritten.from = 0;
}
