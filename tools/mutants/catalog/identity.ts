// Bugs in who is who, and in who leads next on purpose: stores emptied, handovers, leases.
import type { Mutant } from '../mutant.ts';

const ELECTION = 'src/raft/election.ts';
const LEASE = 'src/raft/lease.ts';
const RAFT = 'src/raft/raft.ts';
const RECOGNITION = 'src/raft/recognition.ts';
const TRANSFER = 'src/raft/transfer.ts';

export const IDENTITY: readonly Mutant[] = [
  {
    name: 'pin-counted-before-it-is-durable',
    bug: 'what a member says counts before it is durable on which store that member runs',
    source: 'Raft §5.2, RethinkDB 2.2.3',
    edits: [
      {
        file: RAFT,
        find: 'if (message.term < state.term || !isProven(state)) return;',
        replace: 'if (message.term < state.term) return;',
      },
    ],
  },
  {
    name: 'stranger-counted',
    bug: 'the answers of a member whose store was emptied count as those of the one it was',
    source: 'RethinkDB 2.2.3: a reset node keeps its vote',
    edits: [
      {
        file: RAFT,
        find: '  if (isStranger(state, event)) return noteStranger(state, from);\n',
        replace: '  if (isStranger(state, event)) noteStranger(state, from);\n',
      },
    ],
  },
  {
    name: 'admitted-at-once',
    bug: 'a first member takes part before anybody would tell it from its own emptied store',
    source: 'Raft §5.2, RethinkDB 2.2.3: a reset node keeps its vote',
    edits: [
      {
        file: RECOGNITION,
        find: '  if (others.length === 0) admit(state);',
        replace: '  if (others.length >= 0) admit(state);',
      },
    ],
  },
  {
    name: 'admitted-by-one-greeting',
    bug: 'a first member takes part as soon as one other knows its store, not a majority of them',
    source: 'Raft §5.2, RethinkDB 2.2.3: a reset node keeps its vote',
    edits: [
      {
        file: RECOGNITION,
        find: 'if (greeted.size * 2 > otherVoters(state.config, state.id).length) admit(state);',
        replace: 'if (greeted.size > 0) admit(state);',
      },
    ],
  },
  {
    name: 'introduction-not-durable',
    bug: 'a member says that it knows a store before it has that on disk',
    source: 'Raft fig. 2, RethinkDB 2.2.3',
    edits: [
      {
        file: 'src/raft/outbox.ts',
        find: "message.type === 'greeting-reply' ? recognitionWrite(state) : 0;",
        replace: "message.type === 'greeting-reply' ? recognitionWrite(state) * 0 : 0;",
      },
    ],
  },
  {
    name: 'pin-kept-after-a-removal',
    bug: 'a removed member is still known by its old store, and a new one is a stranger for ever',
    source: 'RethinkDB 2.2.3',
    edits: [
      { file: RECOGNITION, find: '    recognition.pins.delete(id);\n', replace: '' },
      { file: 'src/raft/in-force.ts', find: '  unpinAdded(state, config);\n', replace: '' },
    ],
  },
  {
    name: 'first-word-of-an-earlier-term',
    bug: 'a late frame of who had its id before makes a new member a stranger for ever',
    source: 'RethinkDB 2.2.3',
    edits: [{ file: RECOGNITION, find: '    message.term === state.term &&\n', replace: '' }],
  },
  {
    name: 'timeout-now-before-the-log-is-whole',
    bug: 'a leader hands over to a member that does not hold all of its log',
    source: 'Raft thesis §3.10, hashicorp/raft#581',
    edits: [
      {
        file: TRANSFER,
        find: '  if (leading.progress.get(from)?.match === log.last) sendTimeoutNow(state, from);',
        replace: '  if (log.last > 0) sendTimeoutNow(state, from);',
      },
    ],
  },
  {
    name: 'proposals-taken-while-handing-over',
    bug: 'a leader that hands over takes proposals, so that its log is never whole elsewhere',
    source: 'Raft thesis §3.10, hashicorp/raft#570',
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: 'if (leading === undefined || leading.handover !== undefined) return;',
        replace: 'if (leading === undefined) return;',
      },
    ],
  },
  {
    name: 'handover-never-given-up',
    bug: 'a leader that handed over to a member that is gone takes no proposals any more',
    source: 'Raft thesis §3.10, hashicorp/raft#581',
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: '    leading.handover = undefined;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'forced-vote-refused',
    bug: 'a member refuses its vote to the one that its leader hands over to',
    source: 'Raft thesis §4.2.3, §3.10',
    edits: [
      {
        file: ELECTION,
        find: 'if (!request.forced && refusesVotes(state)) return;',
        replace: 'if (refusesVotes(state)) return;',
      },
    ],
  },
  {
    name: 'every-vote-forced',
    bug: 'every candidate says that the leader asked it to stand',
    source: 'Raft thesis §4.2.3',
    edits: [
      { file: ELECTION, find: '      forced,\n', replace: '      forced: forced || true,\n' },
    ],
  },
  {
    name: 'late-timeout-now-obeyed',
    bug: 'a member stands for a handover that was called off',
    source: 'Raft thesis §3.10, openraft#1747',
    edits: [
      {
        file: ELECTION,
        find: ' || message.round < state.following.round) return;',
        replace: ') return;',
      },
    ],
  },
  {
    name: 'lease-kept-while-handing-over',
    bug: 'a leader reads by its lease while another one may be elected on its word',
    source: 'Raft thesis §6.4.1, openraft#1747',
    edits: [
      {
        file: LEASE,
        find: 'if (leading === undefined || leading.handover !== undefined) return -Infinity;',
        replace: 'if (leading === undefined) return -Infinity;',
      },
    ],
  },
  {
    name: 'lease-after-a-handover-was-given-up',
    bug: 'a leader reads by its lease again although the one it asked to stand may still do so',
    source: 'Raft thesis §3.10, openraft#1747',
    edits: [
      {
        file: LEASE,
        find: 'if (leading.yielded.size > 0 || ',
        replace: 'if (',
      },
    ],
  },
  {
    name: 'lease-from-the-answer',
    bug: 'the lease starts when a heartbeat is answered, not when it was sent',
    source: 'Raft thesis §6.4.1, sofa-jraft#34',
    edits: [
      {
        file: LEASE,
        find: '  const sentMs = leading.roundsSentMs[round % ROUNDS] ?? -Infinity;',
        replace: '  const sentMs = progress.contactMs;',
      },
    ],
  },
];
