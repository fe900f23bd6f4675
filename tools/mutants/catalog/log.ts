// Bugs in how logs become equal: what a follower takes, drops and claims to hold.
import type { Mutant } from '../mutant.ts';

const FOLLOWING = 'src/raft/following.ts';
const PROGRESS = 'src/raft/progress.ts';

export const LOG: readonly Mutant[] = [
  {
    name: 'blind-truncation',
    bug: 'every append replaces what follows its place, entries that match included',
    source: 'RaftOS#26',
    edits: [
      {
        file: FOLLOWING,
        find: `if (ours !== undefined && ours !== entry.term) truncateConflict(state, index);
      if (ours !== entry.term) break;`,
        replace: `if (ours !== undefined) truncateConflict(state, index);
      break;`,
      },
    ],
  },
  {
    name: 'old-append-cuts-the-tail',
    bug: 'an append that brings nothing new removes whatever follows its last entry',
    source: 'CCF: truncation by an early AppendEntries, RaftOS#26',
    edits: [
      {
        file: FOLLOWING,
        find: '  if (index >= append.until) return;\n',
        replace: `  if (index >= append.until) {
    if (append.until > append.from && log.last >= append.until && append.until > state.commit) {
      truncateConflict(state, append.until);
    }
    return;
  }
`,
      },
    ],
  },
  {
    name: 'conflict-not-truncated',
    bug: 'an entry of another term at the same place is taken for the same entry',
    source: 'Raft §5.3',
    edits: [
      {
        file: FOLLOWING,
        find: `if (ours !== undefined && ours !== entry.term) truncateConflict(state, index);
      if (ours !== entry.term) break;`,
        replace: 'if (ours === undefined) break;',
      },
    ],
  },
  {
    name: 'gap-accepted',
    bug: 'an append that begins beyond the end of the log is taken',
    source: 'Raft §5.3, CVE-2020-15112',
    edits: [
      {
        file: FOLLOWING,
        find: 'if (index > state.commit) return ours === term;',
        replace: 'if (index > state.commit) return ours === undefined || ours === term;',
      },
    ],
  },
  {
    name: 'previous-term-not-compared',
    bug: 'an append fits where the log has any entry before it, of whatever term',
    source: 'Raft §5.3',
    edits: [
      {
        file: FOLLOWING,
        find: 'if (index > state.commit) return ours === term;',
        replace: 'if (index > state.commit) return ours !== undefined && term >= 0;',
      },
    ],
  },
  {
    name: 'append-of-an-old-leader-taken',
    bug: 'a follower takes entries from the leader of an earlier term',
    source: 'Raft §5.1',
    edits: [
      {
        file: FOLLOWING,
        find: `  if (term < state.term) {
    send(state, from, { type: 'stale-term', term: state.term });
    return false;
  }
  assert(state.role !== 'leader' || term > state.term,`,
        replace: `  if (term < state.term && state.role === 'leader') {
    send(state, from, { type: 'stale-term', term: state.term });
    return false;
  }
  assert(state.role !== 'leader' || term > state.term,`,
      },
    ],
  },
  {
    name: 'agreement-with-another-leader-kept',
    bug: 'how far the log was equal to that of the last leader is held to be true of the next one',
    source: 'atomix/copycat#265, scylladb#9965',
    edits: [
      {
        file: 'src/raft/roles.ts',
        find: '  state.following.stream = 0;\n  state.following.verified = 0;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'inaccurate-ack',
    bug: 'a follower acknowledges all that its log holds, not only what this leader has verified',
    source: 'CCF: inaccurate ACK',
    edits: [
      {
        file: FOLLOWING,
        find: '    match: Math.min(following.verified, log.durable),',
        replace: '    match: log.durable,',
      },
    ],
  },
  {
    name: 'inaccurate-heartbeat-ack',
    bug: 'the answer to a heartbeat claims all that the log holds, verified or not',
    source: 'CCF: inaccurate ACK',
    edits: [
      {
        file: FOLLOWING,
        find: 'match: known ? Math.min(following.verified, log.durable) : 0,',
        replace: 'match: known ? log.durable : 0,',
      },
    ],
  },
  {
    name: 'own-tail-taken-for-verified',
    bug: 'after an append that fits the whole log counts as verified, its old tail included',
    source: 'WRaft#118, atomix/copycat#265',
    edits: [
      {
        file: FOLLOWING,
        find: 'following.verified = Math.max(following.verified, append.until - 1);',
        replace: 'following.verified = log.last;',
      },
    ],
  },
  {
    name: 'match-goes-back',
    bug: 'an old acknowledgement that comes late takes back what a newer one has said',
    source: 'PySyncObj#167',
    edits: [
      {
        file: PROGRESS,
        find: '  if (match <= progress.match) return false;',
        replace: '  if (match === progress.match) return false;',
      },
    ],
  },
  {
    name: 'next-not-above-match',
    bug: 'a leader sends again from below what a follower has acknowledged',
    source: 'RaftOS#25, PySyncObj#167',
    edits: [
      {
        file: PROGRESS,
        find: 'progress.next = Math.max(next, progress.match + 1);',
        replace: 'progress.next = Math.max(next, 1);',
      },
    ],
  },
  {
    name: 'refusal-does-not-go-back',
    bug: 'after a refusal the leader asks again at the same place, for ever',
    source: 'Raft §5.3',
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: 'restartStream(progress, Math.min(agreed.index, reject.prevIndex - 1) + 1);',
        replace: 'restartStream(progress, Math.max(agreed.index, reject.prevIndex) + 1);',
      },
    ],
  },
  {
    name: 'lost-tail-asked-for-ever',
    bug: 'a follower that lost what it had acknowledged is asked again without end',
    source: 'etcd#10166, etcd-io/raft#197',
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: '  if (reject.prevIndex <= progress.match) return;\n',
        replace: '',
      },
    ],
  },
];
