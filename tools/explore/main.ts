// npm run explore -- [NAME …] [--states N]: explores the named scopes of the real core, all of them
// by default, and prints a shortest counterexample if there is one.
import { parseArgs } from 'node:util';
import { explore, type ScopeName, scopes } from '../../src/testkit/explorer/index.ts';

const names = Object.keys(scopes) as ScopeName[];
const usage = `npm run explore -- [${names.join('] [')}] [--states N]`;

class UsageError extends Error {}

function main(): number {
  const { positionals, values } = parseArgs({
    options: { states: { type: 'string' }, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values.help === true) {
    console.log(usage);
    return 0;
  }
  const maxStates = values.states === undefined ? undefined : Number(values.states);
  if (
    maxStates !== undefined &&
    !(Number.isInteger(maxStates) && maxStates > 0 && maxStates <= 16e6)
  ) {
    throw new UsageError(
      `--states is ${values.states}; accepted: a whole number from 1 to 16000000`,
    );
  }
  const unknown = positionals.find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) throw new UsageError(`there is no scope ${unknown}`);
  const chosen = names.filter((name) => positionals.length === 0 || positionals.includes(name));
  let found = 0;
  for (const name of chosen) if (!exploreScope(name, maxStates)) found++;
  return found > 0 ? 1 : 0;
}

/** False when a rule was broken. */
function exploreScope(name: ScopeName, maxStates: number | undefined): boolean {
  const scope = scopes[name];
  const limit = maxStates === undefined ? {} : { maxStates };
  console.log(`${name}: ${JSON.stringify(scope)}`);
  const started = performance.now();
  const { complete, depth, states, transitions, violation } = explore({ ...scope, ...limit });
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `  ${states} states, ${transitions} transitions, depth ${depth}, ` +
      `${seconds.toFixed(1)} s, ${Math.round(states / seconds)} states/s`,
  );
  if (violation === undefined) {
    console.log(
      complete ? '  explored whole: every rule holds' : '  not whole: --states is reached',
    );
    return true;
  }
  console.log(`  BROKEN: ${violation.message}; the shortest way there:`);
  for (const [at, line] of violation.path.entries()) console.log(`  ${at + 1}. ${line}`);
  return false;
}

try {
  process.exitCode = main();
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof TypeError)) throw error;
  console.error(`${error.message}\n${usage}`);
  process.exitCode = 2;
}
