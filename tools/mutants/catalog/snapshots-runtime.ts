// Bugs in snapshots of whole nodes: what is put into one, what it takes the place of, how it is
// kept.
import type { Mutant } from '../mutant.ts';

const INCOMING = 'src/runtime/incoming-snapshot.ts';
const RUNNER = 'src/runtime/effect-runner.ts';
const SNAPSHOTTER = 'src/runtime/snapshotter.ts';

export const SNAPSHOTS_RUNTIME: readonly Mutant[] = [
  {
    name: 'snapshot-of-the-first-members',
    bug: 'a snapshot says who the members were at first, and not who they are by then',
    source: 'RedisRaft#568',
    edits: [
      {
        file: 'src/runtime/applied-point.ts',
        find: "if (kind === 'members') this.#members",
        replace: "if (kind === 'members' && this.#members === undefined) this.#members",
      },
    ],
  },
  {
    name: 'sessions-not-restored',
    bug: 'the sessions of a snapshot are read, and those of before go on',
    source: 'RedisRaft#568',
    edits: [
      {
        file: 'src/runtime/machine-state.ts',
        find: '            sessions.replace(table);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'entries-before-the-restore',
    bug: 'entries that come after an install have their turn before the machine is restored',
    source: 'Raft §7',
    edits: [
      {
        file: 'src/runtime/applier.ts',
        find: '    this.#resumesAt = index;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'machine-not-told-of-an-install',
    bug: 'a machine goes on with a log that a snapshot has taken the place of',
    source: 'openraft#559',
    edits: [{ file: RUNNER, find: '    applier.skip(index);\n', replace: '' }],
  },
  {
    name: 'proposals-forgotten-by-an-install',
    bug: 'who waits for an entry that a snapshot has skipped is told that it was never applied',
    source: 'Aerospike 3.99',
    edits: [{ file: RUNNER, find: '    proposals.skip(index);\n', replace: '' }],
  },
  {
    name: 'headers-forgotten-with-old-snapshots',
    bug: 'whatever the store is told to remove, no snapshot can be sent or restored any more',
    source: 'Raft §7',
    edits: [
      {
        file: SNAPSHOTTER,
        find: 'if (!keep.includes(id)) this.#headers.delete(id);',
        replace: 'this.#headers.delete(id);',
      },
    ],
  },
  {
    name: 'received-snapshot-unchecked',
    bug: 'a snapshot that was damaged on its way is kept',
    source: 'NATS 2.12.1',
    edits: [
      { file: INCOMING, find: '      this.#isDamaged = true;\n', replace: '' },
      { file: INCOMING, find: '          this.#reader?.end();\n', replace: '' },
    ],
  },
  {
    name: 'half-a-snapshot-begun-anew',
    bug: 'a receiver forgets what it had of a snapshot before it was restarted',
    source: 'etcd#18055',
    edits: [
      {
        file: INCOMING,
        find: '      if (!this.#isDamaged) return sink.received;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'snapshot-saved-while-others-are-removed',
    bug: 'a slow removal of old snapshots takes away one that came meanwhile',
    source: 'Raft §7',
    edits: [
      {
        file: SNAPSHOTTER,
        find: 'await this.#afterPruning(() => store.save(info, content, signal));',
        replace: 'await store.save(info, content, signal);',
      },
    ],
  },
  {
    name: 'applied-after-a-restore-untold',
    bug: 'the core does not hear of entries that were applied right after a restore',
    source: 'Raft §7',
    edits: [
      {
        file: 'src/runtime/machine-host.ts',
        find: "if (event.type === 'restored') push(",
        replace: 'if (false) push(',
      },
    ],
  },
];
