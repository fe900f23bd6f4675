// Every file and every test that the checklist names is there, and no row of it is missing.
import { describe, expect, test } from 'vitest';
import { checkProof, readPage } from './proofs.ts';

const page = await readPage('docs/internals/checklist.md');

interface Row {
  readonly id: string;
  readonly proof: string;
}

const rows = [...page.matchAll(/^\| ([EMXDRCSBKO]\d+) +\|.*\| (.+?) +\|$/gm)].map(
  ([, id = '', proof = '']): Row => ({ id, proof }),
);

const numbered = (letter: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${letter}${at + 1}`);

test('the checklist has a row for everything that is known, in order', () => {
  const ids = [
    ...[...numbered('E', 12), ...numbered('M', 14), ...numbered('X', 6), ...numbered('D', 8)],
    ...['R8', 'R9', 'R10', 'C3', 'C4', 'C5', 'C6', 'C7', ...numbered('S', 10)],
    ...['B2', 'B3', 'B4', 'B5', ...numbered('K', 4), 'O2', 'O3', 'O4', 'O5', 'O6'],
  ];
  expect(rows.map(({ id }) => id)).toEqual(ids);
});

describe.each(rows)('row $id', ({ proof }) => {
  test('names tests that exist, or says why there is none', () => checkProof(proof));
});
