// Bugs in what waits for the disk, as the core decides it.
import type { Mutant } from '../mutant.ts';

const FOLLOWING = 'src/raft/following.ts';
const OUTBOX = 'src/raft/outbox.ts';

export const DURABILITY: readonly Mutant[] = [
  {
    name: 'vote-not-written',
    bug: 'a vote is answered and never written, so that a restart forgets it',
    source: 'robustmq#2039, hashicorp/raft#507',
    edits: [
      {
        file: 'src/raft/election.ts',
        find: '    state.votedFor = from;\n    state.unwritten.hard = true;\n',
        replace: '    state.votedFor = from;\n',
      },
    ],
  },
  {
    name: 'own-vote-not-written',
    bug: 'a candidate asks for votes before its new term and its own vote are written',
    source: 'Raft fig. 2, hashicorp/raft#507',
    edits: [
      {
        file: 'src/raft/election.ts',
        find: '  state.votedFor = state.id;\n  state.unwritten.hard = true;\n',
        replace: '  state.votedFor = state.id;\n',
      },
    ],
  },
  {
    name: 'own-vote-counted-early',
    bug: 'a candidate counts its own vote before it is durable',
    source: 'Raft fig. 2, hashicorp/raft#507',
    edits: [
      {
        file: 'src/raft/election.ts',
        find: 'if (state.writes.completed < candidacy.ownVoteWrite || candidacy',
        replace: 'if (candidacy',
      },
    ],
  },
  {
    name: 'term-not-written',
    bug: 'a higher term is taken on and never written, so that a restart goes back in time',
    source: 'Raft §5.1, fig. 2',
    edits: [
      {
        file: 'src/raft/roles.ts',
        find: '    state.unwritten.hard = true;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'messages-do-not-wait',
    bug: 'messages leave before the term and the vote that they show are durable',
    source: 'Raft fig. 2, robustmq#2039',
    edits: [
      {
        file: OUTBOX,
        find: 'const after = Math.max(hardWrite(state), introduction);',
        replace: 'const after = introduction;',
      },
    ],
  },
  {
    name: 'repeated-answer-does-not-wait',
    bug: 'the answer to a repeated request leaves while the write of the first is under way',
    source: 'yugabyte#32875, Raft fig. 2',
    edits: [
      {
        file: OUTBOX,
        find: 'return state.writes.hard > state.writes.completed ? state.writes.hard : 0;',
        replace: 'return 0;',
      },
    ],
  },
  {
    name: 'ack-before-durable',
    bug: 'a follower acknowledges entries as soon as it has received them',
    source: 'yugabyte#32875, NATS 2.12.1',
    edits: [
      {
        file: FOLLOWING,
        find: 'sooner.\n  if (log.durable >= following.verified) acknowledgeLeader(state);',
        replace: 'sooner.\n  acknowledgeLeader(state);',
      },
      {
        file: FOLLOWING,
        find: '    match: Math.min(following.verified, log.durable),',
        replace: '    match: following.verified,',
      },
    ],
  },
  {
    name: 'ack-covers-the-next-write',
    bug: 'a completed write acknowledges what was received since it began, too',
    source: 'yugabyte#32875',
    edits: [
      {
        file: FOLLOWING,
        find: '    match: Math.min(following.verified, log.durable),',
        replace: '    match: following.verified,',
      },
    ],
  },
  {
    name: 'heartbeat-ack-before-durable',
    bug: 'the answer to a heartbeat claims what was received and is not durable',
    source: 'yugabyte#32875',
    edits: [
      {
        file: FOLLOWING,
        find: 'match: known ? Math.min(following.verified, log.durable) : 0,',
        replace: 'match: known ? following.verified : 0,',
      },
    ],
  },
  {
    name: 'leader-counts-what-it-has-not-written',
    bug: 'a leader counts itself for entries that are not durable on its own disk',
    source: 'etcd#14370',
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: 'id === state.id ? log.durable : (leading.progress.get(id)?.match ?? 0),',
        replace: 'id === state.id ? log.last : (leading.progress.get(id)?.match ?? 0),',
      },
    ],
  },
  {
    name: 'truncation-not-written',
    bug: 'entries are dropped in memory and stay on the disk',
    source: 'qdrant#2508',
    edits: [{ file: FOLLOWING, find: '  state.unwritten.truncateFrom = index;\n', replace: '' }],
  },
  {
    name: 'write-from-before-a-truncation-counted',
    bug: 'a write that completes after its entries were replaced makes their replacements durable',
    source: 'etcd-io/raft: the ABA race of asynchronous storage writes',
    edits: [
      {
        file: 'src/raft/raft.ts',
        find: 'const current = event.write >= writes.lineage && termAt',
        replace: 'const current = termAt',
      },
    ],
  },
  {
    name: 'durable-survives-a-truncation',
    bug: 'what was durable at a place counts although the entry there was removed',
    source: 'qdrant#2508, yugabyte#32875',
    edits: [
      {
        file: 'src/raft/log.ts',
        find: '  log.durable = Math.min(log.durable, log.last);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'applied-before-durable',
    bug: 'the machine is fed entries that this member may lose in a crash',
    source: 'etcd#13766',
    edits: [
      {
        file: OUTBOX,
        find: 'const ready = Math.min(state.commit, state.log.durable);',
        replace: 'const ready = state.commit;',
      },
    ],
  },
];
