import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runScript } from './runner/script.ts';

const folder = new URL('.', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));

describe('golden scenarios', () => {
  test('are all there', () => expect(names.length).toBeGreaterThanOrEqual(44));

  test.each(names)('%s gives the trace that it shows', (name) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    expect(runScript(text)).toBe(text);
  });
});
