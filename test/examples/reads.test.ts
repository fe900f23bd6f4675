// The fourth example shows what each level returns; what must not be stale is not.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

test('a leader that is cut off answers nothing stale but what was asked for as such', async () => {
  const { stdout } = await run('npm', ['run', '-s', 'example:04'], { cwd: root });
  const table = new Map(
    stdout
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/))
      .filter((row) => row.length === 7)
      .map(([level = '', ...answers]) => [level, answers]),
  );
  expect([...table.keys()]).toHaveLength(6);
  // At the leader, just cut off, cut off for long, the next leader, its follower, back again.
  const [first, ...later] = table.get('linearizable') ?? [];
  expect(first).toBe('old');
  expect(later[0]).toMatch(/^ERR_/);
  expect(later[1]).toMatch(/^ERR_/);
  expect(later.slice(2)).toEqual(['new', 'new', 'new']);
  expect(table.get('lease')?.[2]).toMatch(/^ERR_/);
  expect(table.get('at most 300 ms stale')?.[2]).toMatch(/^ERR_/);
  expect(table.get('at most a minute stale')?.[2]).toBe('old');
  expect(table.get('at least the last write')?.[2]).toBe('ERR_TIMEOUT');
  expect(table.get('local')?.[2]).toBe('old');
  expect(stdout).toMatch(/ok {2}the member that was cut off/);
});
