// How effects leave a step: which write a message waits for, and the one write at the step's end.
import type { Role, RoleChange } from './effects.ts';
import { lastTerm } from './log.ts';
import type { MemberId } from './member-id.ts';
import type { Message } from './messages.ts';
import type { RaftState } from './state.ts';

/**
 * Term and vote are durable before any message leaves that shows them (§5.1, fig. 2 "Respond to
 * RPCs only after updating stable storage").
 */
export function send(state: RaftState, to: MemberId, message: Message): void {
  const introduction = message.type === 'greeting-reply' ? recognitionWrite(state) : 0;
  const after = Math.max(hardWrite(state), introduction);
  state.effects.push({ type: 'send', to, message, after });
}

/** The write that will make the current term and vote durable; 0 when they are. */
export function hardWrite(state: RaftState): number {
  if (state.unwritten.hard) return state.writes.issued + 1;
  return state.writes.hard > state.writes.completed ? state.writes.hard : 0;
}

/** The write that will make everything known of other members' stores durable; 0 when it is. */
export function recognitionWrite({ unwritten, writes }: RaftState): number {
  if (unwritten.recognition) return writes.issued + 1;
  return writes.recognition > writes.completed ? writes.recognition : 0;
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
  if (state.unwritten.configs) {
    state.unwritten.configs = false;
    state.effects.push({ type: 'members', configs: state.configs });
  }
  const ready = Math.min(state.commit, state.log.durable);
  // What is applied next follows upon the snapshot that is being installed.
  if (ready > state.applying && state.snapshots.installing === undefined) {
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
  const { compactTo, hard, recognition, reset, truncateFrom } = unwritten;
  const isLogChanged = reset !== undefined || truncateFrom > 0 || unwritten.from > 0;
  if (!hard && !recognition && !isLogChanged && compactTo === 0) return;
  const { admitted, pins } = state.recognition;
  const isKnownAnew = recognition || unwritten.unpinned;
  const write = ++writes.issued;
  if (hard) writes.hard = write;
  if (recognition) writes.recognition = write;
  if (truncateFrom > 0 || reset !== undefined) writes.lineage = write;
  state.effects.push({
    type: 'write',
    write,
    hardState: { term: state.term, votedFor: state.votedFor, commit: state.commit },
    known: isKnownAnew ? { admitted, pins: new Map(pins) } : undefined,
    reset,
    truncateFrom,
    from: unwritten.from === 0 ? log.last + 1 : unwritten.from,
    until: log.last + 1,
    compactTo,
    lastIndex: log.last,
    lastTerm: lastTerm(log),
  });
  unwritten.hard = false;
  unwritten.recognition = false;
  unwritten.unpinned = false;
  unwritten.reset = undefined;
  unwritten.truncateFrom = 0;
  unwritten.compactTo = 0;
  unwritten.from = 0;
}
