// cloneState and hashState: a copy goes its own way, and equal hashes mean the same future.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CatchUp,
  type Configuration,
  type ConfigurationAt,
  cloneState,
  createConfiguration,
  type Handover,
  hashState,
  type Incoming,
  type Progress,
  planChange,
  type RaftEvent,
  type RaftState,
  type Sending,
  type Snapshots,
  step,
} from '../../../../src/raft/index.ts';
import {
  ack,
  appendOf,
  configOf,
  head,
  headAt,
  settledLeader,
  TestMember,
} from '../../raft/member.ts';
import { chunkOf, sendingLeader, snapshotOptions, stored } from '../../raft/snapshots.ts';

type Change = readonly [name: string, change: (state: RaftState) => unknown];

function follower(): TestMember {
  const member = new TestMember({ terms: [1, 1, 2], term: 3, commit: 1, restarted: true });
  member.receive('b', ...appendOf({ term: 3, prev: [3, 2], commit: 2 }, [3, 3]));
  return member;
}

function leader(): TestMember {
  const member = settledLeader({ terms: [1], commit: 1 });
  member.propose(10, 20);
  ack(member, 'b', member.state.log.last - 1);
  return member;
}

/** Adds d, and is asked to hand over as soon as that is done. */
function changingLeader(): TestMember {
  const member = leader();
  const config = planChange(member.state, { add: ['d'] });
  member.change(config);
  member.step({ type: 'transfer', to: 'b' });
  return member;
}

function sender(): TestMember {
  const member = sendingLeader({ maxBytesPerSec: 20_000 });
  stored(member, 'b', 0);
  return member;
}

function receiver(): TestMember {
  const options = snapshotOptions({ everyEntries: 2 });
  const member = new TestMember({ terms: [1, 1, 2], term: 3, commit: 2, applied: 2, options });
  member.receive('b', ...appendOf({ term: 3, prev: [3, 2] }, [3, 3]));
  member.receive('b', chunkOf(headAt({ index: 9, term: 3 }), { term: 3 }));
  member.step({ type: 'snapshot-progress', id: 's9', stored: 900 });
  return member;
}

function candidate(): TestMember {
  const member = new TestMember({ terms: [1], votedFor: 'b' });
  member.timeout();
  const reply = { type: 'pre-vote-reply', term: 1, campaign: 2, granted: true } as const;
  member.receive('b', reply);
  member.receive('c', { type: 'vote-reply', term: 2, granted: false });
  return member;
}

const ofAnyone: readonly Change[] = [
  ['id', (state) => Object.assign(state, { id: 'x' })],
  ['options', (state) => Object.assign(state, { options: { ...state.options, heartbeatMs: 11 } })],
  ['config', (state) => state.configs.push({ index: 9, config: createConfiguration({}) })],
  ['pins', ({ recognition }) => recognition.pins.set('d', 5)],
  ['admission', ({ recognition }) => Object.assign(recognition, { admitted: false })],
  ['round of the leader', ({ following }) => following.round++],
  ['write of a pin', ({ writes }) => (writes.recognition = writes.issued + 1)],
  ['term', (state) => state.term++],
  ['vote', (state) => Object.assign(state, { votedFor: 'x' })],
  ['role', (state) => Object.assign(state, { role: 'pre-candidate' })],
  ['leader', (state) => Object.assign(state, { leader: 'x' })],
  ['base', ({ log }) => Object.assign(log, { base: { index: 0, term: 1 } })],
  ['last', ({ log }) => log.last--],
  ['durable', ({ log }) => log.durable--],
  ['time stamp', ({ log }) => log.lastTimeMs++],
  ['term runs', ({ log }) => log.runs.pop()],
  ['size of an entry', ({ log }) => log.bytes.set([(log.bytes[log.last] ?? 0) + 1], log.last)],
  ['commit', (state) => state.commit--],
  ['applying', (state) => state.applying--],
  ['applied', (state) => state.applied--],
  ['silence', (state) => Object.assign(state, { silentUntilMs: state.now + 7 })],
  ['stream', ({ following }) => following.stream++],
  ['verified', ({ following }) => following.verified++],
  ['issued', ({ writes }) => writes.issued++],
  ['hard write', ({ writes }) => Object.assign(writes, { hard: writes.completed + 9 })],
  ['lineage', ({ writes }) => Object.assign(writes, { lineage: writes.completed + 9 })],
  ['unwritten', ({ unwritten }) => Object.assign(unwritten, { hard: true })],
  ['truncation', ({ unwritten }) => unwritten.truncateFrom++],
  ['new entries', ({ unwritten }) => unwritten.from++],
  ['generator', ({ prng }) => prng.c++],
  ['stall', ({ stalling }) => Object.assign(stalling, { stalled: true })],
  ['letting go', ({ stalling }) => Object.assign(stalling, { letGo: true })],
  ['rest', ({ now, stalling }) => Object.assign(stalling, { restUntilMs: now + 7 })],
  ['fitness', ({ now, stalling }) => Object.assign(stalling, { unfitUntilMs: now + 7 })],
  ['keeping on', ({ now, stalling }) => Object.assign(stalling, { keepUntilMs: now + 7 })],
  ['patience', ({ now, stalling }) => Object.assign(stalling, { standAtMs: now + 7 })],
];

