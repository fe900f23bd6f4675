// Bugs in who becomes a leader: votes, their terms, the log check, majorities.
import type { Mutant } from '../mutant.ts';

const FILE = 'src/raft/election.ts';
const RAFT = 'src/raft/raft.ts';

export const ELECTION: readonly Mutant[] = [
  {
    name: 'stale-vote-counted',
    bug: 'a candidate counts a vote that it was given in an earlier term',
    source: 'Xraft#33',
    edits: [
      {
        file: RAFT,
        find: 'if (message.term < state.term || !isProven(state)) return;',
        replace: `const isOld = message.term < state.term && message.type !== 'vote-reply';
  if (isOld || !isProven(state)) return;`,
      },
    ],
  },
  {
    name: 'votes-kept-in-a-higher-term',
    bug: 'a candidate that learns a higher term from an answer goes on in it with the votes it has',
    source: 'openraft#1220, databend#16175',
    edits: [
      {
        file: RAFT,
        find: "  // Any of them may end a leader's term (§5.1).\n",
        replace: `  if (message.term > state.term && state.role === 'candidate') {
    state.term = message.term;
    state.unwritten.hard = true;
  }
`,
      },
    ],
  },
  {
    name: 'two-votes-in-a-term',
    bug: 'a member votes for everyone who asks, whomever it has voted for in that term',
    source: 'Raft §5.2',
    edits: [
      {
        file: FILE,
        find: '    (state.votedFor === undefined || state.votedFor === from) &&\n',
        replace: '',
      },
      {
        file: FILE,
        find: '  if (granted && state.votedFor === undefined) {',
        replace: '  if (granted) {',
      },
    ],
  },
  {
    name: 'second-vote-not-recorded',
    bug: 'a member grants a second vote in a term and remembers only the first',
    source: 'Raft §5.2',
    edits: [
      {
        file: FILE,
        find: '    (state.votedFor === undefined || state.votedFor === from) &&\n',
        replace: '',
      },
    ],
  },
  {
    name: 'vote-forgotten-on-the-way-back',
    bug: 'a candidate that steps back within its term forgets that it has voted in it',
    source: 'Raft §5.2',
    edits: [
      {
        file: 'src/raft/roles.ts',
        find: "    state.role = 'follower';\n",
        replace: "    state.role = 'follower';\n    state.votedFor = undefined;\n",
      },
    ],
  },
  {
    name: 'vote-kept-across-terms',
    bug: 'a new term begins with the vote of the old one, so that others are refused for ever',
    source: 'Raft fig. 2, canonical/raft#279',
    edits: [{ file: 'src/raft/roles.ts', find: '    state.votedFor = undefined;\n', replace: '' }],
  },
  {
    name: 'vote-without-log-check',
    bug: 'a vote is given whatever the log of the candidate holds; the pre-vote still checks',
    source: 'Raft §5.4.1',
    edits: [
      {
        file: FILE,
        find: `state.votedFor === from) &&
    isPlausibleClock(state, request.wallMs) &&
    isUpToDate(state.log, request.lastIndex, request.lastTerm);`,
        replace: 'state.votedFor === from) && isPlausibleClock(state, request.wallMs);',
      },
    ],
  },
  {
    name: 'no-log-check',
    bug: 'neither vote nor pre-vote looks at the log of the candidate',
    source: 'Raft §5.4.1',
    edits: [
      {
        file: 'src/raft/log.ts',
        find: 'return term > ours || (term === ours && lastIndex >= log.last);',
        replace: 'return term >= 0 || lastIndex >= ours;',
      },
    ],
  },
  {
    name: 'log-check-by-length-only',
    bug: 'the longer log wins the vote, whatever the terms of the last entries are',
    source: 'Raft §5.4.1',
    edits: [
      {
        file: 'src/raft/log.ts',
        find: 'return term > ours || (term === ours && lastIndex >= log.last);',
        replace: 'return ours >= 0 && lastIndex >= log.last;',
      },
    ],
  },
  {
    name: 'log-check-by-term-only',
    bug: 'a shorter log of the same last term wins the vote',
    source: 'Raft §5.4.1',
    edits: [
      {
        file: 'src/raft/log.ts',
        find: 'return term > ours || (term === ours && lastIndex >= log.last);',
        replace: 'return term >= ours;',
      },
    ],
  },
  {
    name: 'half-of-an-even-cluster-elects',
    bug: 'half of the voters is a quorum of votes when their number is even',
    source: 'CCF: incorrect election quorum tally',
    edits: [
      {
        file: 'src/raft/quorum.ts',
        find: 'const needed = Math.floor(ids.length / 2) + 1;',
        replace: 'const needed = Math.ceil(ids.length / 2);',
      },
    ],
  },
  {
    name: 'higher-term-in-an-answer-ignored',
    bug: 'a leader ignores an answer that shows a higher term, and goes on in its own',
    source: 'Raft §5.1',
    edits: [
      {
        file: RAFT,
        find: 'return becomeFollower(state, message.term, undefined);',
        replace: 'return;',
      },
    ],
  },
  {
    name: 'old-pre-vote-counted',
    bug: 'an answer to the pre-vote for an earlier term counts for this one',
    source: 'Raft thesis §9.6, Xraft#33',
    edits: [
      {
        file: FILE,
        find: "state.role === 'pre-candidate' && reply.campaign === state.term + 1",
        replace: "state.role === 'pre-candidate'",
      },
    ],
  },
  {
    name: 'pre-vote-granted-beside-a-leader',
    bug: 'a pre-vote is granted beside a live leader, so that a returning member disturbs it',
    source: 'Raft thesis §9.6, etcd#8334',
    edits: [
      {
        file: FILE,
        find: '    !refusesVotes(state) &&\n    isPlausible',
        replace: '    isPlausible',
      },
    ],
  },
  {
    name: 'vote-request-disturbs-a-leader',
    bug: 'a request for a vote is heard although the leader is alive',
    source: 'Raft thesis §4.2.3, hashicorp/raft#524',
    edits: [
      { file: FILE, find: '  if (!request.forced && refusesVotes(state)) return;\n', replace: '' },
    ],
  },
  {
    name: 'restart-forgets-the-leader',
    bug: 'a restarted member votes at once, although it may have promised to follow a live leader',
    source: 'Raft thesis §4.2.3',
    edits: [
      {
        file: 'src/raft/state.ts',
        find: 'silentUntilMs: now + init.silentMs,',
        replace: 'silentUntilMs: now,',
      },
    ],
  },
];
