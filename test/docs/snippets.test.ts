// Every TypeScript block of these pages runs as it stands, and prints what its comments say.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
let folder = '';

beforeAll(async () => {
  // Inside the repository, so that the path mapping of its tsconfig applies.
  folder = await mkdtemp(join(root, 'test/docs/.snippets-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function blocksOf(page: string): Promise<{ language: string; text: string }[]> {
  const source = await readFile(join(root, page), 'utf8');
  return [...source.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

test('the README starts with the two commands', async () => {
  expect((await blocksOf('README.md')).slice(0, 2)).toEqual([
    { language: 'sh', text: 'npm ci && npm run example\n' },
    { language: 'sh', text: 'npm ci && npm test\n' },
  ]);
});

describe.each([
  { page: 'README.md', least: 2 },
  { page: 'docs/guide/testing.md', least: 3 },
  { page: 'docs/guide/membership.md', least: 2 },
  { page: 'docs/concepts/consistency.md', least: 1 },
  { page: 'docs/guide/sessions.md', least: 2 },
  { page: 'docs/guide/state-machines.md', least: 4 },
  { page: 'docs/guide/operations.md', least: 1 },
])('$page', async ({ least, page }) => {
  const blocks = await blocksOf(page);
  const snippets = blocks.filter(({ language }) => language === 'ts').map(({ text }) => text);

  test('has snippets', () => expect(snippets.length).toBeGreaterThanOrEqual(least));

  test.each(snippets.map((text, at) => ({ at, text })))(
    'snippet $at runs',
    async ({ at, text }) => {
      const file = join(folder, `${page.replace(/\W/g, '-')}-${at}.mts`);
      await writeFile(file, text);
      const tsx = join(root, 'node_modules/.bin/tsx');
      const { stdout } = await run(tsx, ['--tsconfig', join(root, 'tsconfig.dev.json'), file]);
      const lines = stdout.trim().split('\n');
      const comments = [...text.matchAll(/console\.log\(.*;\s*\/\/ (.*)$/gm)].map(
        ([, said]) => said,
      );
      expect(comments.length).toBeGreaterThan(0);
      for (const [line, said] of comments.entries()) {
        expect(said?.split(':')[0]).toBeDefined();
        expect(said?.startsWith(lines[line] ?? 'nothing')).toBe(true);
      }
    },
  );
});
