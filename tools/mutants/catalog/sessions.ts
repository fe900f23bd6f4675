// Bugs in what is applied once, and in what falls due.
import type { Mutant } from '../mutant.ts';

const TABLE = 'src/raft/sessions.ts';
const APPLIER = 'src/runtime/session-applier.ts';
const CALL = 'src/runtime/requests/session-call.ts';
const SESSION = 'src/runtime/requests/node-session.ts';

export const SESSIONS: readonly Mutant[] = [
  {
    name: 'retry-applied-twice',
    bug: 'a command of a session that is sent again is applied again',
    source: 'curvine#676, Raft thesis §6.3',
    edits: [
      {
        file: TABLE,
        find: '  if (kept === undefined) {\n    found',
        replace: '  if (kept === undefined || kept.index > 0) {\n    found',
      },
    ],
  },
  {
    name: 'session-expires-by-the-local-clock',
    bug: 'each member judges by its own clock whether a session has expired',
    source: 'Raft thesis §6.3',
    edits: [
      {
        file: APPLIER,
        find: 'judgeCommand(this.#sessions, command, command.command, entry);',
        replace: `judgeCommand(this.#sessions, command, command.command, {
      ...{ index: entry.index, term: entry.term, timeMs: Date.now() },
    });`,
      },
    ],
  },
  {
    name: 'expired-session-begins-anew',
    bug: 'a session that has expired goes on with its next command, and has forgotten the others',
    source: 'iggy#3934',
    edits: [
      {
        file: TABLE,
        find: '    sessions.open.delete(session);\n    return EXPIRED;\n',
        replace: '    record.kept.clear();\n    record.lastTimeMs = timeMs;\n',
      },
    ],
  },
  {
    name: 'live-session-given-up',
    bug: 'a full table gives up its oldest session for a new one',
    source: 'iggy#3934',
    edits: [
      {
        file: TABLE,
        find: '  if (sessions.open.size >= max) return false;\n',
        replace: `  if (sessions.open.size >= max) {
    for (const id of [...sessions.open.keys()].slice(0, 1)) sessions.open.delete(id);
  }
`,
      },
    ],
  },
  {
    name: 'expired-reported-as-not-applied',
    bug: 'a command of an expired session is reported as not applied, though it may have been',
    source: 'Aerospike 3.99, iggy#3934',
    edits: [
      {
        file: APPLIER,
        find: "'the session has expired or was closed', { index })",
        replace: `'the session has expired or was closed', {
      ...{ index, outcome: 'not-applied' },
    })`,
      },
    ],
  },
  {
    name: 'outcome-by-looking',
    bug: 'a command of which nothing is known is said not to be applied, and nothing sees to that',
    source: 'Aerospike 3.99, Redpanda 21.10.1',
    edits: [
      {
        file: SESSION,
        find: "return this.#call({ entry: { kind: 'fence', body }, sequence, read }, wait);",
        replace: `this.#sequences.end(sequence, 'settled');
      return Promise.resolve(wait.timeoutMs > 0 ? { applied: false } : (read(body), body));`,
      },
    ],
  },
  {
    name: 'fence-not-kept',
    bug: 'a command that a fence found not to be applied is applied when it comes later',
    source: 'Aerospike 3.99, Redpanda 21.10.1',
    edits: [
      {
        file: TABLE,
        find: 'found.kept.set(name.sequence, { index: 0, term: 0, checksum: 0, result: undefined',
        replace: 'Object.freeze({ index: 0, term: 0, checksum: 0, result: undefined',
      },
    ],
  },
  {
    name: 'floor-ignored',
    bug: 'a command that was settled and forgotten is applied again when its frame comes late',
    source: 'Raft thesis §6.3, iggy#3934',
    edits: [{ file: TABLE, find: '  if (sequence <= record.floor) return STALE;\n', replace: '' }],
  },
  {
    name: 'floor-passes-over-the-unknown',
    bug: 'a command whose fate is unknown is taken for settled, and nobody can ask for it',
    source: 'Raft thesis §6.3',
    edits: [
      {
        file: 'src/runtime/requests/sequences.ts',
        find: "    while (this.#fates.get(this.#floor + 1) === 'settled')",
        replace: "    while ((this.#fates.get(this.#floor + 1) ?? 'open') !== 'open')",
      },
    ],
  },
  {
    name: 'result-not-kept',
    bug: 'a command that is sent again is known to be applied, but not what came of it',
    source: 'Raft thesis §6.3',
    edits: [
      { file: TABLE, find: '  if (kept !== undefined) kept.result = result;\n', replace: '' },
    ],
  },
  {
    name: 'result-of-another-sequence',
    bug: 'a command that is sent again is answered with what the latest one came to',
    source: 'Raft thesis §6.3',
    edits: [
      {
        file: TABLE,
        find: "return kept.checksum === checksum ? { type: 'repeat', kept } : REUSED;",
        replace: `const latest = [...found.kept.values()].at(-1) ?? kept;
  return kept.checksum === checksum ? { type: 'repeat', kept: latest } : REUSED;`,
      },
    ],
  },
  {
    name: 'result-shared-with-the-machine',
    bug: 'what is kept of a result are the bytes that the machine goes on using',
    source: 'Raft thesis §6.3',
    edits: [
      {
        file: APPLIER,
        find: 'result = new Uint8Array(this.#parts.result.encode(value));',
        replace: 'result = this.#parts.result.encode(value);',
      },
    ],
  },
  {
    name: 'sequence-reused-for-another-command',
    bug: 'another command with the sequence of an applied one is answered as if it were that one',
    source: 'iggy#3753',
    edits: [
      {
        file: TABLE,
        find: "return kept.checksum === checksum ? { type: 'repeat', kept } : REUSED;",
        replace: "return kept.checksum !== -checksum ? { type: 'repeat', kept } : REUSED;",
      },
    ],
  },
  {
    name: 'attempt-of-unknown-fate-forgotten',
    bug: 'a command is reported as not applied when its last attempt was not, though others may',
    source: 'Aerospike 3.99, Redpanda 21.10.1',
    edits: [
      {
        file: CALL,
        find: "    if (known?.outcome !== 'not-applied') this.#isSure = false;\n",
        replace: "    this.#isSure = known?.outcome === 'not-applied';\n",
      },
    ],
  },
  {
    name: 'attempt-under-way-forgotten',
    bug: 'a command that was sent and not answered when time ran out is reported as not applied',
    source: 'Aerospike 3.99, Redpanda 21.10.1',
    edits: [
      {
        file: CALL,
        find: "return this.#isSure && !isOut ? 'not-applied' : 'unknown';",
        replace: "return this.#isSure || !isOut ? 'not-applied' : 'unknown';",
      },
    ],
  },
  {
    name: 'session-of-a-followers-making',
    bug: 'how long a session lives is said by the member that asks for it, not by the leader',
    source: 'Raft thesis §6.3',
    edits: [
      {
        file: 'src/runtime/requests/delegates.ts',
        find: 'const body = isOpening ? this.#parts.sessionOpening : request.body;',
        replace: 'const body = isOpening && origin.boot < 0 ? new Uint8Array(0) : request.body;',
      },
    ],
  },
  {
    name: 'tick-flood',
    bug: 'a machine whose due time is always past fills the log with ticks',
    source: 'etcd#10167',
    edits: [
      {
        file: 'src/runtime/ticker.ts',
        find: '    this.#restedMs = nowMs + state.options.heartbeatMs;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'refused-question-reported-as-not-applied',
    bug: 'who asks what became of a command, and is refused, is told that it was not applied',
    source: 'Aerospike 3.99',
    edits: [
      {
        file: 'src/runtime/requests/node-session.ts',
        find: 'return Promise.reject(undecided(error, sequence));',
        replace: 'return Promise.reject(error);',
      },
    ],
  },
  {
    name: 'tick-of-a-former-leader',
    bug: 'a leader that lost its place forgets nothing of what falls due, and ticks on',
    source: 'Raft §5.1',
    edits: [
      {
        file: 'src/runtime/ticker.ts',
        find: '    if (isIdle || this.#dueMs',
        replace: '    if (this.#ticks.isUnderWay || this.#dueMs',
      },
      {
        file: 'src/runtime/ticker.ts',
        find: "    if (this.#ticks.isUnderWay || state.role !== 'leader') return;\n",
        replace: '    if (this.#ticks.isUnderWay) return;\n',
      },
      {
        file: 'src/runtime/upkeep.ts',
        find: '      this.#ticker.stepDown();\n',
        replace: '',
      },
    ],
  },
];
