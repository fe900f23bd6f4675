// A replicated configuration store on real input, in one process: npm run example -- --help
import { loadInput } from './input.ts';
import { parseOptions, USAGE, UsageError } from './options.ts';
import { clean, counted, Output, wantsColour } from './output.ts';
import { tellStory } from './story.ts';

async function run(args: readonly string[], out: Output): Promise<void> {
  const options = parseOptions(args);
  if (options === 'help') {
    console.log(USAGE);
    return;
  }
  const { entries, files, source } = await loadInput(options.input);
  out.title(
    'A replicated configuration store, in memory',
    `${options.members} members, seed ${options.seed}; ${counted(entries.length, 'value')} from ` +
      `${counted(files, 'JSON file')}: ${clean(source)}`,
  );
  const startedMs = performance.now();
  await tellStory(options, { entries, files, source }, out);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  out.end(`Done in ${seconds} s: one leader lost, nothing acknowledged with it.`);
}

/** 2 for a wrong command line, 1 for everything else that goes wrong. */
async function main(): Promise<number> {
  // The reader of a pipe may leave early (`| head`): then there is nobody to tell the rest.
  process.stdout.on('error', () => process.exit(1));
  try {
    await run(process.argv.slice(2), outputTo(process.stdout));
    return 0;
  } catch (error) {
    outputTo(process.stderr).failed(error instanceof Error ? error.message : String(error));
    return error instanceof UsageError ? 2 : 1;
  }
}

function outputTo(stream: NodeJS.WriteStream): Output {
  return new Output(stream, wantsColour(stream, process.env));
}

process.exitCode = await main();
