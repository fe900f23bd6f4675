// What a member alone can be held to: it shows only what is durable, and what it takes for durable
// is. The same rules as the simulator's referee.
import { assert } from '../../lib/assert.ts';
import { isSame } from '../simulator/sim-disk.ts';
import type { Envelope } from '../simulator/sim-member.ts';
import { type Draft, inForce } from './local.ts';
import { idOf } from './scope.ts';

/** A message leaves: what it shows of term, vote and log is durable at its sender. */
export function checkLeaves(draft: Draft, { message, to }: Envelope): void {
  const { disk, hardState, log } = draft;
  assert(message.term <= hardState.term, 'the term of a message is durable at its sender');
  const isOver = hardState.term > message.term;
  if (message.type === 'vote-reply' && message.granted) {
    assert(isOver || hardState.votedFor === idOf(to), 'a vote is durable before it leaves');
  }
  if (message.type === 'vote-request') {
    const own = hardState.votedFor === idOf(draft.at);
    assert(isOver || own, "a candidate's vote for itself is durable before it asks");
  }
  if (message.type === 'append-ack' || message.type === 'heartbeat-ack') {
    const { match, term } = message;
    // One that waited, while a newer leader had the entry replaced, is true of its own term.
    if (match === 0 || term !== draft.state.term) return;
    assert(isSame(disk[match - 1], log[match - 1]), `acknowledged entry ${match} is durable`);
  }
}

/** After every transition, on what the core says is durable, and who is a member. */
export function checkDurable({ disk, log, state }: Draft): void {
  assert(log.length === state.log.last, 'the log is as long as the core says');
  for (let place = 0; place < state.log.durable; place++) {
    assert(isSame(disk[place], log[place]), `entry ${place + 1} is durable, as the core says`);
  }
  const config = inForce(log);
  assert(config === undefined || state.config === config, 'the last configuration is in force');
}
