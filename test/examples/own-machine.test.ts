// The second example finds its planted bug and tells a short story of it; the mended one passes.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

function example(...words: string[]): Promise<{ stdout: string }> {
  return run('npm', ['run', '-s', 'example:02', '--', ...words], { cwd: root });
}

test('an office with a short memory sells two seats for one order', async () => {
  const { stdout } = await example();
  expect(stdout).toMatch(
    /^seed \d+: the invariant at index \d+ on \w throws: order .* has two seats/,
  );
  const orders = [...stdout.matchAll(/committed order (\S+)/g)].map(([, id]) => id);
  expect(orders.length).toBeLessThanOrEqual(6);
  expect(new Set(orders).size).toBeLessThan(orders.length);
});

test('one that remembers enough does not', async () => {
  const { stdout } = await example('100');
  expect(stdout).toBe('an office that remembers 100 orders: 300 seeds, nothing found\n');
});