const ofFollowers: readonly Change[] = [
  ['election due', (state) => state.electionDueMs--],
  ['contact', ({ following }) => following.contactMs--],
];

const ofCandidates: readonly Change[] = [
  ['election due', (state) => state.electionDueMs--],
  ['votes', ({ candidacy }) => candidacy?.votes.set('b', true)],
  [
    'write of its vote',
    ({ candidacy }) => candidacy && Object.assign(candidacy, { ownVoteWrite: 9 }),
  ],
  ['no candidacy', (state) => Object.assign(state, { candidacy: undefined })],
];

const numbers = [
  'match',
  'next',
  'stream',
  'sent',
  'sentAtHeartbeat',
  'missing',
  'patience',
  'commitSent',
] as const;

const ofLeaders: readonly Change[] = [
  ['round', ({ leading }) => leading && leading.round++],
  ['heartbeat due', ({ leading }) => leading && leading.heartbeatDueMs++],
  ['mode', (state) => Object.assign(progressOf(state), { mode: 'probe' })],
  ['inflight', (state) => progressOf(state).inflight.push(99)],
  ['contact of a follower', (state) => progressOf(state).contactMs--],
  ['who was asked', ({ leading }) => leading && Object.assign(leading, { asked: ['b'] })],
  ['no leading', (state) => Object.assign(state, { leading: undefined })],
  ...numbers.map((name): Change => [name, (state) => progressOf(state)[name]++]),
];

const ofChangingLeaders: readonly Change[] = [
  ...ofLeaders,
  ['stranger', (state) => Object.assign(progressOf(state), { stranger: true })],
  ['farewell', (state) => Object.assign(progressOf(state), { dropAtMs: state.now + 50 })],
  ['last stream', ({ leading }) => leading && leading.lastStream++],
  ['no handover', ({ leading }) => leading && Object.assign(leading, { handover: undefined })],
  ['heir', (state) => changeHandover(state, { to: 'c' })],
  ['end of the handover', (state) => changeHandover(state, { dueMs: state.now + 7 })],
  ['round of a joining one', (state) => catchUpOf(state).target--],
  ['start of a round', (state) => catchUpOf(state).startMs--],
  ['end of its rounds', (state) => Object.assign(catchUpOf(state), { done: true })],
  ['no rounds', (state) => Object.assign(progressOf(state, 'd'), { catchUp: undefined })],
  [
    'index of a configuration',
    (state) => changeLast(state, ({ config }) => ({ index: 3, config })),
  ],
  ['voters', (state) => changeConfig(state, { voters: ['a', 'b'] })],
  ['joint voters', (state) => changeConfig(state, { outgoing: ['a'] })],
  ['learners', (state) => changeConfig(state, { learners: [] })],
  ['joining ones', (state) => changeConfig(state, { joining: [] })],
  [
    'one that is replaced',
    (state) => changeConfig(state, { joining: [{ id: 'd', replaces: 'b' }] }),
  ],
  ['incarnations', (state) => changeConfig(state, { incarnations: new Map([['a', 1]]) })],
  ['older configurations', (state) => state.configs.shift()],
];

function changeHandover({ leading }: RaftState, parts: Partial<Handover>): void {
  if (leading?.handover !== undefined) leading.handover = { ...leading.handover, ...parts };
}

function changeConfig(state: RaftState, parts: Partial<Configuration>): void {
  changeLast(state, ({ config, index }) => ({ index, config: { ...config, ...parts } }));
}

function changeLast(state: RaftState, change: (last: ConfigurationAt) => ConfigurationAt): void {
  state.configs = state.configs.map((each, at) =>
    at === state.configs.length - 1 ? change(each) : each,
  );
}

