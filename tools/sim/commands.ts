// What the simulator's command line does: search, replay, make smaller.
import { execFileSync } from 'node:child_process';
import {
  drawPlan,
  minimizePlan,
  type Plan,
  type RunReport,
  runPlan,
  runSeed,
  type TraceLine,
  traceStep,
} from '../../src/testkit/simulator/index.ts';

const LAST_EVENTS = 50;
const PROGRESS_EVERY_MS = 5000;
const MAX_FAILURES = 5;

export function searchSeeds(want: { from: number; seeds: number; minutes: number }): number {
  const started = performance.now();
  const total = { seeds: 0, events: 0, simulatedMs: 0, acknowledged: 0, failed: 0 };
  const marks = new Map<string, number>();
  let said = started;
  const seconds = () => (performance.now() - started) / 1000;
  while (total.seeds < want.seeds && seconds() < want.minutes * 60) {
    const report = runSeed(want.from + total.seeds);
    total.seeds++;
    total.events += report.events;
    total.simulatedMs += report.simulatedMs;
    total.acknowledged += report.acknowledged;
    for (const label of report.marks.keys()) marks.set(label, (marks.get(label) ?? 0) + 1);
    if (report.violation !== undefined) {
      total.failed++;
      printFailure(report);
      if (total.failed === MAX_FAILURES) break;
    }
    if (performance.now() - said < PROGRESS_EVERY_MS) continue;
    said = performance.now();
    console.log(`${total.seeds} seeds, ${total.failed} failed, ${Math.round(seconds())} s`);
  }
  const rate = Math.round(total.events / seconds());
  const hours = total.simulatedMs / 3_600_000;
  console.log(`seeds ${want.from} to ${want.from + total.seeds - 1}: ${total.failed} failed`);
  console.log(`${total.events} events (${rate}/s), ${hours.toFixed(2)} cluster-hours`);
  console.log(`${total.acknowledged} commands acknowledged and checked`);
  for (const [label, runs] of [...marks].sort()) console.log(`  in ${runs} seeds: ${label}`);
  return total.failed === 0 ? 0 : 1;
}

export function replaySeed(seed: number, trace: boolean): number {
  const lines = trace ? printLine : undefined;
  const report = runTraced(drawPlan(seed), undefined, lines).report;
  if (report.violation !== undefined) printFailure(report);
  const hash = report.hash.toString(16).padStart(8, '0');
  console.log(`seed ${seed}: ${report.events} events, trace hash ${hash}`);
  return report.violation === undefined ? 0 : 1;
}

export function shrinkSeed(seed: number): number {
  const { plan, report, suppressed, trials } = minimizePlan(drawPlan(seed));
  console.log(`after ${trials} runs, the smallest found:`);
  console.log(JSON.stringify(plan));
  console.log(`${report.faults.length} faults:`);
  for (const { atUs, fault } of report.faults) {
    console.log(`  ${(atUs / 1000).toFixed(1)} ms  ${JSON.stringify(fault)}`);
  }
  const { tail } = runTraced(plan, suppressed);
  for (const line of tail) printLine(line);
  console.log(`${report.violation?.phase}: ${report.violation?.message}`);
  return 1;
}

function printFailure(report: RunReport): void {
  const { plan, seed, violation } = report;
  console.log(
    `\nseed ${seed} FAILED in the time of ${violation?.phase}, at ${violation?.atMs} ms:`,
  );
  console.log(`  ${violation?.message}`);
  console.log(`  commit ${commit()}, plan ${JSON.stringify(plan)}`);
  console.log(`  the last ${LAST_EVENTS} lines of its trace:`);
  for (const line of runTraced(plan).tail) printLine(line);
  console.log(`  replay: npm run sim -- --seed ${seed} --trace`);
  console.log(`  make it smaller: npm run sim -- --minimize ${seed}\n`);
}

function runTraced(
  plan: Plan,
  suppressed: ReadonlySet<number> = new Set(),
  print?: (line: TraceLine) => void,
): { report: RunReport; tail: readonly TraceLine[] } {
  const tail: TraceLine[] = [];
  const report = runPlan(plan, {
    suppressed,
    tracer: (event, member, effects, atMs) => {
      for (const line of traceStep(event, member, effects, atMs)) {
        print?.(line);
        tail.push(line);
        if (tail.length > LAST_EVENTS) tail.shift();
      }
    },
  });
  return { report, tail };
}

function printLine(line: TraceLine): void {
  console.log(JSON.stringify(line));
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
