// The sixth example: a member that was away for long comes back by a snapshot while writes go on.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

test('a member that was away is sent a snapshot, and then only what came after it', async () => {
  const { stdout } = await run('npm', ['run', '-s', 'example:06'], { cwd: root });
  expect(stdout).toMatch(/c {2}snapshot of entry \d+: \d+ KiB of \d+ KiB stored/);
  expect(stdout).toMatch(/ok {2}all 20000 articles are equal on all members/);
  const [, restored = '', given = ''] =
    /c was restored at ([\d, then]+), and given only (\d+) commands/.exec(stdout) ?? [];
  const places = restored.split(', then ').map(Number);
  expect(places.at(-1)).toBeGreaterThan(40_000);
  expect(Number(given)).toBeLessThan(20_000);
});
