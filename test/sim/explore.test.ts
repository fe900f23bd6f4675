// The explorer's command line. What it explores is tested in test/unit/testkit/explorer/.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { explore, scopes } from 'coxswain/testkit';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const tsx = fileURLToPath(new URL('../../node_modules/.bin/tsx', import.meta.url));

function command(...words: string[]): Promise<{ stdout: string }> {
  return run(tsx, ['tools/explore/main.ts', ...words], { cwd: root });
}

test('explores a scope up to a bound, and says that it was not whole', async () => {
  const { stdout } = await command('pair', '--states', '2000');
  expect(stdout).toMatch(/^pair: \{"members":2/);
  expect(stdout).toMatch(/ {2}20\d\d states, \d+ transitions, depth \d+/);
  expect(stdout).toContain('not whole: --states is reached');
});

test.each(Object.keys(scopes) as (keyof typeof scopes)[])(
  'the first 20,000 states of %s break no rule',
  (name) => {
    const { states, violation } = explore({ ...scopes[name], maxStates: 20_000 });
    expect(violation).toBeUndefined();
    expect(states).toBeGreaterThanOrEqual(20_000);
  },
);

test.each([
  [['--states', '0'], '--states is 0; accepted: a whole number from 1 to 16000000'],
  [['everything'], 'there is no scope everything'],
  [['--seed', '1'], "Unknown option '--seed'"],
])('refuses %j with what is accepted', async (words, message) => {
  await expect(command(...words)).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining(message),
  });
});
