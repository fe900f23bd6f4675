// Many seeds of the core's simulation. SIM_SEEDS (from-until) asks for others than the usual ones.
import { expect, test } from 'vitest';
import { Simulation } from './core-simulation.ts';

const [from = 1, until = 400] = (process.env['SIM_SEEDS'] ?? '')
  .split('-')
  .flatMap((text) => (text === '' ? [] : [Number(text)]));

test('the core keeps its promises under loss, delay, late disks and crashes', () => {
  let commits = 0;
  let leaders = 0;
  let crashes = 0;
  for (let seed = from; seed < until; seed++) {
    try {
      const run = new Simulation(seed).run(1500);
      commits += run.commits;
      leaders += run.leaders;
      crashes += run.crashes;
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  }
  console.info({ commits, leaders, crashes });
  expect(commits).toBeGreaterThan((until - from) * 2);
}, 600_000);
