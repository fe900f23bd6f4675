// The fifth example pays over a bad network: with a session every payment is made once.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

test('with a session nothing is missing and nothing is done twice', async () => {
  const { stdout } = await run('npm', ['run', '-s', 'example:05'], { cwd: root });
  const table = new Map(
    stdout
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/))
      .filter((row) => row.length === 5)
      .map(([name = '', ...cells]) => [name, cells.map(Number)]),
  );
  // Wanted, told as done, missing, done twice.
  expect(table.get('session')).toEqual([320, 320, 0, 0]);
  const [wanted, told = 0, , twice] = table.get('ask once') ?? [];
  expect([wanted, twice]).toEqual([320, 0]);
  expect(told).toBeLessThanOrEqual(320);
  expect(table.get('ask until answered')?.slice(0, 3)).toEqual([320, 320, 0]);
  expect(stdout).toMatch(/ok {2}with a session: 320 wanted/);
});
