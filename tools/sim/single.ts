// One seed of the simulator: replayed, made smaller, reported.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import {
  drawPlan,
  minimize,
  type Only,
  type RunLine,
  type RunReport,
  registers,
  simulate,
  simulateWith,
  traceTo,
} from '../../src/testkit/simulator/index.ts';
import { NoScriptError, scriptOf } from './script.ts';

/** `canary`: with disks that forget what they confirmed. */
export interface Chosen {
  readonly seed: number;
  readonly canary: boolean;
}

const LAST_LINES = 50;
/** Chance at each crash that the last durable entry is gone. */
const AMNESIA = 0.5;

export function optionsOf({ canary, seed }: Chosen) {
  const plan = drawPlan(seed);
  const lying = { ...plan, disk: { ...plan.disk, amnesia: AMNESIA } };
  return { ...registers, seed, plan: canary ? lying : plan };
}

type Options = ReturnType<typeof optionsOf> & { readonly only?: Only };

export function replaySeed(chosen: Chosen, isTraced: boolean): number {
  const witness = isTraced ? traceTo(printLine) : undefined;
  const report = simulateWith(optionsOf(chosen), witness);
  if (report.violation !== undefined) printFailure(chosen, report);
  const hash = report.hash.toString(16).padStart(8, '0');
  console.log(`seed ${chosen.seed}: ${report.events} events, trace hash ${hash}`);
  return report.violation === undefined ? 0 : 1;
}

export function shrinkSeed(chosen: Chosen, name: string | undefined): number {
  const options = optionsOf(chosen);
  if (simulate(options).violation === undefined) {
    console.log(`seed ${chosen.seed} does not fail`);
    return 0;
  }
  const { only, plan, report, trials } = minimize(options);
  console.log(`after ${trials} runs, the smallest found:`);
  console.log(JSON.stringify(plan));
  console.log(`${report.history.length} calls of clients, ${report.faults.length} faults:`);
  for (const { atUs, fault } of report.faults) {
    console.log(`  ${(atUs / 1000).toFixed(1)} ms  ${JSON.stringify(fault)}`);
  }
  const smaller = { ...options, plan, only };
  for (const line of lastLines(smaller)) printLine(line);
  console.log(`${report.violation?.phase}: ${report.violation?.message}`);
  if (name === undefined) return 1;
  const path = `test/scenarios/${name}.txt`;
  const head = [
    `# What was broken: ${report.violation?.message}`,
    `# Found by seed ${chosen.seed} of the simulator, and made smaller.`,
  ];
  try {
    writeFileSync(path, `${head.join('\n')}\n\n${scriptOf(smaller)}`);
    console.log(`${path} is written; when it is mended: npm run scenario -- ${name} --write`);
  } catch (error) {
    if (!(error instanceof NoScriptError)) throw error;
    console.log(`${path} is not written: ${error.message}`);
  }
  return 1;
}

export function printFailure(chosen: Chosen, { plan, violation }: RunReport): void {
  const { canary, seed } = chosen;
  const flag = canary ? ' --canary' : '';
  console.log(
    `\nseed ${seed} FAILED in the time of ${violation?.phase}, at ${violation?.atMs} ms:`,
  );
  console.log(`  ${violation?.message}`);
  console.log(`  commit ${commit()}, plan ${JSON.stringify(plan)}`);
  console.log(`  the last ${LAST_LINES} lines of its trace:`);
  for (const line of lastLines(optionsOf(chosen))) printLine(line);
  console.log(`  replay: npm run sim -- --seed ${seed} --trace${flag}`);
  console.log(`  make it smaller: npm run sim -- --minimize ${seed}${flag}\n`);
}

function lastLines(options: Options): readonly RunLine[] {
  const lines: RunLine[] = [];
  const keep = (line: RunLine) => {
    lines.push(line);
    if (lines.length > LAST_LINES) lines.shift();
  };
  simulateWith(options, traceTo(keep));
  return lines;
}

function printLine(line: RunLine): void {
  console.log(JSON.stringify(line));
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
