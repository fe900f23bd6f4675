// Bugs in what the driver does with effects: the disk, the network, the machine, start-up.
import type { Mutant } from '../mutant.ts';

const WRITER = 'src/runtime/writer.ts';
const SENDER = 'src/runtime/sender.ts';
const STARTUP = 'src/runtime/startup.ts';
const APPLIER = 'src/runtime/applier.ts';
const MERGED = 'return { ...second, known, reset, truncateFrom, from, compactTo };';

export const RUNTIME: readonly Mutant[] = [
  {
    name: 'sent-before-written',
    bug: 'a message that waits for a write is sent at once',
    source: 'hashicorp/raft#507, robustmq#2039',
    edits: [
      {
        file: SENDER,
        find: 'if (effect.after <= this.#completed) return this.#transmit(effect);',
        replace: 'if (effect.after >= 0) return this.#transmit(effect);',
      },
    ],
  },
  {
    name: 'merged-writes-lose-the-truncation',
    bug: 'of two writes merged into one, the removal of entries is lost',
    source: 'qdrant#2508',
    edits: [
      {
        file: WRITER,
        find: MERGED,
        replace: 'return { ...second, known, reset, from, compactTo };',
      },
    ],
  },
  {
    name: 'merged-writes-keep-the-old-vote',
    bug: 'of two writes merged into one, the term and the vote of the second are lost',
    source: 'robustmq#2039, hashicorp/raft#507',
    edits: [
      {
        file: WRITER,
        find: MERGED,
        replace: `const { hardState } = first;
  return { ...second, hardState, known, reset, truncateFrom, from, compactTo };`,
      },
    ],
  },
  {
    name: 'merged-writes-lose-the-first-entries',
    bug: 'of two writes merged into one, the entries of the first are acknowledged and not written',
    source: 'NATS 2.12.1, yugabyte#32875',
    edits: [
      {
        file: WRITER,
        find: MERGED,
        replace: 'return { ...second, known, reset, truncateFrom, compactTo };',
      },
    ],
  },
  {
    name: 'merged-writes-lose-the-reset',
    bug: 'of two writes merged into one, it is lost that the log begins anew after a snapshot',
    source: 'Raft §7, fig. 13, rule 7',
    edits: [
      {
        file: WRITER,
        find: MERGED,
        replace: 'return { ...second, known, truncateFrom, from, compactTo };',
      },
    ],
  },
  {
    name: 'failed-write-tried-again',
    bug: 'a write that failed is tried once more, and acknowledged when that succeeds',
    source: 'ATC 2020: Can Applications Recover from fsync Failures?',
    edits: [
      {
        file: WRITER,
        find: 'await this.#store.write(batch);',
        replace: 'await this.#store.write(batch).catch(() => this.#store.write(batch));',
      },
    ],
  },
  {
    name: 'failed-write-ignored',
    bug: 'a write that failed counts as durable',
    source: 'canonical/raft#320, cowsql/raft#101',
    edits: [
      {
        file: WRITER,
        find: '      this.#fail(cause);\n      return;\n',
        replace: '      if (this.#stopped) this.#fail(cause);\n',
      },
    ],
  },
  {
    name: 'written-before-it-is',
    bug: 'a write counts as durable when it begins',
    source: 'NATS 2.12.1, etcd#14370',
    edits: [
      {
        file: WRITER,
        find: 'await this.#store.write(batch);',
        replace: 'this.#store.write(batch).catch((cause: unknown) => this.#fail(cause));',
      },
    ],
  },
  {
    name: 'old-entries-sent-after-a-truncation',
    bug: 'entries that were encoded before a truncation are sent in place of those that follow it',
    source: 'qdrant#2508',
    edits: [
      {
        file: 'src/runtime/effect-runner.ts',
        find: '    proposals.truncate(from);\n    sender.truncated();\n',
        replace: '    proposals.truncate(from);\n',
      },
    ],
  },
  {
    name: 'append-read-from-the-store-not-checked',
    bug: 'entries read from the store are sent although the log or the term has changed meanwhile',
    source: 'qdrant#2508, Raft §5.3',
    edits: [
      {
        file: SENDER,
        find: `      if (this.#isCurrent(to, append)) {
        this.#sendAppend(`,
        replace: `      if (append.until > append.from) {
        this.#sendAppend(`,
      },
    ],
  },
  {
    name: 'restart-skips-entries',
    bug: 'a restarted machine begins after what was committed, though it has lost its state',
    source: 'etcd#13766, etcd#14685',
    edits: [
      {
        file: STARTUP,
        find: '...{ snapshot, repairFrom, applied: 0 },',
        replace: '...{ snapshot, repairFrom, applied: hardState.commit },',
      },
    ],
  },
  {
    name: 'applied-twice',
    bug: 'an entry is fed to the machine again while the machine still works on it',
    source: 'etcd#13766, etcd#20426',
    edits: [
      {
        file: APPLIER,
        find: `if (this.#busy || this.#stopped || this.#activeQueries > 0) return;
    if (!this.#runJobs()) return;`,
        replace: `if (this.#stopped || this.#activeQueries > 0) return;
    if (!this.#busy && !this.#runJobs()) return;`,
      },
    ],
  },
  {
    name: 'failing-entry-skipped',
    bug: 'an entry at which the machine throws is passed over, on this member alone',
    source: 'Raft §5.3: State Machine Safety, etcd#20426',
    edits: [
      {
        file: APPLIER,
        find: '} catch (cause) {\n      return this.#fail(cause);',
        replace: '} catch {\n      this.#settle(entry, undefined);\n      return true;',
      },
    ],
  },
  {
    name: 'queries-run-inside-an-entry',
    bug: 'a query is answered by a machine that is in the middle of an entry',
    source: 'etcd#3879',
    edits: [
      {
        file: APPLIER,
        find: 'if (this.#stopped || !(this.#busy || othersWait)) return run();',
        replace: 'if (this.#stopped || !othersWait) return run();',
      },
    ],
  },
  {
    name: 'short-log-accepted',
    bug: 'a store that lost committed entries is started from as if nothing were missing',
    source: 'curvine#1551, etcd-io/raft#197',
    edits: [{ file: 'src/runtime/stored-state.ts', find: '  checkLog(log);\n', replace: '' }],
  },
  {
    name: 'store-of-another-member-accepted',
    bug: 'a store that belongs to another member or cluster is started from',
    source: 'etcd-io/raft#197',
    edits: [
      {
        file: STARTUP,
        find: 'if (!isSameCluster(known.clusterId, clusterId) || known.id !== id) {',
        replace: 'if (!isSameCluster(known.clusterId, clusterId) && known.id !== id) {',
      },
    ],
  },
  {
    name: 'restart-not-told-to-the-core',
    bug: 'a restarted member votes at once, although it may have promised to follow a live leader',
    source: 'Raft thesis §4.2.3',
    edits: [
      {
        file: STARTUP,
        find: 'silentMs: stored.log.last.index > 0 ? patienceMs : 0 }',
        replace: 'silentMs: 0 }',
      },
    ],
  },
  {
    name: 'deadline-before-the-queue',
    bug: 'after a stall a member stands for election before it looks at a heartbeat that has come',
    source: 'Raft §5.2',
    edits: [
      {
        file: 'src/runtime/event-loop.ts',
        find: '      for (const event of queue) this.#step(event);\n',
        replace: `      if (due) this.#step({ type: 'timeout' });
      for (const event of queue) this.#step(event);
`,
      },
    ],
  },
];
