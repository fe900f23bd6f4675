// Bugs of letting go: too rarely, too often, before somebody else is there; and of changed options.
import type { Mutant } from '../mutant.ts';

const STALLS = 'src/raft/stalls.ts';
const WATCH = 'src/runtime/stalls.ts';
const CONFIGURING = 'src/raft/configuring.ts';

export const STALLS_MUTANTS: readonly Mutant[] = [
  {
    name: 'stalled-leader-steps-down-first',
    bug: 'a stalled leader is none any more before anybody has taken over',
    source: 'hashicorp/raft#503',
    edits: [
      {
        file: STALLS,
        find: "  startHandover(state, { type: 'transfer', to }, options.electionMinMs);\n",
        replace: `  startHandover(state, { type: 'transfer', to }, options.electionMinMs);
  becomeFollower(state, state.term, undefined);
`,
      },
    ],
  },
  {
    name: 'lets-go-at-every-stall',
    bug: 'leadership goes from one slow member to the next without end',
    source: 'hashicorp/raft#503',
    edits: [
      {
        file: STALLS,
        find: '  const isAnew = now >= stalling.keepUntilMs;\n',
        replace: '  const isAnew = leading.asked.length === 0;\n',
      },
    ],
  },
  {
    name: 'stalled-member-takes-over',
    bug: 'who has just stalled takes over, and no election ends where every disk is slow',
    source: 'hashicorp/raft#503, etcd#13527',
    edits: [
      {
        file: 'src/raft/election.ts',
        find: '  if (isUnfit(state)) return;\n',
        replace: '',
      },
      {
        file: 'src/raft/election.ts',
        find: "import { isUnfit } from './stalls.ts';\n",
        replace: '',
      },
    ],
  },
  {
    name: 'stalled-member-waits-for-ever',
    bug: 'a stalled member never stands, and a cluster of slow ones finds no leader',
    source: 'Raft §5.2',
    edits: [
      {
        file: STALLS,
        find: '  if (now >= stalling.standAtMs) {',
        replace: '  if (now < stalling.standAtMs - Infinity) {',
      },
    ],
  },
  {
    name: 'lets-go-to-nobody',
    bug: 'a leader blocks proposals to hand over where too few others are left to lead',
    source: 'Raft thesis §3.10',
    edits: [
      {
        file: STALLS,
        find: '  if (!couldOthersLead(state, leading)) return;\n',
        replace: '  if (!couldOthersLead(state, leading) && isAnew === undefined) return;\n',
      },
    ],
  },
  {
    name: 'lets-go-to-who-is-gone',
    bug: 'a stalled leader waits for a member that it does not hear to take over',
    source: 'Raft thesis §3.10',
    edits: [
      {
        file: STALLS,
        find: '!leading.asked.includes(id) && isHeard(state, leading, id));',
        replace: '!leading.asked.includes(id));',
      },
    ],
  },
  {
    name: 'fit-as-soon-as-a-stall-is-over',
    bug: 'between two stalls a member takes over, and lets go at the next one',
    source: 'hashicorp/raft#503, etcd#13527',
    edits: [
      {
        file: STALLS,
        find: '  if (!stalled) stalling.unfitUntilMs = rested;\n',
        replace: '  if (!stalled) stalling.unfitUntilMs = now;\n',
      },
    ],
  },
  {
    name: 'stall-seen-when-it-is-over',
    bug: 'nothing wakes the loop when a bound is passed, so that a store that hangs is not seen',
    source: 'hashicorp/raft#503',
    edits: [
      {
        file: WATCH,
        find: 'next = Math.min(next, of.busySinceMs + limits[limit]);',
        replace: 'next = Math.max(next, of.busySinceMs + limits[limit]);',
      },
    ],
  },
  {
    name: 'late-loop-unnoticed',
    bug: 'the lateness of a timer is not seen: the turn is counted from when the timer fired',
    source: 'etcd#13527',
    edits: [
      {
        file: 'src/runtime/event-loop.ts',
        find: '      this.#schedule(dueMs);\n',
        replace: '      this.wake();\n',
      },
    ],
  },
  {
    name: 'lease-kept-when-clocks-may-drift-more',
    bug: 'a lease that was given under a smaller drift outlives the change',
    source: 'Raft thesis §6.4.1',
    edits: [
      {
        file: CONFIGURING,
        find: 'Math.max(0, options.maxClockDrift - old.maxClockDrift);',
        replace: 'Math.max(0, old.maxClockDrift - old.maxClockDrift);',
      },
    ],
  },
  {
    name: 'window-kept-when-it-is-made-smaller',
    bug: 'more appends are under way than the new options allow, and nothing takes them back',
    source: 'Raft thesis §10.2.1',
    edits: [
      {
        file: CONFIGURING,
        find: '    if (over > 0) progress.inflight.splice(0, over);\n',
        replace: '    if (over < 0) progress.inflight.splice(0, over);\n',
      },
    ],
  },
  {
    name: 'limits-copied-at-open',
    bug: 'a part of the options is replaced, and whoever holds the old one goes by that',
    source: 'Raft thesis §10.2.1',
    edits: [
      {
        file: 'src/runtime/configuring.ts',
        find: "  if (typeof held === 'object') return () => void Object.assign(held, value);\n",
        replace: "  if (typeof held === 'symbol') return () => void Object.assign(held, value);\n",
      },
    ],
  },
];
