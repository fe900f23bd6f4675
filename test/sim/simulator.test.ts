// The simulator finds nothing in the core, finds what is planted, and does the same thing twice.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { drawPlan, runPlan, runSeed, type Tracer } from 'coxswain/testkit';
import { describe, expect, test } from 'vitest';

const SEEDS = 120;
const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the simulator', () => {
  test(`${SEEDS} seeds hold every invariant, recover, and are not idle`, () => {
    const marks = new Set<string>();
    let acknowledged = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const report = runSeed(seed);
      expect(
        report.violation,
        `seed ${seed}: npm run sim -- --seed ${seed} --trace`,
      ).toBeUndefined();
      acknowledged += report.acknowledged;
      for (const mark of report.marks.keys()) marks.add(mark);
    }
    expect(acknowledged).toBeGreaterThan(SEEDS * 10);
    expect([...marks].sort()).toEqual([
      'a new leader is cut off from a quorum',
      'a vote is granted',
      'a write fails',
      'crash between persist and send',
      'crash of a candidate',
      'crash of a leader after append',
      'stall of a leader',
    ]);
  });

  test('does the same for the same seed, here and in a fresh process', async () => {
    const first = runSeed(7);
    expect(runSeed(7)).toMatchObject({ hash: first.hash, events: first.events });
    expect(runSeed(8).hash).not.toBe(first.hash);
    const tsx = fileURLToPath(new URL('../../node_modules/.bin/tsx', import.meta.url));
    const { stdout } = await run(tsx, ['tools/sim/main.ts', '--seed', '7'], { cwd: root });
    const hash = first.hash.toString(16).padStart(8, '0');
    expect(stdout).toContain(`seed 7: ${first.events} events, trace hash ${hash}`);
  });

  test('sees a canary: a disk that loses an entry it has acknowledged', () => {
    let steps = 0;
    const tracer: Tracer = (_event, member) => {
      if (++steps > 300 && member.disk.entries.length > 3) member.disk.entries.length = 2;
    };
    const failed = [3, 4, 5, 6].map((seed) =>
      runPlan({ ...drawPlan(seed), members: 3 }, { tracer }),
    );
    expect(failed.some(({ violation }) => violation !== undefined)).toBe(true);
  });

  test('refuses bad arguments with what is accepted', async () => {
    const tsx = fileURLToPath(new URL('../../node_modules/.bin/tsx', import.meta.url));
    await expect(
      run(tsx, ['tools/sim/main.ts', '--seed', 'x'], { cwd: root }),
    ).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--seed is x; accepted: a whole number'),
    });
  });
});
