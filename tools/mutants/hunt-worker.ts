// hunt-worker.ts SECONDS [SEED]: runs seeds of the simulator from 1 on until a rule is broken or
// the time is over, or one seed alone, and prints what came of it. Started in a mutated copy.
import { registers, simulate } from '../../src/testkit/index.ts';

const [seconds, only] = process.argv.slice(2).map(Number);
const started = performance.now();
let seed = only ?? 1;
let message = violationOf(seed);
while (message === undefined && only === undefined) {
  if (performance.now() - started >= Number(seconds) * 1000) break;
  message = violationOf(++seed);
}
console.log(JSON.stringify({ effort: `seed ${seed}`, seed, message }));
process.exitCode = message === undefined ? 0 : 1;

function violationOf(each: number): string | undefined {
  return simulate({ ...registers, seed: each }).violation?.message;
}
