// Every file and every test that the requirements name is there, and no row of them is missing.
import { describe, expect, test } from 'vitest';
import { checkProof, readPage } from './proofs.ts';

const page = await readPage('docs/internals/requirements.md');

const requirements = [
  ...page.matchAll(/^\| (RA\d+) +\| [^|]+\| ([^|]+) \| ([^|]+?) +\| [^|]+\|$/gm),
].map(([, id = '', code = '', proof = '']) => ({ id, code, proof }));

const scripts = [...page.matchAll(/^\| ([a-z\d_]+_?[a-z\d]+) +\| ([^|]+?) +\|$/gm)]
  .map(([, name = '', proof = '']) => ({ name, proof }))
  .filter(({ name }) => name !== 'script');

test('the requirements have a row each, or it is said why they have none', () => {
  const ids = Array.from({ length: 26 }, (_, at) => `RA${at + 1}`);
  const others = ['RA21', 'RA24'];
  expect(requirements.map(({ id }) => id)).toEqual(ids.filter((id) => !others.includes(id)));
  for (const id of others) expect(page).toContain(`${id} (`);
});

describe.each(requirements)('row $id', ({ code, proof }) => {
  test('names code and tests that exist', async () => {
    const files = [...code.matchAll(/`(src\/[^`]+)`/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(await readPage(file)).not.toBe('');
    await checkProof(proof);
  });
});

test('the 28 scripts have a row each, in order', () => {
  const names = scripts.map(({ name }) => name);
  expect(names.length).toBe(28);
  expect(names).toEqual([...names].sort());
});

describe.each(scripts)('script $name', ({ proof }) => {
  test('is shown by tests that exist, or says why there is none', () => checkProof(proof));
});