function catchUpOf(state: RaftState): CatchUp {
  const { catchUp } = progressOf(state, 'd');
  if (catchUp === undefined) throw new Error('d is to become a voter');
  return catchUp;
}

function progressOf({ leading }: RaftState, id = 'b') {
  const found = leading?.progress.get(id);
  if (found === undefined) throw new Error(`the leader keeps progress of ${id}`);
  return found;
}

const latest = headAt({ index: 2, term: 1 });
const incoming = (parts: Partial<Incoming>): Incoming => {
  const nothing = { taken: 0, stored: 0, storing: 0, ask: 0, isWhole: false };
  return { head: headAt({ index: 9, term: 1 }), term: 1, stream: 1, ...nothing, ...parts };
};

/** One by one, and told apart from each other too. */
const snapshots: readonly Partial<Snapshots>[] = [
  ...[{ latest }, { latest: { ...latest, id: 'other' } }, { taking: true }, { wanted: 3 }],
  ...[{ distrusted: 's2' }, { machineDurable: 1 }, { restoring: latest }],
  ...[{ repairFrom: 5 }, { installing: { head: latest, write: 9 } }],
  ...[{ installing: { head: latest, write: 8 } }, { incoming: incoming({}) }],
  ...[
    { term: 2 },
    { stream: 2 },
    { taken: undefined },
    { taken: 5 },
    { stored: 3 },
    { storing: 1 },
  ].map((parts) => ({ incoming: incoming(parts) })),
  ...[{ isWhole: true }].map((parts) => ({ incoming: incoming(parts) })),
];

const ofSnapshots: readonly Change[] = snapshots.map((parts, at) => [
  `snapshots ${at}: ${Object.keys(parts).join()}`,
  (state) => Object.assign(state.snapshots, parts),
]);

const sending = (parts: Partial<Sending>): Partial<Progress> => ({
  sending: {
    ...{ head: latest, stored: 0, next: 0, asked: 0, answered: 0 },
    ...{ storedBefore: 0, window: 4, ...parts },
  },
});

/** What a leader that sends a snapshot knows of its receiver. */
const sendings: readonly Partial<Progress>[] = [
  ...[sending({}), sending({ stored: 1 }), sending({ next: 1 }), sending({ storedBefore: 1 })],
  ...[sending({ asked: 1 }), sending({ asked: 1, answered: 1 }), sending({ window: 2 })],
  ...[sending({ head: { ...latest, id: 'other' } }), { heldFrom: 2 }, { heldFrom: 3 }],
];

const ofIncoming: readonly Change[] = [
  ['bytes taken', ({ snapshots }) => snapshots.incoming && snapshots.incoming.storing++],
  ['question', ({ snapshots }) => snapshots.incoming && snapshots.incoming.ask++],
  ['part', ({ snapshots }) => Object.assign(snapshots, { incoming: undefined })],
];

const ofSenders: readonly Change[] = [
  [
    'rate',
    ({ leading }) => leading && Object.assign(leading, { chunksDueMs: leading.chunksDueMs + 5 }),
  ],
  ['turn', ({ leading }) => leading && Object.assign(leading, { servedLast: 'c' })],
  ...sendings.map(
    (parts, at): Change => [
      `sending ${at}: ${Object.keys(parts).join()}`,
      (state) => Object.assign(progressOf(state), parts),
    ],
  ),
];

const roles = [
  ['follower', follower, [...ofAnyone, ...ofFollowers, ...ofSnapshots]],
  ['candidate', candidate, [...ofAnyone, ...ofCandidates]],
  ['leader', leader, [...ofAnyone, ...ofLeaders, ...ofSenders]],
  ['leader that changes members', changingLeader, [...ofAnyone, ...ofChangingLeaders]],
  ['leader that sends a snapshot', sender, [...ofAnyone, ...ofLeaders]],
  ['follower that is sent one', receiver, [...ofAnyone, ...ofFollowers, ...ofIncoming]],
] as const;

