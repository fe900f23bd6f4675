// Bugs in reads, leases and clocks: who may answer, how far its machine must have come, and since
// when that is known.
import type { Mutant } from '../mutant.ts';

const READS = 'src/raft/reads.ts';
const LEASE = 'src/raft/lease.ts';
const CLOCKS = 'src/raft/clocks.ts';

export const READS_MUTANTS: readonly Mutant[] = [
  {
    name: 'promise-forgotten-with-the-leader',
    bug: 'a follower that learns a newer term, or is asked to stand, forgets what it promised',
    source: 'Raft thesis §6.4.1, sofa-jraft#34',
    edits: [
      {
        file: 'src/raft/election.ts',
        find: 'options, role, silentUntilMs }: RaftState): boolean {\n',
        replace: `options, role, silentUntilMs, leader }: RaftState): boolean {
  if (role !== 'leader' && now >= silentUntilMs && leader === undefined) return false;
`,
      },
    ],
  },
  {
    name: 'read-before-an-entry-of-the-own-term',
    bug: 'a new leader answers reads although it does not know yet how far its log is committed',
    source: 'etcd#7331, Raft thesis §6.4',
    edits: [{ file: READS, find: '  if (!isEstablished(state)) return;\n', replace: '' }],
  },
  {
    name: 'lease-before-an-entry-of-the-own-term',
    bug: 'a new leader reads by its lease although it does not know yet what is committed',
    source: 'etcd#7331, Raft thesis §6.4',
    edits: [
      {
        file: LEASE,
        find: 'if (leading.yielded.size > 0 || !isEstablished(state)) return -Infinity;',
        replace: 'if (leading.yielded.size > 0) return -Infinity;',
      },
    ],
  },
  {
    name: 'read-confirmed-by-the-round-before-it',
    bug: 'a round of heartbeats that was sent before a read was asked for confirms it',
    source: 'etcd#20418, Raft thesis §6.4',
    edits: [
      {
        file: READS,
        find: '  const round = readRound(state, leading);\n',
        replace: '  const { round } = leading;\n  readRound(state, leading);\n',
      },
    ],
  },
  {
    name: 'read-joins-a-round-under-way',
    bug: 'a read that comes during a round is answered with those that began it',
    source: 'etcd#20418, Raft thesis §6.4',
    edits: [
      {
        file: READS,
        find: 'if (reads.batch === undefined && reading.wanted > reading.granted) addOwn',
        replace: 'if (reading.wanted > reading.granted) addOwn',
      },
      {
        file: READS,
        find: '  if (reads.batch !== undefined) confirmBatch(state, leading, reads.batch);\n',
        replace: `  if (reads.batch === undefined) return;
  reads.batch = { ...reads.batch, asks: new Map([...reads.batch.asks, ...reads.waiting]) };
  reads.waiting.clear();
  confirmBatch(state, leading, reads.batch);
`,
      },
    ],
  },
  {
    name: 'any-answer-confirms-the-latest-round',
    bug: 'the acknowledgement of an earlier round counts for the one that is under way',
    source: 'etcd#20418, Raft thesis §6.4',
    edits: [
      {
        file: LEASE,
        find: 'progress.heardRound = Math.max(progress.heardRound, round);',
        replace: 'progress.heardRound = leading.round;',
      },
    ],
  },
  {
    name: 'read-without-a-round',
    bug: 'a leader answers reads without asking whether it leads yet, also when it is cut off',
    source: 'etcd#741, Raft thesis §6.4',
    edits: [{ file: READS, find: '  if (heard < batch.round) return;\n', replace: '' }],
  },
  {
    name: 'learners-confirm-reads',
    bug: 'the acknowledgements of learners confirm reads as if they voted',
    source: 'Raft thesis §4.2.1',
    edits: [
      {
        file: READS,
        find: 'const heard = committedIndex(state.config, (id) =>',
        replace: `const { learners, outgoing, voters } = state.config;
  const heard = committedIndex({ voters: [...voters, ...learners], outgoing }, (id) =>`,
      },
    ],
  },
  {
    name: 'read-before-it-is-applied',
    bug: 'a read is answered before the machine has applied what was committed when it came',
    source: 'etcd#3879',
    edits: [
      {
        file: READS,
        find: "state.effects.push({ type: 'read-index', upTo, index });",
        replace: `const reached = Math.min(index, state.applied);
  state.effects.push({ type: 'read-index', upTo, index: reached });`,
      },
    ],
  },
  {
    name: 'read-reply-of-an-earlier-run-taken',
    bug: 'an answer to reads of an earlier run of this member is taken for one of this run',
    source: 'etcd#20418',
    edits: [
      {
        file: READS,
        find: 'reply.incarnation !== state.incarnation || reply.boot !== state.boot',
        replace: 'reply.incarnation !== state.incarnation',
      },
    ],
  },
  {
    name: 'read-asked-only-once',
    bug: 'a follower whose question or whose answer was lost never asks for its reads again',
    source: 'etcd#20418',
    edits: [
      {
        file: 'src/raft/following.ts',
        find: '  repeatReadRequest(state);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'lease-by-the-own-patience',
    bug: 'a lease is as long as the leader itself would wait, and its voters wait for less',
    source: 'sofa-jraft#34, nebula#2723',
    edits: [
      {
        file: LEASE,
        find: 'Math.min(patienceMs, options.electionMaxMs)',
        replace: '(patienceMs > 0 ? options.electionMinMs : 0)',
      },
    ],
  },
  {
    name: 'lease-without-drift',
    bug: 'a lease takes it that no clock runs faster than that of the leader',
    source: 'tikv#964, yugabyte#16',
    edits: [{ file: LEASE, find: ' * (1 - options.maxClockDrift)', replace: '' }],
  },
  {
    name: 'lease-across-a-suspension',
    bug: 'a leader that was suspended goes on with its lease, of which its clock has seen nothing',
    source: 'etcd#20418',
    edits: [
      {
        file: CLOCKS,
        find: '  if (leading !== undefined) forgetRounds(leading);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'fresh-by-a-question-before-a-suspension',
    bug: 'a member that was suspended counts the age of an answer from when it asked before that',
    source: 'etcd#20418',
    edits: [
      {
        file: READS,
        find: 'Math.max(reading.jumpedMs, reading.fresh?.atMs ?? Number.NEGATIVE_INFINITY)',
        replace: 'reading.fresh?.atMs ?? Number.NEGATIVE_INFINITY',
      },
    ],
  },
  {
    name: 'lease-without-a-look-at-the-clocks',
    bug: 'a lease is taken for held by the one clock that may have stood still',
    source: 'etcd#20418',
    edits: [{ file: LEASE, find: ' && doClocksAgree(state, nowMs, wallMs)', replace: '' }],
  },
  {
    name: 'lease-answer-without-a-last-look',
    bug: 'an answer by lease leaves although the lease ran out while the machine was asked',
    source: 'etcd#20418',
    edits: [
      {
        file: 'src/runtime/requests/reads.ts',
        find: 'if (!call.isByLease || this.#holdsLease()) return call.resolve(answer);',
        replace: 'return call.resolve(answer);',
      },
    ],
  },
  {
    name: 'fresh-since-the-answer-came',
    bug: 'the age of what a member knows is counted from the answer, not from its question',
    source: 'Raft thesis §6.4',
    edits: [
      {
        file: READS,
        find: 'if (atMs > sinceMs) learnFresh(state, { atMs, index });',
        replace: 'if (atMs > sinceMs) learnFresh(state, { atMs: state.now, index });',
      },
    ],
  },
  {
    name: 'fresh-across-a-suspension',
    bug: 'a member that was suspended takes what it knows for as fresh as its clock says',
    source: 'etcd#20418',
    edits: [
      {
        file: CLOCKS,
        find: '  state.reading.fresh = undefined;\n  state.reading.coming = undefined;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'silence-by-the-new-timeout',
    bug: 'a restarted member with a shorter timeout forgets that it promised a longer silence',
    source: 'Raft thesis §6.4.1',
    edits: [
      {
        file: 'src/runtime/startup.ts',
        find: 'const patienceMs = Math.max(known.patienceMs, options.electionMinMs);',
        replace: 'const patienceMs = options.electionMinMs;',
      },
    ],
  },
  {
    name: 'wrong-clock-is-voted-for',
    bug: 'a member whose time of day is off by hours is elected, and stamps entries with it',
    source: 'CCF: time, 2022',
    edits: [
      {
        file: CLOCKS,
        find: 'return Math.abs(wallMs - wallNow(state)) <= state.options.maxClockOffsetMs;',
        replace: 'return true;',
      },
    ],
  },
  {
    name: 'leader-survives-a-set-clock',
    bug: 'a leader whose time of day is set wrong by days goes on to stamp entries with it',
    source: 'CCF: time, 2022',
    edits: [
      {
        file: CLOCKS,
        find: "jumpMs > options.maxClockOffsetMs && state.role !== 'follower'",
        replace: "jumpMs > options.maxClockOffsetMs && state.role === 'candidate'",
      },
    ],
  },
];
