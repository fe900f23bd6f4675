// Bugs in what callers are told: success, failure, and what is not known.
import type { Mutant } from '../mutant.ts';

const FORWARDING = 'src/runtime/requests/forwarding.ts';
const DELEGATES = 'src/runtime/requests/delegates.ts';
const PROPOSALS = 'src/runtime/requests/proposals.ts';
const READS = 'src/runtime/requests/reads.ts';

export const REQUESTS_MUTANTS: readonly Mutant[] = [
  {
    name: 'step-down-fails-what-may-commit',
    bug: 'when its leader steps down a command in the log is reported as not applied',
    source: 'Aerospike 3.99',
    edits: [
      {
        file: 'src/runtime/engine.ts',
        find: '    this.#delegates.stepDown();\n',
        replace: `    this.#delegates.stepDown();
    this.#proposals.failAll(() => {
      const details = { outcome: 'not-applied', retryable: true } as const;
      return new CoxswainError('ERR_LEADERSHIP_LOST', 'the leader stepped down', details);
    });
`,
      },
    ],
  },
  {
    name: 'truncated-means-not-applied',
    bug: 'a command whose entry was removed here is reported as not applied; others may have it',
    source: 'Aerospike 3.99',
    edits: [
      {
        file: PROPOSALS,
        find: 'if (!ticket.settled) this.#displaced.push(ticket);',
        replace: 'if (!ticket.settled) ticket.fail(supplanted(ticket));',
      },
    ],
  },
  {
    name: 'unknown-reported-as-failed',
    bug: 'a command that was sent to the leader and not answered is reported as not applied',
    source: 'Aerospike 3.99',
    edits: [
      {
        file: 'src/runtime/requests/ticket.ts',
        find: "const unknown = ticket.place !== 'queued';",
        replace: "const unknown = ticket.place === 'logged';",
      },
    ],
  },
  {
    name: 'result-of-another-entry',
    bug: 'whatever is applied at the index of a command is reported as its success',
    source: 'Raft thesis §6.3',
    edits: [
      {
        file: PROPOSALS,
        find: 'if (head.index === index && head.term === term) head.applied',
        replace: 'if (head.index === index) head.applied',
      },
    ],
  },
  {
    name: 'result-of-another-entry-after-a-truncation',
    bug: 'whatever is applied at the index of a removed command is reported as its success',
    source: 'Raft thesis §6.3',
    edits: [
      {
        file: PROPOSALS,
        find: 'if (ticket.index === index && ticket.term === term) ticket.applied',
        replace: 'if (ticket.index === index) ticket.applied',
      },
    ],
  },
  {
    name: 'forwarded-again-to-the-next-leader',
    bug: 'a command that the old leader may have taken is sent to the new one, too',
    source: 'curvine#676',
    edits: [
      {
        file: FORWARDING,
        find: `    for (const [request, ticket] of this.#outstanding)
      this.#orphans.set(request, { ticket, dueMs });
`,
        replace: `    for (const ticket of this.#outstanding.values()) {
      ticket.place = 'queued';
      this.#parts.proposals.enqueue(ticket);
    }
`,
      },
    ],
  },
  {
    name: 'repeated-request-taken-again',
    bug: 'a forwarded command that the network delivers twice is appended twice',
    source: 'curvine#676',
    edits: [
      {
        file: DELEGATES,
        find: 'if (origin.seen.accept(request.request)) this.#take(origin, request);',
        replace: 'this.#take(origin, request);',
      },
    ],
  },
  {
    name: 'request-of-another-term-taken',
    bug: 'a leader takes a forwarded command that was sent to the leader of another term',
    source: 'curvine#676, Aerospike 3.99',
    edits: [
      {
        file: DELEGATES,
        find: "if (state.role !== 'leader' || state.term !== forward.term) return;",
        replace: "if (state.role !== 'leader') return;",
      },
    ],
  },
  {
    name: 'request-of-an-earlier-run-taken',
    bug: 'a command that a member sent before its restart is taken after it',
    source: 'curvine#676',
    edits: [
      {
        file: DELEGATES,
        find: '    if (known !== undefined && boot < known.boot) return undefined;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'restart-not-counted',
    bug: 'answers to a command of an earlier run settle one of this run that has the same number',
    source: 'curvine#676',
    edits: [
      {
        file: 'src/runtime/startup.ts',
        find: 'const identity = { ...known, boot: known.boot + 1, patienceMs };',
        replace: 'const identity = { ...known, patienceMs };',
      },
    ],
  },
  {
    name: 'answer-of-an-earlier-run-taken',
    bug: 'an answer to an earlier run of this member settles a command of this one',
    source: 'curvine#676',
    edits: [
      {
        file: FORWARDING,
        find: 'reply.boot !== identity.boot || reply',
        replace: 'reply',
      },
    ],
  },
  {
    name: 'read-before-caught-up',
    bug: 'a linearizable read is answered before the machine here has come to its index',
    source: 'etcd#3879, etcd#7331',
    edits: [
      {
        file: READS,
        find: 'if (call.index > applied && !call.settled) break;',
        replace: '',
      },
    ],
  },
  {
    name: 'read-without-an-index',
    bug: 'a linearizable read is answered from whatever the machine here holds',
    source: 'etcd#20418, etcd#7331',
    edits: [
      {
        file: READS,
        find: "if (consistency === 'linearizable') return this.#ask(call);",
        replace: "if (consistency === 'linearizable') return this.#answer(call);",
      },
    ],
  },
];
