// Bugs in the core's snapshots: which log they stand for, what is kept, what is acknowledged.
import type { Mutant } from '../mutant.ts';

const KEEPING = 'src/raft/snapshot-keeping.ts';
const RECEIVING = 'src/raft/snapshot-receiving.ts';
const SENDING = 'src/raft/snapshot-sending.ts';

export const SNAPSHOTS_CORE: readonly Mutant[] = [
  {
    name: 'snapshot-over-a-newer-log',
    bug: 'a snapshot that is older than what is committed is installed all the same',
    source: 'WRaft#118.4',
    edits: [
      {
        file: RECEIVING,
        find: 'return index <= commit || termAt(log, index) === term;',
        replace: 'return index < 0 && commit < 0 && termAt(log, index) === term;',
      },
    ],
  },
  {
    name: 'any-entry-taken-for-the-snapshots',
    bug: 'a log that reaches beyond a snapshot is kept whatever its entry there is',
    source: 'openraft#559, Raft fig. 13 rule 7',
    edits: [
      {
        file: RECEIVING,
        find: 'return index <= commit || termAt(log, index) === term;',
        replace: 'return index <= commit || termAt(log, index) !== undefined || term < 0;',
      },
    ],
  },
  {
    name: 'snapshot-config-ignored',
    bug: 'a configuration that was never committed stays in force over a snapshot’s',
    source: 'openraft#1808',
    edits: [
      {
        file: 'src/raft/in-force.ts',
        find: '  state.configs = [installed];\n',
        replace: '  state.configs = [installed, ...state.configs.slice(1)];\n',
      },
    ],
  },
  {
    name: 'old-chunk-wins',
    bug: 'a late chunk of a snapshot that was given up replaces the one that comes in',
    source: 'etcd#18055',
    edits: [
      {
        file: RECEIVING,
        find: 'if (incoming?.term === chunk.term && incoming.stream > chunk.stream) return;',
        replace: 'if (incoming?.term === chunk.term && incoming.stream < 0) return;',
      },
    ],
  },
  {
    name: 'chunk-in-any-place',
    bug: 'a chunk is stored wherever it comes in, also after one that was lost',
    source: 'Raft §7',
    edits: [
      {
        file: RECEIVING,
        find: 'const isNext = chunk.from === incoming.taken && chunk.until > chunk.from;',
        replace: 'const isNext = chunk.from >= incoming.taken && chunk.until > chunk.from;',
      },
    ],
  },
  {
    name: 'log-goes-while-a-snapshot-is-sent',
    bug: 'the log that a receiver needs next is let go of while it is sent a snapshot',
    source: 'cockroach#8639',
    edits: [
      {
        file: SENDING,
        find: '  progress.heldFrom = latest.index;\n',
        replace: '  progress.heldFrom = Number.POSITIVE_INFINITY;\n',
      },
    ],
  },
  {
    name: 'unapplied-log-goes',
    bug: 'entries go with a received snapshot though the machine has yet to apply them',
    source: 'Raft §7',
    edits: [
      {
        file: KEEPING,
        find: 'snapshots.machineDurable, log.durable, applied);',
        replace: 'snapshots.machineDurable, log.durable, applied + latest.index);',
      },
    ],
  },
  {
    name: 'pruned-while-untold',
    bug: 'a snapshot that has just come in as a whole is removed before the core hears of it',
    source: 'Raft §7, RedisRaft#43',
    edits: [
      {
        file: KEEPING,
        find: 'of [incoming?.head, latest, restoring]',
        replace: 'of [latest, restoring]',
      },
    ],
  },
];
