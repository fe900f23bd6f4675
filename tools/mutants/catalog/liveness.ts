// Bugs that break no log and no vote: the cluster stops, or stays stopped.
import type { Mutant } from '../mutant.ts';

const ELECTION = 'src/raft/election.ts';
const REPLICATION = 'src/raft/replication.ts';
const PROGRESS = 'src/raft/progress.ts';
const RAFT = 'src/raft/raft.ts';

export const LIVENESS: readonly Mutant[] = [
  {
    name: 'pre-vote-answer-teaches-no-term',
    bug: 'a member of a lower term is refused its pre-vote for ever, and never learns why',
    source: 'canonical/raft#279, etcd#8334',
    edits: [
      {
        file: ELECTION,
        find: `  if (reply.term > state.term) {
    becomeFollower(state, reply.term, undefined);
  } else if (state.role === 'pre-candidate'`,
        replace: `  if (state.role === 'pre-candidate'`,
      },
    ],
  },
  {
    name: 'equal-election-timeouts',
    bug: 'all members wait for the same time, and split the vote again and again',
    source: 'Raft §5.2',
    edits: [
      {
        file: 'src/raft/state.ts',
        find: 'state.now + electionMinMs + nextFloat(state.prng) * span;',
        replace: 'state.now + electionMinMs + span / 2;',
      },
    ],
  },
  {
    name: 'candidate-waits-for-ever',
    bug: 'a candidate whose requests were lost never stands again',
    source: 'Raft §5.2',
    edits: [
      {
        file: RAFT,
        find: 'else if (!holdsBack(state)) startPreVote',
        replace: "else if (!holdsBack(state) && state.role !== 'candidate') startPreVote",
      },
      {
        file: RAFT,
        find: 'return isWaiting ? state.electionDueMs : Number',
        replace: `const waits = isWaiting && state.role !== 'candidate';
  return waits ? state.electionDueMs : Number`,
      },
    ],
  },
  {
    name: 'leader-cut-off-stays',
    bug: 'a leader that hears from no quorum goes on leading',
    source: 'openraft#2080, Cloudflare 2020: RedisLabs/raft#24',
    edits: [
      {
        file: REPLICATION,
        find: 'return state.now - heard < state.options.electionMinMs;',
        replace: 'return heard <= state.now;',
      },
    ],
  },
  {
    name: 'refused-vote-postpones-the-election',
    bug: 'a member that refuses its vote waits again before it stands itself',
    source: 'Raft §5.2',
    edits: [
      {
        file: ELECTION,
        find: 'if (granted) resetElectionDue(state);',
        replace: 'resetElectionDue(state);',
      },
    ],
  },
  {
    name: 'lost-append-stays-lost',
    bug: 'what a heartbeat finds missing is not sent again',
    source: 'Raft §5.3',
    edits: [
      {
        file: REPLICATION,
        find: 'if (ack.received >= ack.sent || !isOverdue(progress)) return;',
        replace: 'if (ack.received >= 0) return;',
      },
    ],
  },
  {
    name: 'heartbeat-does-not-say-what-was-sent',
    bug: 'a heartbeat does not tell how much the follower should have, so that nothing is missed',
    source: 'Raft §5.3',
    edits: [
      {
        file: REPLICATION,
        find: '    progress.sentAtHeartbeat = progress.sent;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'window-never-freed',
    bug: 'acknowledged appends still count as under way, until nothing more may be sent',
    source: 'Raft thesis §10.2.1',
    edits: [
      {
        file: PROGRESS,
        find: '  if (landed > 0) progress.inflight.splice(0, landed);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'window-kept-when-sent-again',
    bug: 'appends that were lost still count as under way when they are sent again',
    source: 'Raft thesis §10.2.1',
    edits: [{ file: PROGRESS, find: '  progress.inflight.length = 0;\n', replace: '' }],
  },
  {
    name: 'lost-acknowledgement-stays-lost',
    bug: 'the answer to a heartbeat does not repeat an acknowledgement that was lost',
    source: 'Raft §5.3',
    edits: [
      {
        file: REPLICATION,
        find: '  if (ack.received > 0) acknowledge(state, from, progress, ack.match);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'refusal-of-an-old-stream-counted',
    bug: 'a refusal of an earlier probe makes the leader start over once more',
    source: 'Raft §5.3',
    edits: [
      {
        file: REPLICATION,
        find: 'if (progress === undefined || reject.stream !== progress.stream) return;',
        replace: 'if (progress === undefined) return;',
      },
    ],
  },
];
