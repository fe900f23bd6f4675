// Drives the pure core by hand, with events that are made once and changed in place: what is timed
// and counted is the core's own. One call of the returned function is one batch, from the proposal
// (or the append) to the acknowledgement and the application.
import { defaultLimits } from 'coxswain';
import {
  type Append,
  type AppendAck,
  type Applied,
  createConfiguration,
  createState,
  type Message,
  NO_SNAPSHOTS,
  type RaftState,
  step,
  type Written,
} from 'coxswain/raft';

/** The core keeps no event: the same one may be changed and handed over again. */
type Changeable<T> = { -readonly [K in keyof T]: T[K] };

const PAYLOAD_BYTES = 100;
const TERM = 1;
const voters = ['a', 'b', 'c'];
const incarnations = new Map(voters.map((id) => [id, id.charCodeAt(0)]));

const options = {
  heartbeatMs: 100,
  electionMinMs: 1000,
  electionMaxMs: 2000,
  maxClockDrift: 0.05,
  maxClockOffsetMs: 60_000,
  snapshot: NO_SNAPSHOTS,
  ...defaultLimits,
};

/** The leader of three. Its own disk answers first, then both followers. */
export function createLeader(batch: number): () => void {
  const state = createMember('a');
  elect(state);
  const bodies = Array.from({ length: batch }, () => ({ length: PAYLOAD_BYTES }));
  const proposed = { type: 'propose', bodies, wallMs: 1 } as const;
  const written: Changeable<Written> = newWritten();
  const ack: Changeable<AppendAck> = { type: 'append-ack', term: TERM, stream: 1, match: 0 };
  const fromB = { type: 'receive', from: 'b', incarnation: 98, message: ack, entries: [] } as const;
  const fromC = { ...fromB, from: 'c' } as const;
  const applied: Changeable<Applied> = { type: 'applied', index: 0 };
  return () => {
    step(state, proposed, 1);
    const last = state.log.last;
    complete(state, written);
    ack.match = last;
    step(state, fromB, 1);
    step(state, fromC, 1);
    if (state.applying !== last) throw new Error(`entry ${last} is not committed`);
    applied.index = last;
    step(state, applied, 1);
  };
}

/** A follower: appends of `batch` entries, each with the news that the one before is committed. */
export function createFollower(batch: number): () => void {
  const state = createMember('b');
  const entries = Array.from({ length: batch }, () => ({
    ...{ term: TERM, timeMs: 1, size: PAYLOAD_BYTES },
  }));
  const positions = { prevIndex: 0, prevTerm: 0, from: 1, until: 1 + batch, commit: 0 };
  const append: Changeable<Append> = { type: 'append', term: TERM, stream: 1, ...positions };
  const received = {
    type: 'receive',
    from: 'a',
    incarnation: 97,
    message: append,
    entries,
  } as const;
  const written: Changeable<Written> = newWritten();
  const applied: Changeable<Applied> = { type: 'applied', index: 0 };
  return () => {
    step(state, received, 1);
    complete(state, written);
    applied.index = append.commit;
    step(state, applied, 1);
    append.commit = append.until - 1;
    append.prevIndex = append.until - 1;
    append.prevTerm = TERM;
    append.from = append.until;
    append.until += batch;
    if (state.log.durable !== append.prevIndex) throw new Error('an append was not taken');
  };
}

function createMember(id: string): RaftState {
  const state = createState({
    id,
    incarnation: id.charCodeAt(0),
    known: { admitted: true, pins: new Map() },
    configs: [{ index: 0, config: createConfiguration({ voters, incarnations }) }],
    hardState: { term: 0, votedFor: undefined, commit: 0 },
    positions: { base: { index: 0, term: 0 }, runs: [], sizes: [], lastTimeMs: 0 },
    options,
    applied: 0,
    snapshot: undefined,
    repairFrom: 0,
    boot: 1,
    silentMs: 0,
    seed: 1,
    now: 0,
  });
  step(state, { type: 'start' }, 0);
  return state;
}

function elect(state: RaftState): void {
  const written = newWritten();
  step(state, { type: 'campaign' }, 0);
  hear(state, { type: 'pre-vote-reply', term: 0, campaign: TERM, granted: true });
  complete(state, written);
  hear(state, { type: 'vote-reply', term: TERM, granted: true });
  complete(state, written);
  hear(state, { type: 'append-ack', term: TERM, stream: 1, match: 1 });
  if (state.role !== 'leader' || state.commit !== 1) throw new Error('the member does not lead');
}

function hear(state: RaftState, message: Message): void {
  for (const from of ['b', 'c']) {
    const incarnation = from.charCodeAt(0);
    step(state, { type: 'receive', from, incarnation, message, entries: [] }, 0);
  }
}

/** The disk has everything that was to be written. */
function complete(state: RaftState, written: Changeable<Written>): void {
  written.write = state.writes.issued;
  written.lastIndex = state.log.last;
  written.lastTerm = state.log.last === 0 ? 0 : TERM;
  step(state, written, 1);
}

function newWritten(): Changeable<Written> {
  return { type: 'written', write: 0, lastIndex: 0, lastTerm: 0 };
}
