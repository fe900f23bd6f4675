// Every file and every test that the checklist names is there, and no row of it is missing.
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/internals/checklist.md', root), 'utf8');

interface Row {
  readonly id: string;
  readonly proof: string;
}

const rows = [...page.matchAll(/^\| ([EMXDKO]\d+) +\|.*\| (.+?) +\|$/gm)].map(
  ([, id = '', proof = '']): Row => ({ id, proof }),
);

const numbered = (letter: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${letter}${at + 1}`);

test('the checklist has a row for everything that is known, in order', () => {
  const ids = [
    ...[...numbered('E', 12), ...numbered('M', 14), ...numbered('X', 6), ...numbered('D', 8)],
    ...[...numbered('K', 4), 'O2', 'O5'],
  ];
  expect(rows.map(({ id }) => id)).toEqual(ids);
});

describe.each(rows)('row $id', ({ proof }) => {
  test('names tests that exist, or says why there is none', async () => {
    const files = [...proof.matchAll(/`(test\/[^`]+)`([^`]*)/g)];
    expect(files.length > 0 || proof.startsWith('Does not apply')).toBe(true);
    for (const [, file = '', after = ''] of files) {
      const text = await readFile(new URL(file, root), 'utf8');
      const titles = [...after.matchAll(/“([^”]+)”/g)].map(([, title = '']) => title);
      expect(titles.length > 0 || file.endsWith('.txt')).toBe(true);
      for (const title of titles) expect(text).toContain(`'${title}'`);
    }
  });
});
