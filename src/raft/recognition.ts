// Who is who: a member is an id and the store it runs on. A member whose store was emptied has
// forgotten its votes and acknowledgements, so it is another one (RA18), and may not count as the
// one it was.
import { CoxswainError } from '../errors.ts';
import type { Receive } from './events.ts';
import type { MemberId } from './member-id.ts';
import { type Configuration, isMember, isVoter, membersOf, otherVoters } from './membership.ts';
import type { Greeting, GreetingReply, Message } from './messages.ts';
import { recognitionWrite, send } from './outbox.ts';
import { type RaftState, resetElectionDue } from './state.ts';

/** The store that `id` is known to run on: as a configuration says, or as it was first met here. */
export function incarnationOf(state: RaftState, id: MemberId): number | undefined {
  return state.config.incarnations.get(id) ?? state.recognition.pins.get(id);
}

/**
 * Numbers of stores that first members began with are even, of those made to join odd. A voter
 * whose store no configuration names is a first member: no other store can be that one's.
 */
function isFirstStore(incarnation: number): boolean {
  return incarnation % 2 === 0;
}

/** Is this store a voter's? A member that only shares its id with one may not stand. */
export function isRecognisedVoter(state: RaftState, config: RaftState['config']): boolean {
  const { id, incarnation } = state;
  if (!isVoter(config, id)) return false;
  const bearer = config.incarnations.get(id);
  return bearer === undefined ? isFirstStore(incarnation) : bearer === incarnation;
}

/**
 * Is this an empty store that was never told of the members, or one under another's id? It gives no
 * vote: somebody may take it for the one that had the id before.
 */
export function isPassive(state: RaftState): boolean {
  const { config, id } = state;
  if (membersOf(config).length === 0) return true;
  return isVoter(config, id) && !isRecognisedVoter(state, config);
}

/**
 * Whoever is met for the first time is who it says, from now on, and durably before anything that
 * it says counts. A learner's first word counts as such only when it answers this very leader:
 * frames of a former bearer of its id may still be on their way.
 */
export function meet(state: RaftState, { from, incarnation, message }: Receive): void {
  if (from === state.id || incarnationOf(state, from) !== undefined) return;
  const isAnswering =
    'stream' in message &&
    message.term === state.term &&
    state.leading?.progress.get(from)?.stream === message.stream;
  const isBearer = isVoter(state.config, from) ? isFirstStore(incarnation) : isAnswering;
  if (!isBearer || !isMember(state.config, from)) return;
  state.recognition.pins.set(from, incarnation);
  state.unwritten.recognition = true;
}

/** The id belongs to another store. */
export function isStranger(state: RaftState, { from, incarnation }: Receive): boolean {
  const bearer = incarnationOf(state, from);
  if (bearer !== undefined) return bearer !== incarnation;
  return isVoter(state.config, from) && !isFirstStore(incarnation);
}

/** Its host will want to know: the member of that name is not coming back. */
export function noteStranger({ leading }: RaftState, from: MemberId): void {
  const progress = leading?.progress.get(from);
  if (progress !== undefined) progress.stranger = true;
}

/** Are the incarnations known here durable? Nothing that is said counts before. */
export function isProven(state: RaftState): boolean {
  return recognitionWrite(state) === 0;
}

/**
 * Whoever is added is met anew: its id may have had another bearer, whose removal is committed by
 * now, though this member may hear of both at once, or may have lost the note that it let go.
 */
export function unpinAdded(state: RaftState, next: Configuration): void {
  const { config, recognition } = state;
  for (const id of membersOf(next)) {
    if (isMember(config, id) || !recognition.pins.delete(id)) continue;
    state.unwritten.unpinned = true;
  }
}

/** After a gap in what is known of changes: only who votes can be the same as before it. */
export function unpinNonVoters(state: RaftState, config: Configuration): void {
  const { pins } = state.recognition;
  // The one in force may never have been committed, and says nothing then of who was let go.
  const before = state.configs[0]?.config ?? state.config;
  for (const id of pins.keys()) {
    if (isVoter(config, id) && isVoter(before, id)) continue;
    pins.delete(id);
    state.unwritten.unpinned = true;
  }
}

/** Nobody's pin is kept for longer than a configuration that names it can be in force. */
export function unpinRemoved(state: RaftState): void {
  const { configs, recognition } = state;
  for (const id of recognition.pins.keys()) {
    if (configs.some(({ config }) => isMember(config, id))) continue;
    recognition.pins.delete(id);
    state.unwritten.unpinned = true;
  }
}

/**
 * A first member of a new cluster takes no part before a majority of the others have its
 * incarnation on disk: from then on no majority can do without one that would tell it from a
 * successor on an emptied store.
 */
export function greet(state: RaftState): void {
  const others = otherVoters(state.config, state.id);
  if (others.length === 0) admit(state);
  resetElectionDue(state);
  for (const id of others) {
    if (!state.recognition.greeted.has(id)) send(state, id, { type: 'greeting', term: state.term });
  }
}

export function receiveGreeting(state: RaftState, from: MemberId, event: Receive): void {
  const { incarnation } = event;
  const { admitted, greeted } = state.recognition;
  const isListed = state.configs.some(({ config }) => isMember(config, from));
  const bearer = incarnationOf(state, from);
  // Who was never told of a configuration cannot tell, and one never met is met by its answers.
  if (isListed ? bearer === undefined : state.configs[0]?.index === 0) return;
  const known = isListed && bearer === incarnation;
  send(state, from, { type: 'greeting-reply', term: state.term, incarnation, known });
  // Whoever was met just now may have been away when it was greeted. Later it is only answered: two
  // that greet each other back would not come to an end.
  const isNew = state.unwritten.recognition && !admitted && !greeted.has(from);
  if (isNew) send(state, from, { type: 'greeting', term: state.term });
}

export function receiveGreetingReply(state: RaftState, from: MemberId, reply: GreetingReply): void {
  const { admitted, greeted } = state.recognition;
  if (admitted || reply.incarnation !== state.incarnation) return;
  if (!reply.known) throw identityTaken(state.id, from);
  greeted.add(from);
  if (greeted.size * 2 > otherVoters(state.config, state.id).length) admit(state);
}

/** What a member that was not admitted yet takes in. */
export function isGreeting(message: Message): message is Greeting | GreetingReply {
  return message.type === 'greeting' || message.type === 'greeting-reply';
}

function admit(state: RaftState): void {
  state.recognition.admitted = true;
  state.unwritten.recognition = true;
  state.recognition.greeted.clear();
  resetElectionDue(state);
}

function identityTaken(id: MemberId, by: MemberId): CoxswainError {
  return new CoxswainError(
    'ERR_IDENTITY_TAKEN',
    `member ${by} knows ${id} by another store, or as removed: this one is new. ` +
      `Remove ${id}, open it with join: true on an empty store, and add it again`,
    { outcome: 'not-applied' },
  );
}
