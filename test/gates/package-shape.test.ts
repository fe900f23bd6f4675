import { describe, expect, it } from 'vitest';
import { type Files, runTool, writePackage } from './temp-package.ts';

const DECLARATIONS: Files = { 'dist/index.d.ts': 'export declare const a: number;' };
const ENTRY = { types: './dist/index.d.ts', default: './dist/index.js' };

function writeShape(entry: object, files: Files): string {
  const manifest = {
    name: 'tiny',
    version: '1.0.0',
    license: 'Apache-2.0',
    type: 'module',
    files: ['dist'],
    exports: { '.': entry },
  };
  return writePackage(
    { 'package.json': JSON.stringify(manifest), 'dist/index.js': 'export const a = 1;', ...files },
    [],
  );
}

describe.concurrent('publint', () => {
  it('passes a package whose exports are there', async () => {
    const root = writeShape(ENTRY, DECLARATIONS);
    expect((await runTool('publint', ['--strict'], root)).code).toBe(0);
  });

  it.each([
    ['an export that is not there', { default: './dist/none.js' }, 'does not exist'],
    ['types after the code', { default: ENTRY.default, types: ENTRY.types }, 'should be the first'],
  ])('catches %s', async (_, entry, message) => {
    const { code, output } = await runTool(
      'publint',
      ['--strict'],
      writeShape(entry, DECLARATIONS),
    );
    expect(output).toContain(message);
    expect(code).toBe(1);
  });
});

describe.concurrent('attw', () => {
  // Without the last switch it asks the registry for @types of a package that has no types.
  const ARGS = ['--pack', '.', '--profile', 'esm-only', '--no-definitely-typed'];

  it('passes a package with types', async () => {
    expect(await runTool('attw', ARGS, writeShape(ENTRY, DECLARATIONS))).toMatchObject({ code: 0 });
  });

  it('catches an entry without types', async () => {
    const root = writeShape(
      { default: ENTRY.default },
      { 'dist/other.d.ts': 'export declare const a: number;' },
    );
    const { code, output } = await runTool('attw', ARGS, root);
    expect(output).toContain('no type declarations were found');
    expect(code).toBe(1);
  });

  it('passes a package with no types at all: test/package asks each entry for them', async () => {
    const { code, output } = await runTool(
      'attw',
      ARGS,
      writeShape({ default: ENTRY.default }, {}),
    );
    expect(output).toContain('This package does not contain types');
    expect(code).toBe(0);
  });
});
