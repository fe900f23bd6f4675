// The third example grows, replaces and shrinks under load, and loses nothing.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

test('a cluster goes from one member to five and back, and counts every command', async () => {
  const { stdout } = await run('npm', ['run', '-s', 'example:03'], { cwd: root });
  const rows = stdout.split('\n').map((line) => line.trim().split(/ {3,}/));
  const voters = rows.flatMap((row) => (row.length === 7 ? [row[2]?.split(' ').length] : []));
  voters.shift();
  expect(voters).toEqual([1, 3, 5, 5, 5, 5, 4, 1]);
  const counts = /ok {2}(\d+) acknowledged, (\d+) with an unknown outcome, (\d+) counted/.exec(
    stdout,
  );
  const [acknowledged = 0, unknown = 0, counted = 0] = (counts ?? []).slice(1).map(Number);
  expect(acknowledged).toBeGreaterThan(100);
  expect(counted).toBeGreaterThanOrEqual(acknowledged);
  expect(counted).toBeLessThanOrEqual(acknowledged + unknown);
});
