import { describe, expect, it } from 'vitest';
import { IMPORT_TABLE } from '../../tools/tidy/import-table.ts';
import { type Files, runTool, writePackage } from './temp-package.ts';

const COPIED = ['package.json', 'tsconfig.json', 'tsconfig.dev.json', 'tsconfig.pure.json'];
const PURE = Object.keys(IMPORT_TABLE)
  .filter((part) => IMPORT_TABLE[part]?.pure)
  .map((part) => (part.endsWith('.ts') ? `src/${part}` : `src/${part}/a.ts`));

// In every run: an exact list of errors says that these pass.
const CLEAN: Files = Object.fromEntries([
  ['src/index.ts', "import type { Stats } from 'node:fs';\n\nexport type { Stats };"],
  ['test/a.test.ts', "import type { Stats } from 'coxswain';\n\nexport type { Stats };"],
  ...PURE.map((path) => [path, 'export const limit: number = Math.max(1, 2);']),
]);

async function compile(config: string, files: Files): Promise<readonly string[]> {
  const root = writePackage({ ...CLEAN, ...files }, COPIED);
  const { code, output } = await runTool('tsc', ['-p', config, '--pretty', 'false'], root);
  const errors = [...output.matchAll(/^(\S+)\(.*?\): error (TS\d+)/gm)];
  expect(code === 0).toBe(errors.length === 0);
  return errors.map(([, path, error]) => `${path} ${error}`).sort();
}

describe.concurrent('the compiler', () => {
  it('passes clean files in the pure folders', async () => {
    expect(await compile('tsconfig.pure.json', {})).toEqual([]);
  });

  it('catches what strict settings are there for', async () => {
    expect(
      await compile('tsconfig.json', {
        'src/type.ts': "export const a: number = 'x';",
        'src/index-access.ts': 'export const a = (b: string[]): string => b[0];',
        'src/optional.ts': 'export const a: { b?: number } = { b: undefined };',
        'src/enum.ts': 'export enum A {}',
        'src/library.d.ts': 'export declare const a: Missing;',
      }),
    ).toEqual([
      'src/enum.ts TS1294',
      'src/index-access.ts TS2322',
      'src/library.d.ts TS2304',
      'src/optional.ts TS2375',
      'src/type.ts TS2322',
    ]);
  });

  it('catches an export whose type is not written down', async () => {
    const files = { 'src/declared.ts': 'export const a = [1].map(String);' };
    expect(await compile('tsconfig.json', files)).toEqual(['src/declared.ts TS9010']);
  });

  it('catches a type error in every folder that is not src', async () => {
    const folders = ['test', 'examples/01-x', 'tools/x', 'bench'];
    const files = folders.map((folder) => [`${folder}/bad.ts`, "export const a: number = 'x';"]);
    expect(await compile('tsconfig.dev.json', Object.fromEntries(files))).toEqual(
      folders.map((folder) => `${folder}/bad.ts TS2322`).sort(),
    );
  });

  it('refuses timers, performance, node: modules and process in every pure folder', async () => {
    const code = [
      'export const a: unknown = setTimeout;',
      'export const b: number = performance.now();',
      "export type { Stats } from 'node:fs';",
      'export const c: unknown = process.env;',
    ];
    const errors = ['TS2304', 'TS2304', 'TS2591', 'TS2591'];
    const files = Object.fromEntries(PURE.map((path) => [path, code]));
    expect(await compile('tsconfig.pure.json', files)).toEqual(
      PURE.flatMap((path) => errors.map((error) => `${path} ${error}`)).sort(),
    );
  });
});
