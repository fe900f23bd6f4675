// explorer-worker.ts SECONDS: explores one small scope after another until a rule is broken or the
// time is over, and prints what came of it. Started in a copy that holds a mutant.
import { step } from '../../src/raft/index.ts';
import { explore, type Scope } from '../../src/testkit/index.ts';

const CHANGING = { maxTerm: 3, proposals: 0, stepDowns: false } as const;

const AGAIN = { members: 2, changes: [{ remove: ['b'] }, { add: ['b'] }] } as const;

/** Two members and then three, from the narrow to the wide; each takes a second or two. */
const SCOPES: readonly Partial<Scope>[] = [
  { members: 2, maxTerm: 2, proposals: 1, crashes: 1, inFlight: 2 },
  { ...CHANGING, members: 2, learners: 1, changes: [{ promote: ['b'] }] },
  { ...CHANGING, learners: 1, crashes: 0, changes: [{ replace: [{ id: 'b', by: 'c' }] }] },
  { ...CHANGING, ...AGAIN, crashes: 0, heartbeats: 2, maxStates: 60_000 },
  { ...CHANGING, crashes: 0, inFlight: 1, changes: [{ remove: ['b', 'c'] }], maxStates: 50_000 },
  { ...CHANGING, crashes: 0, inFlight: 1, changes: [{ remove: ['c'] }], maxStates: 50_000 },
  { ...CHANGING, members: 2, transfers: 1, proposals: 1, crashes: 0 },
  { ...CHANGING, members: 2, crashes: 1, reads: 1, maxStates: 60_000 },
  { ...CHANGING, crashes: 0, inFlight: 1, reads: 1, maxStates: 60_000 },
  { members: 2, maxTerm: 3, proposals: 1, crashes: 1, inFlight: 2 },
  { members: 3, maxTerm: 2, proposals: 0, crashes: 1, inFlight: 2 },
  {
    members: 2,
    maxTerm: 3,
    proposals: 1,
    crashes: 0,
    repeats: 1,
    heartbeats: 1,
    maxStates: 60_000,
  },
  { members: 2, maxTerm: 2, crashes: 0, heartbeats: 1, preVotes: 'free', maxStates: 40_000 },
  { members: 3, maxTerm: 3, proposals: 0, crashes: 0, inFlight: 2, maxStates: 100_000 },
];
const TIME_UP = 'the time is up';

const endMs = performance.now() + Number(process.argv[2]) * 1000;
let states = 0;
let message: string | undefined;

/** A mutant may have far more states than the original: then it is not caught, only not seen. */
const timed: typeof step = (state, event, now) => {
  if (performance.now() > endMs) throw new Error(TIME_UP);
  return step(state, event, now);
};

for (const scope of SCOPES) {
  const exploration = explore({ ...scope, step: timed });
  states += exploration.states;
  message = exploration.violation?.message;
  if (message !== undefined) break;
}
if (message === TIME_UP) message = undefined;
console.log(JSON.stringify({ effort: `${states} states`, message }));
process.exitCode = message === undefined ? 0 : 1;
