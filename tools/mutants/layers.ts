// The layers of tests that may catch a mutant: how each is run, for how long, and what it says.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, runNode } from './child.ts';
import type { Mutant } from './mutant.ts';

export const LAYERS = ['sim', 'core', 'explorer', 'cluster'] as const;
export type Layer = (typeof LAYERS)[number];

export interface Verdict {
  readonly layer: Layer;
  readonly caught: boolean;
  readonly seconds: number;
  /** The seed that caught it, or the states it took. */
  readonly effort: string;
  /** The broken rule, or the test that failed. */
  readonly rule: string;
  /** Of the simulator, when a rule was broken. */
  readonly seed?: number;
}

/** Seconds that the workers search for. The tests take as long as they take. */
export const HUNT_SECONDS = 15;
const EXPLORER_SECONDS = 12;
/** Beyond this a process hangs: several times what each takes with nothing planted. */
const LIMIT_SECONDS: Readonly<Record<Layer, number>> = {
  sim: HUNT_SECONDS + 10,
  explorer: EXPLORER_SECONDS + 12,
  core: 90,
  cluster: 150,
};

/** The simulator, the explorer and the tests of the core run nothing of the runtime. */
export function layersFor({ edits }: Mutant): readonly Layer[] {
  return edits.every(({ file }) => file.startsWith('src/raft/')) ? LAYERS : ['cluster'];
}

export async function runLayer(
  layer: Layer,
  root: string,
  huntSeconds: number = HUNT_SECONDS,
): Promise<Verdict> {
  switch (layer) {
    case 'sim':
      return runWorker(layer, root, 'hunt-worker.ts', [huntSeconds]);
    case 'explorer':
      return runWorker(layer, root, 'explorer-worker.ts', [EXPLORER_SECONDS]);
    case 'core':
      return runTests(layer, root, ['test/scenarios', 'test/unit/raft']);
    case 'cluster':
      return runTests(layer, root, ['test/unit/runtime', 'test/cluster']);
    default:
      return layer satisfies never;
  }
}

/** Does this seed of the simulator break a rule? */
export async function runSeed(root: string, seed: number): Promise<Verdict> {
  return runWorker('sim', root, 'hunt-worker.ts', [0, seed]);
}

async function runWorker(
  layer: Layer,
  root: string,
  file: string,
  numbers: readonly number[],
): Promise<Verdict> {
  const args = ['--import', 'tsx', join('tools/mutants', file), ...numbers.map(String)];
  const outcome = await runNode(args, root, LIMIT_SECONDS[layer] * 1000);
  const said = workerSaid(outcome.output);
  const rule = said?.message ?? '';
  const text = rule === '' ? lastLine(outcome) : rule;
  const verdict = verdictOf(layer, outcome, said?.effort ?? '', text);
  return said?.seed === undefined ? verdict : { ...verdict, seed: said.seed };
}

async function runTests(layer: Layer, root: string, folders: readonly string[]): Promise<Verdict> {
  const report = join(root, 'report.json');
  rmSync(report, { force: true });
  const args = [
    ...['node_modules/vitest/vitest.mjs', 'run', ...folders, '--bail=1', '--no-cache'],
    ...['--testTimeout=10000', '--hookTimeout=10000', '--typecheck.enabled=false'],
    ...['--reporter=json', `--outputFile=${report}`],
  ];
  const outcome = await runNode(args, root, LIMIT_SECONDS[layer] * 1000);
  return verdictOf(layer, outcome, '', failedTest(report) ?? lastLine(outcome));
}

function verdictOf(layer: Layer, outcome: Outcome, effort: string, rule: string): Verdict {
  const { code, seconds } = outcome;
  if (code === 0) return { layer, caught: false, seconds, effort, rule: '' };
  return { layer, caught: true, seconds, effort, rule: code === undefined ? 'does not end' : rule };
}

interface Said {
  readonly effort: string;
  readonly message?: string;
  readonly seed?: number;
}

function workerSaid(output: string): Said | undefined {
  try {
    return JSON.parse(output.trim().split('\n').at(-1) ?? '');
  } catch {
    return undefined;
  }
}

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function failedTest(path: string): string | undefined {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.find(({ status }) => status === 'failed')?.fullName;
  const broken = report.testResults.find(({ message }) => message !== '')?.message;
  return failed ?? broken?.split('\n')[0];
}

/** What a process that crashed said of it. */
function lastLine({ errors, output }: Outcome): string {
  const lines = `${output}\n${errors}`.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /\w*Error\b.*:/.test(line))?.trim() ?? lines.at(-1)?.trim() ?? '';
}
