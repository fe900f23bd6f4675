// npm run mutants: plants published bugs, one at a time, and expects that some layer of the tests
// fails within a minute. Exit 1 when one survives or no longer applies, 2 for bad arguments.
import { CATALOG } from './catalog/index.ts';
import { hunt } from './hunt.ts';
import { parseWanted, USAGE, type Wanted } from './options.ts';

async function main(wanted: Wanted): Promise<number> {
  if (wanted.help) {
    console.log(USAGE);
    return 0;
  }
  if (!wanted.list) return hunt(wanted);
  for (const { bug, name, source } of wanted.mutants) console.log(`${name}: ${bug} [${source}]`);
  return 0;
}

/** Bad arguments, before anything runs, are another kind of failure than a baseline that fails. */
function wantedOrExit(): Wanted {
  try {
    return parseWanted(process.argv.slice(2), CATALOG, Date.now());
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

process.exitCode = await main(wantedOrExit());
