// Runs seed after seed, reports what fails, and says at the end what was covered.
import { expectedMarks, simulate } from '../../src/testkit/simulator/index.ts';
import { optionsOf, printFailure } from './single.ts';

const PROGRESS_EVERY_MS = 5000;
const MAX_FAILURES = 5;

interface Search {
  readonly from: number;
  readonly seeds: number;
  readonly minutes: number;
  readonly canary: boolean;
}

/** The exit code: 1 when a seed failed. */
export function searchSeeds({ canary, from, minutes, seeds }: Search): number {
  const started = performance.now();
  const total = { seeds: 0, events: 0, simulatedMs: 0, faults: 0, failed: 0 };
  const clients = { acknowledged: 0, calls: 0, undecided: 0 };
  const marks = new Map<string, number>();
  let said = started;
  const seconds = () => (performance.now() - started) / 1000;
  while (total.seeds < seeds && seconds() < minutes * 60 && total.failed < MAX_FAILURES) {
    const chosen = { seed: from + total.seeds, canary };
    const report = simulate(optionsOf(chosen));
    total.seeds++;
    total.events += report.events;
    total.simulatedMs += report.simulatedMs;
    clients.acknowledged += report.acknowledged;
    clients.calls += report.history.length;
    if (report.verdict === 'undecided') clients.undecided++;
    total.faults += report.faults.length;
    for (const label of report.marks.keys()) marks.set(label, (marks.get(label) ?? 0) + 1);
    if (report.violation !== undefined) {
      total.failed++;
      printFailure(chosen, report);
    }
    if (performance.now() - said < PROGRESS_EVERY_MS) continue;
    said = performance.now();
    console.log(`${total.seeds} seeds, ${total.failed} failed, ${Math.round(seconds())} s`);
  }
  const rate = Math.round(total.events / seconds());
  const hours = total.simulatedMs / 3_600_000;
  console.log(`seeds ${from} to ${from + total.seeds - 1}: ${total.failed} failed`);
  console.log(`${total.events} events (${rate}/s), ${hours.toFixed(2)} cluster-hours`);
  console.log(`${total.faults} faults, ${clients.acknowledged} commands acknowledged and checked`);
  console.log(`${clients.calls} calls of clients, ${clients.undecided} histories undecided`);
  console.log('sometimes, in so many seeds:');
  for (const label of expectedMarks) {
    console.log(`  ${String(marks.get(label) ?? 0).padStart(6)}  ${label}`);
  }
  const others = [...marks].filter(([label]) => !expectedMarks.some((known) => known === label));
  for (const [label, count] of others) console.log(`  ${String(count).padStart(6)}  ${label}`);
  return total.failed === 0 ? 0 : 1;
}
