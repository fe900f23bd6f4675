// hunt-worker.ts SECONDS: runs seeds of the simulator from 1 on until a rule is broken or the time
// is over, and prints what came of it. Started in a copy that holds a mutant.
import { runSeed } from '../../src/testkit/index.ts';

const budgetMs = Number(process.argv[2]) * 1000;
const started = performance.now();
let seeds = 0;
let message: string | undefined;
while (message === undefined && performance.now() - started < budgetMs) {
  const { violation } = runSeed(++seeds);
  if (violation !== undefined) message = violation.message;
}
console.log(JSON.stringify({ effort: `seed ${seeds}`, message }));
process.exitCode = message === undefined ? 0 : 1;
