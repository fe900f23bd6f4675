// Bugs in what counts as committed, on the leader and on its followers.
import type { Mutant } from '../mutant.ts';

const REPLICATION = 'src/raft/replication.ts';
const FOLLOWING = 'src/raft/following.ts';
const OWN_TERM = 'if (reached <= state.commit || termAt(log, reached) !== state.term) return;';

export const COMMIT: readonly Mutant[] = [
  {
    name: 'old-term-committed-by-counting',
    bug: 'a leader commits an entry of an earlier term because a majority holds it',
    source: 'Raft §5.4.2, LogCabin#44, PySyncObj#169',
    edits: [{ file: REPLICATION, find: OWN_TERM, replace: 'if (reached <= state.commit) return;' }],
  },
  {
    name: 'commit-scan-stalls',
    bug: 'an entry of an earlier term that is next to commit keeps all that follow from it',
    source: 'RaftOS#30',
    edits: [
      {
        file: REPLICATION,
        find: OWN_TERM,
        replace: `const next = state.commit + 1;
  if (reached < next || termAt(log, next) !== state.term) return;`,
      },
    ],
  },
  {
    name: 'no-entry-at-the-start-of-a-term',
    bug: 'a new leader appends nothing of its own, so that older entries wait for the next command',
    source: 'Raft §5.4.2, 84codes/raft.cr#12, openraft#1246',
    edits: [
      {
        file: REPLICATION,
        find: `  const from = log.last + 1;
  appendOwn(state, 0);
  const { term } = state;
  state.effects.push({
    type: 'append',
    kind: 'noop',
    config: undefined,
    from,
    until: from + 1,
    term,
    timeMs: log.lastTimeMs,
  });
`,
        replace: '',
      },
    ],
  },
  {
    name: 'half-of-an-even-cluster-commits',
    bug: 'half of the voters commits an entry when their number is even',
    source: 'Raft §5.3, CCF: incorrect quorum tally',
    edits: [
      {
        file: 'src/raft/quorum.ts',
        find: 'return values[Math.floor(ids.length / 2)] ?? 0;',
        replace: 'return values[Math.floor((ids.length - 1) / 2)] ?? 0;',
      },
    ],
  },
  {
    name: 'commit-unverified',
    bug: 'a follower commits up to the end of its log, verified by this leader or not',
    source: 'atomix/copycat#265, WRaft#118, scylladb#9965',
    edits: [
      {
        file: FOLLOWING,
        find: 'Math.min(commit, state.following.verified)',
        replace: 'Math.min(commit, state.log.last)',
      },
    ],
  },
  {
    name: 'heartbeat-commit-beyond-match',
    bug: 'a heartbeat carries a commit index beyond what the follower holds, and is believed',
    source: 'etcd-io/raft#138, etcd-io/raft#139, cockroach#122100',
    edits: [
      {
        file: REPLICATION,
        find: `  const commit = Math.min(state.commit, progress.match);
  progress.commitSent = Math.max(progress.commitSent, commit);`,
        replace: `  const { commit } = state;
  progress.commitSent = Math.max(progress.commitSent, commit);`,
      },
      {
        file: FOLLOWING,
        find: '  learnCommit(state, beat.commit);',
        replace: '  state.commit = Math.max(state.commit, beat.commit);',
      },
    ],
  },
  {
    name: 'commit-goes-back',
    bug: 'a follower takes the commit index of a new leader although its own is higher',
    source: 'PySyncObj#166',
    edits: [
      {
        file: FOLLOWING,
        find: '  if (known <= state.commit) return;',
        replace: '  if (known === state.commit) return;',
      },
    ],
  },
  {
    name: 'commit-on-a-refusal',
    bug: 'the hint in a refusal counts as an acknowledgement',
    source: 'CCF: commit advance on a NACK',
    edits: [
      {
        file: REPLICATION,
        find: '  restartStream(progress, Math.min',
        replace: `  if (recordMatch(progress, agreed.index)) advanceCommit(state);
  restartStream(progress, Math.min`,
      },
    ],
  },
  {
    name: 'optimistic-match',
    bug: 'a new leader takes for granted that every follower holds all that its own log holds',
    source: 'Raft fig. 2',
    edits: [
      { file: 'src/raft/progress.ts', find: '    match: 0,\n', replace: '    match: next - 1,\n' },
    ],
  },
  {
    name: 'answer-of-an-old-term-counted',
    bug: 'a leader elected again counts acknowledgements of its earlier term',
    source: 'Raft §5.1, Xraft#33',
    edits: [
      {
        file: 'src/raft/raft.ts',
        find: 'if (message.term < state.term || !isProven(state)) return;',
        replace: `const isOld = message.term < state.term && message.type === 'vote-reply';
  if (isOld || !isProven(state)) return;`,
      },
    ],
  },
];
