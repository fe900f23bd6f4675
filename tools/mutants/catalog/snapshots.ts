// Bugs in snapshots: what they take the place of, what must be durable first, how they travel.
import type { Mutant } from '../mutant.ts';

const KEEPING = 'src/raft/snapshot-keeping.ts';
const RECEIVING = 'src/raft/snapshot-receiving.ts';
const SENDING = 'src/raft/snapshot-sending.ts';

export const SNAPSHOTS: readonly Mutant[] = [
  {
    name: 'conflicting-log-outlives-an-install',
    bug: 'an install keeps a log that has another entry where the snapshot stands',
    source: 'Raft §7, fig. 13 rule 7',
    edits: [
      {
        file: RECEIVING,
        find: '  if (termAt(state.log, head.index) === head.term) {\n    commit',
        replace: '  if (head.index <= state.log.last) {\n    commit',
      },
    ],
  },
  {
    name: 'older-snapshot-replaces-newer',
    bug: 'a snapshot that was taken slowly takes the place of a newer one that was received',
    source: 'Raft §7',
    edits: [
      {
        file: KEEPING,
        find: 'const isNewer = latest === undefined || head.index > latest.index;',
        replace: 'const isNewer = true;',
      },
    ],
  },
  {
    name: 'commit-left-behind-by-a-reset',
    bug: 'the log is reset to a snapshot and the commit index stays where it was',
    source: 'Raft §7, fig. 13 rule 7',
    edits: [
      {
        file: RECEIVING,
        find: '  commitUpTo(state, head.index);\n  const { following',
        replace: '  const { following',
      },
    ],
  },
  {
    name: 'snapshot-acknowledged-early',
    bug: 'a follower acknowledges a snapshot as soon as all of it is stored, before it is durable',
    source: 'Raft §7, fig. 2',
    edits: [
      {
        file: RECEIVING,
        find: '  incoming.isWhole = true;\n',
        replace: `  incoming.isWhole = true;
  if (state.leader !== undefined) {
    const match = incoming.head.index;
    const { stream } = incoming;
    send(state, state.leader, { type: 'append-ack', term: state.term, stream, match });
  }
`,
      },
    ],
  },
  {
    name: 'entries-below-the-base-sent',
    bug: 'a leader sends entries that are no longer in its log',
    source: 'Raft §7',
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: '  if (progress.next <= state.log.base.index) return startSending(',
        replace: '  if (progress.next < 0) return startSending(',
      },
    ],
  },
  {
    name: 'compacted-beyond-the-snapshot',
    bug: 'the log is let go of as far as it is applied, which the snapshot does not hold',
    source: 'Raft §7',
    edits: [
      {
        file: KEEPING,
        find: 'let to = Math.min(latest.index - keepEntries, ',
        replace: 'let to = Math.min(state.applied, ',
      },
    ],
  },
  {
    name: 'compacted-beyond-the-machine',
    bug: 'the log is let go of although the machine has not stored as much itself',
    source: 'Raft §7',
    edits: [
      {
        file: KEEPING,
        find: 'keepEntries, snapshots.machineDurable, log',
        replace: 'keepEntries, log',
      },
    ],
  },
  {
    name: 'stream-of-a-snapshot-ack-ignored',
    bug: 'an answer to an earlier transfer is taken for one to this one',
    source: 'Raft §7',
    edits: [
      {
        file: SENDING,
        find: 'progress?.sending === undefined || ack.stream !== progress.stream',
        replace: 'progress?.sending === undefined',
      },
    ],
  },
  {
    name: 'restart-without-restore',
    bug: 'a restarted member goes on after its snapshot with an empty machine',
    source: 'Raft §7',
    edits: [
      {
        file: 'src/raft/snapshot.ts',
        find: 'installing: isAhead ? { head: latest, write: 0 } : undefined,',
        replace: 'installing: undefined,',
      },
    ],
  },
  {
    name: 'held-snapshot-taken-again',
    bug: 'a follower receives snapshots of what its log holds, and drops what follows them',
    source: 'Raft §7',
    edits: [
      {
        file: RECEIVING,
        find: '  if (isHeld(state, chunk.head)) return',
        replace: '  if (false) return',
      },
      { file: RECEIVING, find: '  if (!isOurs) return install', replace: '  return install' },
    ],
  },
  {
    name: 'snapshot-pruned-while-it-is-sent',
    bug: 'a leader forgets a snapshot that is on its way to a follower',
    source: 'Raft §7',
    edits: [
      {
        file: KEEPING,
        find: 'sending === undefined ? [] : [sending.head.id]',
        replace: 'sending === undefined ? [] : []',
      },
    ],
  },
  {
    name: 'applied-before-installed',
    bug: 'entries after a snapshot are applied to the machine that it has not been put into',
    source: 'Raft §7, fig. 13 rule 8',
    edits: [
      {
        file: 'src/raft/outbox.ts',
        find: ' && state.snapshots.installing === undefined',
        replace: '',
      },
    ],
  },
  {
    name: 'damaged-snapshot-sent-again',
    bug: 'a leader sends a snapshot again and again that comes out damaged each time',
    source: 'Raft §7',
    edits: [
      { file: SENDING, find: '    state.snapshots.distrusted = sending.head.id;\n', replace: '' },
    ],
  },
  {
    name: 'lost-chunk-not-asked-for',
    bug: 'a leader never asks how much of a snapshot has arrived once it has sent all of it',
    source: 'Raft §7',
    edits: [
      {
        file: SENDING,
        find: '  if (isStanding && isOverdue(progress)) askStored',
        replace: '  if (false && isStanding && isOverdue(progress)) askStored',
      },
    ],
  },
  {
    name: 'own-snapshot-mends-a-machine',
    bug: 'a machine that went wrong is taken for mended by a snapshot that was taken of it',
    source: 'Raft §7',
    edits: [
      {
        file: RECEIVING,
        find: 'Math.max(snapshots.repairFrom, index, own + 1, log.base.index);',
        replace: 'index;',
      },
    ],
  },
];
