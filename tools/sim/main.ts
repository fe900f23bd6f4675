// npm run sim -- --seeds N | --minutes M | --seed S [--trace] | --minimize S [--from F]: runs the
// simulator, and says how to replay what it finds.
import { parseArgs } from 'node:util';
import { replaySeed, searchSeeds, shrinkSeed } from './commands.ts';

const usage =
  'npm run sim -- --seeds N [--from F] | --minutes M | --seed S [--trace] | --minimize S';

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`--${name} is ${text}; accepted: a whole number. ${usage}`);
}

function main(): number {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      from: { type: 'string' },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      trace: { type: 'boolean' },
      minimize: { type: 'string' },
    },
  });
  const seed = numberOf('seed', values.seed);
  const minimize = numberOf('minimize', values.minimize);
  if (seed !== undefined) return replaySeed(seed, values.trace === true);
  if (minimize !== undefined) return shrinkSeed(minimize);
  const minutes = numberOf('minutes', values.minutes);
  const seeds = numberOf('seeds', values.seeds) ?? (minutes === undefined ? 200 : Infinity);
  const from = numberOf('from', values.from) ?? Math.floor(Date.now() / 1000) * 1000;
  return searchSeeds({ from, seeds, minutes: minutes ?? Number.POSITIVE_INFINITY });
}

// Whoever reads no further, as `head` does, has seen enough.
process.stdout.on('error', () => process.exit(0));

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
