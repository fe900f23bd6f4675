import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from './temp-package.ts';

const { scripts }: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(REPOSITORY, 'package.json'), 'utf8'),
);

/** The commands a script comes down to, in order; a script that is not there is no command. */
function listCommands(name: string): readonly string[] {
  return (scripts[name] ?? '').split(' && ').flatMap((command) => {
    const called = /^npm run (?:-s )?(\S+)$/.exec(command)?.[1];
    return called === undefined ? [command] : listCommands(called);
  });
}

describe('the scripts', () => {
  it('run every gate in verify, joined so that each one counts', () => {
    expect(listCommands('verify')).toEqual([
      'biome ci .',
      'tsc -p tsconfig.json',
      'tsc -p tsconfig.dev.json',
      'tsc -p tsconfig.pure.json',
      'tsx tools/tidy/main.ts',
      'knip',
      'typedoc --emit none',
      'rm -rf dist',
      'tsc -p tsconfig.build.json',
      'publint --strict',
      'attw --pack . --profile esm-only',
    ]);
  });

  it('write only in fix', () => {
    const writers = Object.keys(scripts).filter((name) =>
      /--(write|fix)\b/.test(scripts[name] ?? ''),
    );
    expect(writers).toEqual(['fix']);
  });

  it('run verify, the tests, and then a search for what no test knows in npm test', () => {
    expect(listCommands('test')).toEqual([
      ...listCommands('verify'),
      'vitest run',
      'npm run -s sim -- --seeds 1000',
      'npm run -s mutants -- --rotate 16 --budget 240',
    ]);
  });

  it('are what CI runs, after a clean install, and what the README says', () => {
    const path = join(REPOSITORY, '.ci/run');
    const text = readFileSync(path, 'utf8');
    expect(statSync(path).mode & 0o111).toBe(0o111);
    expect(text).toMatch(/^set -euo pipefail$/m);
    expect(text).toMatch(/^stage npm ci\nstage npm test$/m);
    expect(readFileSync(join(REPOSITORY, 'README.md'), 'utf8')).toMatch(/\bnpm test\b/);
  });
});
