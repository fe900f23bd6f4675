// Bugs of comparing machines and of raising versions: compared at different places, trusted all the
// same, forgotten, mended by what is wrong itself, or switched before everyone can.
import type { Mutant } from '../mutant.ts';

const DIVERGENCE_FILE = 'src/runtime/divergence.ts';
const UPKEEP = 'src/runtime/upkeep.ts';
const UPGRADES = 'src/runtime/upgrades.ts';

export const DIVERGENCE: readonly Mutant[] = [
  {
    name: 'digest-of-a-state-on-its-way',
    bug: 'the next entry is begun before a digest that takes its time is there',
    source: 'etcd#13766',
    edits: [
      {
        file: 'src/runtime/applier.ts',
        find: '        return this.#parts.verify(entry, isKept ? undefined : this.#point.at());\n',
        replace:
          '        void this.#parts.verify(entry, isKept ? undefined : this.#point.at());\n' +
          '        return undefined;\n',
      },
    ],
  },
  {
    name: 'digest-of-a-machine-ahead-of-the-log',
    bug: 'a machine that has kept its state is compared before the log has come as far',
    source: 'etcd#13766',
    edits: [
      {
        file: 'src/runtime/applier.ts',
        find: 'this.#parts.verify(entry, isKept ? undefined : this.#point.at());\n',
        replace: 'this.#parts.verify(entry, this.#point.at());\n',
      },
    ],
  },
  {
    name: 'odd-machine-answers-reads',
    bug: 'a member whose machine is known to be wrong goes on answering reads',
    source: 'etcd#13766',
    edits: [
      {
        file: DIVERGENCE_FILE,
        find: '    return this.isDiverged ? untrusted() : undefined;\n',
        replace: '    return this.#isOver ? untrusted() : undefined;\n',
      },
    ],
  },
  {
    name: 'odd-machine-leads-on',
    bug: 'the core is not told that the machine is wrong: it leads on, and is never repaired',
    source: 'etcd#13766',
    edits: [
      {
        file: DIVERGENCE_FILE,
        find: "    push({ type: 'repair', index: at });\n",
        replace: '    void push;\n',
      },
    ],
  },
  {
    name: 'odd-leader-does-its-work',
    bug: 'work that only the leader does goes on where the machine is wrong',
    source: 'Raft thesis §6.4',
    edits: [
      {
        file: 'src/runtime/requests/leaderships.ts',
        find: '    const isTrusted = snapshots.repairFrom === 0;\n',
        replace: '    const isTrusted = snapshots.repairFrom >= 0;\n',
      },
    ],
  },
  {
    name: 'repair-forgotten-by-a-restart',
    bug: 'a member that is started again trusts its machine, and the snapshot that it took of it',
    source: 'etcd#13766',
    edits: [
      {
        file: 'src/runtime/startup.ts',
        find: '    ...{ snapshot, repairFrom, applied: 0 },\n',
        replace: '    ...{ snapshot, repairFrom: Math.min(repairFrom, 0), applied: 0 },\n',
      },
    ],
  },
  {
    name: 'repair-not-written',
    bug: 'that the machine is wrong is noted with the next write, and there is none',
    source: 'etcd#13766',
    edits: [
      {
        file: 'src/raft/snapshot-receiving.ts',
        find: '  state.unwritten.hard = true;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'minority-counts-as-majority',
    bug: 'where no majority is equal the members go on with different states',
    source: 'etcd#13766',
    edits: [
      {
        file: 'src/runtime/digest-reports.ts',
        find: "    if (voteResult(config, isSame) !== 'won') continue;\n",
        replace: "    if (voteResult(config, isSame) === 'pending') continue;\n",
      },
    ],
  },
  {
    name: 'only-the-leader-stops',
    bug: 'a leader without a majority of equal machines stops before anybody else knows',
    source: 'etcd#13766',
    edits: [
      {
        file: UPKEEP,
        find: "    if (this.#parts.state.role !== 'leader') return undefined;\n",
        replace: "    if (this.#parts.state.role !== 'follower') return undefined;\n",
      },
    ],
  },
  {
    name: 'lost-reports-count-as-equal',
    bug: 'a comparison is over when a majority is equal, though others have not told yet',
    source: 'etcd#13766',
    edits: [
      {
        file: 'src/runtime/verifier.ts',
        find: '      if (!found.isWhole) continue;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'sessions-compared-with-results',
    bug: 'a machine that has kept its state over a restart is held to be wrong',
    source: 'Raft thesis §6.3',
    edits: [
      {
        file: 'src/runtime/state-digest.ts',
        find: 'add(sequence, each.index, each.term, each.checksum);\n',
        replace: 'add(sequence, each.index, each.term, each.result?.length ?? -1);\n',
      },
    ],
  },
  {
    name: 'version-before-all-can',
    bug: 'the version rises when those that are heard can, and the others stop',
    source: 'Raft §5.4.3, State Machine Safety',
    edits: [
      {
        file: UPGRADES,
        find: '      if (said === undefined || !this.#isValid(said)) return;\n',
        replace: '      if (said === undefined || !this.#isValid(said)) continue;\n',
      },
    ],
  },
  {
    name: 'version-by-old-news',
    bug: 'what a member said before it was started with older code counts for ever',
    source: 'Raft §5.4.3, State Machine Safety',
    edits: [
      {
        file: UPGRADES,
        find: '    return now - atMs <= VALID_TIMEOUTS * options.electionMaxMs;\n',
        replace: '    return now - atMs <= VALID_TIMEOUTS * options.electionMaxMs * 1e9;\n',
      },
    ],
  },
];
