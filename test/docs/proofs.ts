// What a page of the documentation names as a proof: files of tests, and titles in them.
import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';

const root = new URL('../../', import.meta.url);

export function readPage(path: string): Promise<string> {
  return readFile(new URL(path, root), 'utf8');
}

/** Every file named is there, with every title quoted after it; a script needs none. */
export async function checkProof(proof: string): Promise<void> {
  const files = [...proof.matchAll(/`(test\/[^`]+)`([^`]*)/g)];
  expect(files.length > 0 || proof.startsWith('Does not apply')).toBe(true);
  for (const [, file = '', after = ''] of files) {
    const text = await readPage(file);
    const titles = [...after.matchAll(/“([^”]+)”/g)].map(([, title = '']) => title);
    expect(titles.length > 0 || file.endsWith('.txt')).toBe(true);
    for (const title of titles) expect(text).toContain(`'${title}'`);
  }
}
