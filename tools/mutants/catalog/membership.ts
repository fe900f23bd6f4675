// Bugs in who is a member: changes one after the other, joint configurations, learners, removals.
import type { Mutant } from '../mutant.ts';

const CHANGES = 'src/raft/changes.ts';
const RECONFIGURING = 'src/raft/reconfiguring.ts';
const ELECTION = 'src/raft/election.ts';
const FOLLOWERS = 'src/raft/followers.ts';
const IN_FORCE = 'src/raft/in-force.ts';
const QUORUM = 'src/raft/quorum.ts';

export const MEMBERSHIP: readonly Mutant[] = [
  {
    name: 'change-before-an-entry-of-the-own-term',
    bug: 'a new leader changes members before it has committed an entry of its own term',
    source: 'Ongaro, raft-dev 2015, NuRaft#67',
    edits: [
      {
        file: RECONFIGURING,
        find: "  if (!isEstablished(state)) return 'this leader",
        replace: "  if (state.role !== 'leader') return 'this leader",
      },
    ],
  },
  {
    name: 'change-beside-an-uncommitted-one',
    bug: 'a change begins while the one before it is not committed',
    source: 'Raft thesis §4.1, RedisRaft#17',
    edits: [
      {
        file: RECONFIGURING,
        find: '  if (index > commit) return `the change at',
        replace: '  if (index > log.last) return `the change at',
      },
    ],
  },
  {
    name: 'two-votes-at-once',
    bug: 'two votes change at once without a joint configuration',
    source: 'Raft thesis §4.1, Ongaro, raft-dev 2015',
    edits: [
      {
        file: CHANGES,
        find: 'const isSimple = votesBetween(config.voters, voters) <= 1;',
        replace: 'const isSimple = votesBetween(config.voters, voters) <= 2;',
      },
      {
        file: CHANGES,
        find: 'return votesBetween(config.voters, next.voters) <= 1;',
        replace: 'return votesBetween(config.voters, next.voters) <= 2;',
      },
    ],
  },
  {
    name: 'joint-commit-by-the-new-half',
    bug: 'in a joint configuration the majority of the new voters alone commits',
    source: 'camunda#60086, Raft §6',
    edits: [
      {
        file: QUORUM,
        find: 'return Math.min(incoming, reachedByMajority(config.outgoing, matchOf));',
        replace: 'return incoming;',
      },
    ],
  },
  {
    name: 'joint-commit-by-all-together',
    bug: 'a joint configuration commits by a majority of all voters, as if they were one set',
    source: 'async-raft#62, Raft §6',
    edits: [
      {
        file: QUORUM,
        find: 'return Math.min(incoming, reachedByMajority(config.outgoing, matchOf));',
        replace: `const all = [...new Set([...config.voters, ...config.outgoing])];
  return reachedByMajority(all, matchOf);`,
      },
    ],
  },
  {
    name: 'joint-votes-of-all-together',
    bug: 'a joint configuration elects by a majority of all voters, as if they were one set',
    source: 'async-raft#62, Raft §6',
    edits: [
      {
        file: QUORUM,
        find: `  const outgoing = majorityVote(config.outgoing, voteOf);
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending';`,
        replace: `  if (incoming === 'lost') return 'lost';
  return majorityVote([...new Set([...config.voters, ...config.outgoing])], voteOf);`,
      },
    ],
  },
  {
    name: 'joint-left-before-it-is-committed',
    bug: 'a leader leaves a joint configuration that is not committed',
    source: 'camunda#60086, rethinkdb#4949',
    edits: [
      {
        file: RECONFIGURING,
        find: 'if (leading === undefined || !isSettled(state)) return;',
        replace: 'if (leading === undefined || (!isJoint(config) && !isSettled(state))) return;',
      },
    ],
  },
  {
    name: 'joint-never-left',
    bug: 'nobody ends a joint configuration once it is committed',
    source: 'openraft: configuration stuck joint, Raft §6',
    edits: [
      {
        file: RECONFIGURING,
        find: '    appendConfiguration(state, left(config));\n',
        replace: '    return;\n',
      },
    ],
  },
  {
    name: 'learner-counted',
    bug: 'what a learner holds counts for the commit index',
    source: 'YugabyteDB 1.1.9, Raft thesis §4.2.1',
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: '  const reached = committedIndex(state.config, (id) =>',
        replace: `  const { learners, outgoing, voters } = state.config;
  const all = { voters: [...voters, ...learners], outgoing };
  const reached = committedIndex(all, (id) =>`,
      },
    ],
  },
  {
    name: 'configuration-in-force-when-committed',
    bug: 'a configuration is in force only when it is committed, on leader and followers alike',
    source: 'Raft thesis §4.1, etcd#7625',
    edits: [
      {
        file: IN_FORCE,
        find: '  state.config = (state.configs.at(-1) ?? NO_CONFIGURATION).config;',
        replace: `  const isOld = (index: number) => index <= state.commit;
  const old = state.configs.filter(({ index }, at) => at === 0 || isOld(index));
  state.config = (old.at(-1) ?? NO_CONFIGURATION).config;`,
      },
      {
        file: IN_FORCE,
        find: '    unpinRemoved(state);\n    state.unwritten.configs = true;',
        replace: '    unpinRemoved(state);\n    putInForce(state);',
      },
    ],
  },
  {
    name: 'vote-of-a-removed-member-counted',
    bug: 'a candidate counts the votes of members that are no voters',
    source: 'YugabyteDB 1.1.9: votes of non-voting peers',
    edits: [
      {
        file: QUORUM,
        find: `export function voteResult(
  config: Voters,
  voteOf: (id: MemberId) => boolean | undefined,
): VoteResult {
`,
        replace: `export function voteResult(
  config: Voters,
  voteOf: (id: MemberId) => boolean | undefined,
  all?: ReadonlyMap<MemberId, boolean>,
): VoteResult {
  const granted = [...(all?.values() ?? [])].filter((vote) => vote).length;
  if (granted * 2 > config.voters.length) return 'won';
`,
      },
      {
        file: ELECTION,
        find: 'const result = voteResult(state.config, (id) => candidacy.votes.get(id));',
        replace: `const { votes } = candidacy;
  const result = voteResult(state.config, (id) => votes.get(id), votes);`,
      },
      {
        file: ELECTION,
        find: 'if (candidacy === undefined || !isVoter(state.config, from)) return;',
        replace: 'if (candidacy === undefined) return;',
      },
      {
        file: ELECTION,
        find: `  for (const id of otherVoters(state.config, state.id)) {
    send(state, id, {
      type: 'vote-request',`,
        replace: `  const known = state.configs.map(({ config }) => otherVoters(config, state.id));
  for (const id of new Set(known.flat())) {
    send(state, id, {
      type: 'vote-request',`,
      },
    ],
  },
  {
    name: 'configuration-kept-when-truncated',
    bug: 'a configuration stays in force when its entry is truncated',
    source: 'Raft thesis §4.1, canonical/raft#250',
    edits: [
      {
        file: 'src/raft/following.ts',
        find: '  dropConfigurations(state, index);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'progress-kept-for-who-is-added-again',
    bug: 'a member that is added again is taken to hold what it held before it was removed',
    source: 'RethinkDB 2.2.3, Raft §5.3',
    edits: [
      {
        file: RECONFIGURING,
        find: 'if (!isMember(state.config, id)) forgetProgress(leading, id);',
        replace: 'isMember(state.config, id);',
      },
    ],
  },
  {
    name: 'stream-number-used-again',
    bug: 'a member that is added again gets the stream number of its first time',
    source: 'openraft cecb5de8, Raft §5.3',
    edits: [
      {
        file: FOLLOWERS,
        find: 'leading.lastStream = Math.max(leading.lastStream,',
        replace: 'Math.max(leading.lastStream,',
      },
    ],
  },
  {
    name: 'removed-leader-stays',
    bug: 'a leader whose removal is committed goes on leading',
    source: 'Raft §6, hashicorp/raft#524',
    edits: [
      {
        file: RECONFIGURING,
        find: '    resign(state);\n  } else',
        replace: '    return;\n  } else',
      },
    ],
  },
  {
    name: 'removed-leader-resigns-at-once',
    bug: 'a leader steps down when it appends its removal, which may be nowhere else',
    source: 'Raft §6, Raft thesis §4.2.2',
    edits: [
      {
        file: RECONFIGURING,
        find: '  const { config, leading } = state;\n  if (leading',
        replace: `  const { config, leading } = state;
  if (leading !== undefined && !isVoter(config, state.id)) return resign(state);
  if (leading`,
      },
    ],
  },
  {
    name: 'removed-member-stands-no-more-at-once',
    bug: 'a voter never stands once it holds its removal, which may be nowhere else',
    source: 'Raft thesis §4.2.2',
    edits: [
      {
        file: ELECTION,
        find: 'configs.some(({ config }) => isRecognisedVoter(state, config))',
        replace: 'configs.length > 0 && isRecognisedVoter(state, state.config)',
      },
    ],
  },
  {
    name: 'learner-stands',
    bug: 'a learner stands for election',
    source: 'HomeStore#764, Raft thesis §4.2.1',
    edits: [
      {
        file: 'src/raft/recognition.ts',
        find: '  if (!isVoter(config, id)) return false;\n',
        replace: '  if (!isMember(config, id)) return false;\n',
      },
    ],
  },
  {
    name: 'learner-joins-before-it-has-caught-up',
    bug: 'a new member gets its vote at once, however little of the log it holds',
    source: 'Raft thesis §4.2.1',
    edits: [
      {
        file: RECONFIGURING,
        find: 'if (follower?.catchUp?.done !== true || ',
        replace: 'if (follower?.catchUp === undefined || ',
      },
    ],
  },
  {
    name: 'removed-member-is-not-told',
    bug: 'a leader lets go of a removed member at once, which never learns of it',
    source: 'hashicorp/raft#524, canonical/raft#137',
    edits: [
      {
        file: FOLLOWERS,
        find: 'if (progress.commitSent < (configs[0]?.index ?? 0) && ',
        replace: 'if (progress.commitSent < 0 && ',
      },
    ],
  },
  {
    name: 'removed-member-is-kept-for-ever',
    bug: 'a leader sends to a removed member that is gone for as long as it leads',
    source: 'openraft#911',
    edits: [
      {
        file: FOLLOWERS,
        find: ' && now < progress.dropAtMs) continue;',
        replace: ') continue;',
      },
    ],
  },
];
