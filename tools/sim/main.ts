// npm run sim: searches the simulator's seeds, replays one, makes a failing one smaller. Options
// are in `usage`.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { searchSeeds } from './search.ts';
import { replaySeed, shrinkSeed } from './single.ts';

const usage = `npm run sim -- OPTIONS
  --seeds N [--from F]       searches N seeds (200), from F on (the time of day)
  --minutes M [--from F]     searches for M minutes
  --seed S [--trace]         replays one seed; with its trace, a line of JSON an event
  --minimize S               looks for the smallest run that fails as seed S does
  --minimize S --export NAME and writes it to test/scenarios/NAME.txt
  --canary                   with any of these: disks that forget what they confirmed`;

const options = {
  seeds: { type: 'string' },
  from: { type: 'string' },
  minutes: { type: 'string' },
  seed: { type: 'string' },
  trace: { type: 'boolean' },
  minimize: { type: 'string' },
  export: { type: 'string' },
  canary: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

class UsageError extends Error {}

function main(): number {
  const { values } = parseArgs({ options });
  if (values.help === true) {
    console.log(usage);
    return 0;
  }
  const numberOf = (name: 'seeds' | 'from' | 'minutes' | 'seed' | 'minimize') => {
    const text = values[name];
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text !== '' && Number.isSafeInteger(value) && value >= 0) return value;
    throw new UsageError(`--${name} is ${text}; accepted: a whole number from 0`);
  };
  const canary = values.canary === true;
  for (const name of ['seeds', 'minutes'] as const) {
    if (numberOf(name) === 0) throw new UsageError(`--${name} is 0: that searches nothing`);
  }
  const seed = numberOf('seed');
  const smaller = numberOf('minimize');
  const goals = [seed, smaller, values.seeds ?? values.minutes].filter(
    (goal) => goal !== undefined,
  );
  if (goals.length > 1) throw new UsageError('--seed, --minimize and a search exclude each other');
  if (values.from !== undefined && (seed ?? smaller) !== undefined) {
    throw new UsageError('--from is for a search');
  }
  if (values.trace === true && seed === undefined) throw new UsageError('--trace needs --seed');
  if (values.export !== undefined) {
    if (smaller === undefined) throw new UsageError('--export needs --minimize');
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(values.export)) {
      throw new UsageError(`--export is ${values.export}; accepted: a name such as lost-vote`);
    }
    if (existsSync(`test/scenarios/${values.export}.txt`)) {
      throw new UsageError(`there is a scenario ${values.export} already`);
    }
  }
  if (seed !== undefined) return replaySeed({ seed, canary }, values.trace === true);
  if (smaller !== undefined) return shrinkSeed({ seed: smaller, canary }, values.export);
  const minutes = numberOf('minutes');
  const seeds = numberOf('seeds') ?? (minutes === undefined ? 200 : Number.POSITIVE_INFINITY);
  const from = numberOf('from') ?? Math.floor(Date.now() / 1000) * 1000;
  if (from > Number.MAX_SAFE_INTEGER - 1e12) throw new UsageError('--from is too large');
  return searchSeeds({ from, seeds, minutes: minutes ?? Number.POSITIVE_INFINITY, canary });
}

// Whoever reads no further, as `head` does, has seen enough.
process.stdout.on('error', () => process.exit(0));

try {
  process.exitCode = main();
} catch (error) {
  // parseArgs throws a TypeError that names the unknown option.
  if (!(error instanceof UsageError) && !(error instanceof TypeError)) throw error;
  console.error(`${error.message}\n${usage}`);
  process.exitCode = 2;
}