const events: readonly RaftEvent[] = [
  { type: 'snapshot-progress', id: 's9', stored: 1000 },
  { type: 'snapshot-received', id: 's9' },
  { type: 'snapshot-taken', head: headAt({ index: 2, term: 1 }), machineDurable: 2 },
  { type: 'repair', index: 2 },
  { type: 'timeout' },
  { type: 'campaign' },
  { type: 'propose', bodies: [{ length: 3 }], wallMs: 5 },
  { type: 'change', config: configOf({ voters: ['a', 'b'] }), version: 0, wallMs: 0 },
  { type: 'transfer', to: 'c' },
  {
    type: 'receive',
    from: 'b',
    incarnation: 98,
    message: { type: 'stale-term', term: 9 },
    entries: [],
  },
  {
    type: 'receive',
    from: 'c',
    incarnation: 99,
    message: { type: 'vote-request', wallMs: 0, term: 7, lastIndex: 9, lastTerm: 6, forced: false },
    entries: [],
  },
  {
    type: 'receive',
    from: 'c',
    incarnation: 99,
    message: appendOf({ term: 8, prev: [2, 1] }, [8])[0],
    entries: [head(8)],
  },
  {
    type: 'receive',
    from: 'b',
    incarnation: 98,
    message: appendOf({ term: 3, prev: [3, 2] }, [3])[0],
    entries: [{ ...head(3), config: configOf({ learners: ['d'] }) }],
  },
];

it.each([
  ['snapshots', follower, ofSnapshots],
  ['what it sends', leader, ofSenders],
] as const)('states that differ only in their %s have hashes of their own', (_, make, changes) => {
  const hashes = changes.map(([, change]) => {
    const { state } = make();
    change(state);
    return hashState(state);
  });
  expect(new Set(hashes).size).toBe(changes.length);
});

it('how long a receiver was away counts up to when it is given up', () => {
  const hashAt = (awayMs: number) => {
    const { state } = sender();
    progressOf(state).contactMs = state.now - awayMs;
    return hashState(state);
  };
  expect(hashAt(1500)).not.toBe(hashAt(1400));
  expect(hashAt(9000)).toBe(hashAt(3000));
});

describe.each(roles)('a clone of a %s', (_, make, changes) => {
  it('has the same hash', () => {
    const { state } = make();
    expect(hashState(cloneState(state))).toBe(hashState(state));
  });

  it('does the same as the original, whatever happens', () => {
    const happenings = fc.array(fc.tuple(fc.constantFrom(...events), fc.nat(400)), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(happenings, (list) => {
        const { state } = make();
        const copy = cloneState(state);
        let now = state.now;
        for (const [event, ms] of list) {
          now += ms;
          expect(attempt(copy, event, now)).toEqual(attempt(state, event, now));
          expect(hashState(copy)).toBe(hashState(state));
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each(events)('leaves the original alone: $type', (event) => {
    const { state } = make();
    const before = structuredClone(state);
    attempt(cloneState(state), event, state.now + 300);
    expect(state).toEqual(before);
  });

  it.each(changes)('has another hash once its %s differs', (_, change) => {
    const { state } = make();
    const copy = cloneState(state);
    change(copy);
    expect(hashState(copy)).not.toBe(hashState(state));
  });

  it('has the same hash where all that differs is when its clock began', () => {
    const { state } = make();
    const later = shifted(cloneState(state), 4096);
    expect(hashState(later)).toBe(hashState(state));
    for (const event of events) {
      const [one, other] = [cloneState(state), cloneState(later)];
      const effects = attempt(one, event, state.now + 300);
      expect(attempt(other, event, state.now + 300 + 4096)).toEqual(effects);
      expect(hashState(other)).toBe(hashState(one));
    }
  });

  it('has the same hash whatever is left in buffers', () => {
    const { state } = make();
    const copy = cloneState(state);
    copy.effects.push({ type: 'apply', upTo: 77 });
    copy.log.bytes = copy.log.bytes.map((sum, at) => (at <= copy.log.last ? sum + 64 : 5));
    expect(hashState(copy)).toBe(hashState(state));
  });
});

/** The effects, or what was thrown. */
function attempt(state: RaftState, event: RaftEvent, now: number): unknown {
  try {
    return [...step(state, event, now)];
  } catch (error) {
    return String(error);
  }
}

function shifted(state: RaftState, ms: number): RaftState {
  state.now += ms;
  state.electionDueMs += ms;
  state.silentUntilMs += ms;
  state.following.contactMs += ms;
  if (state.leading === undefined) return state;
  state.leading.heartbeatDueMs += ms;
  state.leading.chunksDueMs += ms;
  const { handover } = state.leading;
  if (handover !== undefined) changeHandover(state, { dueMs: handover.dueMs + ms });
  for (const progress of state.leading.progress.values()) {
    progress.contactMs += ms;
    progress.dropAtMs += ms;
    if (progress.catchUp !== undefined) progress.catchUp.startMs += ms;
  }
  return state;
}
