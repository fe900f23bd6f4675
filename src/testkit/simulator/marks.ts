// Which rare paths a run took. Seen from outside, so that the core need not know: each mark is a
// situation that must come up in some of the seeds, or the search does not look where bugs are.
import type { Effect, Message, RaftEvent, RaftState, Summary } from '../../raft/index.ts';
import { committedIndex, isPlausibleClock, termAt } from '../../raft/index.ts';
import type { Mark } from './mark-labels.ts';

type Say = (mark: Mark) => void;

/** Looks at one step: the state before it as a summary, the state after it, what it did. */
export function observeStep(
  before: Summary,
  event: RaftEvent,
  state: RaftState,
  effects: readonly Effect[],
  say: Say,
): void {
  if (event.type === 'receive') observeMessage(before, event.message, state, effects, say);
  else if (event.type === 'propose') {
    const isTaken = effects.some(({ type }) => type === 'append');
    if (before.role === 'leader' && !isTaken) say('a proposal is refused: too much is under way');
  } else if (event.type === 'written') {
    if (event.write < state.writes.lineage) {
      say('a write completes that was overtaken by a truncation');
    }
  } else if (event.type === 'timeout' && before.role === 'leader' && state.role !== 'leader') {
    say('a leader without a quorum steps down');
  }
  if (state.role === 'leader') observeLeader(before, state, say);
  for (const effect of effects) {
    if (effect.type === 'write' && effect.truncateFrom > 0) {
      say('a follower drops entries that conflict');
    } else if (effect.type === 'send') observeSend(event, effect.message, state, say);
  }
}

function observeMessage(
  before: Summary,
  message: Message,
  state: RaftState,
  effects: readonly Effect[],
  say: Say,
): void {
  const isNewer = message.term > before.term;
  if (isNewer && before.role === 'leader') say('a leader steps down for a newer term');
  switch (message.type) {
    case 'pre-vote-reply':
      if (isNewer) say('a pre-vote teaches a newer term');
      return;
    case 'vote-reply':
      if (message.term < before.term) say('a vote of an earlier term arrives late');
      else if (before.role === 'candidate' && state.role === 'follower' && !isNewer) {
        say('an election is lost');
      }
      return;
    case 'append':
      if (before.role === 'candidate' && message.term === before.term) {
        say('a candidate gives way to the leader of its term');
      }
      if (message.until > message.from && effects.every(({ type }) => type !== 'accept')) {
        if (state.leader !== undefined && message.until <= state.following.verified + 1) {
          say('an old append changes nothing');
        }
      }
      if (message.commit > state.commit) say('a follower learns of a commit beyond what it has');
      return;
    case 'append-ack':
      observeAck(message.stream, message.match, before, state, say);
      return;
    case 'heartbeat-ack':
      if (effects.some((effect) => effect.type === 'send' && effect.message.type === 'append')) {
        if (message.received < message.sent) say('what may be lost is sent again');
      }
      return;
    default:
  }
}

function observeAck(
  stream: number,
  match: number,
  before: Summary,
  { leading }: RaftState,
  say: Say,
): void {
  for (const progress of leading?.progress.values() ?? []) {
    if (progress.stream > stream) say('an answer to an earlier stream is ignored');
  }
  for (const known of before.matches.values()) {
    if (match > 0 && match <= known) return say('an acknowledgement brings no news');
  }
}

function observeLeader(before: Summary, state: RaftState, say: Say): void {
  const { config, leading, log, options } = state;
  if (before.role !== 'leader') {
    if (config.voters.length === 1) say('a cluster of one elects itself');
    return;
  }
  for (const progress of leading?.progress.values() ?? []) {
    const isFull = progress.inflight.length >= options.maxInflightAppends;
    if (isFull && progress.next <= log.last) say('a window is full');
  }
  if (termAt(log, state.commit) === state.term) return;
  const reached = committedIndex(config, (id) =>
    id === state.id ? log.durable : (leading?.progress.get(id)?.match ?? 0),
  );
  if (reached > state.commit) say('entries of an earlier term are at a quorum and wait');
}

function observeSend(event: RaftEvent, message: Message, state: RaftState, say: Say): void {
  if (message.type === 'stale-term') say('a leader of a past term is told so');
  else if (message.type === 'append-reject') say('an append is refused');
  else if (message.type === 'pre-vote-reply') {
    if (!message.granted && state.leader !== undefined) {
      say('a pre-vote is refused: a leader lives');
    }
    if (event.type === 'receive' && event.message.type === 'pre-vote-request') {
      const isPlausible = isPlausibleClock(state, event.message.wallMs);
      if (!isPlausible) say('a member with a wrong clock is refused votes');
    }
  } else if (message.type === 'vote-reply' && event.type === 'receive') {
    if (message.granted) say('a vote is granted');
    else if (event.message.term < state.term) return;
    else if (state.votedFor === undefined || state.votedFor === event.from) {
      say('a vote is refused: the log is behind');
    } else say('a vote is refused: it was given to another');
  }
}
