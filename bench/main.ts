// npm run bench -- [memory] [reads] [snapshots] [core] [idle] [--rounds N] [--json FILE]: measures,
// prints. It judges nothing: no time is asserted.
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import type { Bench, BenchReport } from './bench.ts';
import { core } from './core.ts';
import { idle } from './idle.ts';
import { memory } from './memory.ts';
import { type BenchOptions, parseOptions, USAGE } from './options.ts';
import { reads } from './reads.ts';
import { formatTable } from './report/table.ts';
import { RowRunner } from './rows/row-runner.ts';
import { snapshots } from './snapshots.ts';

const benches: readonly Bench[] = [memory, reads, snapshots, core, idle];

async function main(): Promise<void> {
  const options = readOptions();
  const chosen = options === undefined ? undefined : chooseBenches(options.names);
  if (options === undefined || chosen === undefined) {
    console.error(`usage: ${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const machine = describeMachine(options);
  console.log(`${Object.values(machine).join(' · ')}\n`);
  const reports: Record<string, BenchReport> = {};
  for (const bench of chosen) {
    const report = await runBench(bench, options);
    reports[bench.name] = report;
    for (const table of report.tables) {
      console.log(formatTable(table, process.stdout.isTTY === true));
    }
  }
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ machine, options, reports }, null, 2)}\n`);
  }
}

async function runBench(bench: Bench, options: BenchOptions): Promise<BenchReport> {
  const runner = new RowRunner(options.smoke);
  try {
    return await bench.run({ options, runner, progress: showProgress });
  } finally {
    runner.close();
    showProgress('');
  }
}

function readOptions(): BenchOptions | undefined {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return undefined;
  }
}

function chooseBenches(names: readonly string[]): readonly Bench[] | undefined {
  const unknown = names.find((name) => !benches.some((bench) => bench.name === name));
  if (unknown !== undefined) {
    console.error(`there is no bench '${unknown}'`);
    return undefined;
  }
  return names.length === 0 ? benches : benches.filter(({ name }) => names.includes(name));
}

/** What must be known to read the numbers. The library is measured as it is installed. */
function describeMachine({ rounds, smoke }: BenchOptions): Readonly<Record<string, string>> {
  const library = import.meta.resolve('coxswain');
  if (!library.endsWith('/dist/index.js')) throw new Error(`this would measure ${library}`);
  const [cpu] = cpus();
  return {
    node: `node ${process.version}`,
    cpu: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}`,
    load: `load ${loadavg()[0]?.toFixed(1) ?? '?'} before`,
    library: 'coxswain as built in dist',
    rounds: smoke ? 'smoke: the numbers mean nothing' : `medians of ${rounds} rounds`,
  };
}

function showProgress(text: string): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\r\u001b[K${text}`);
}

await main();
