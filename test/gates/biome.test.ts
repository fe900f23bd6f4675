import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Files, run, runTool, writePackage } from './temp-package.ts';

const CLEAN: Files = {
  'src/store.ts': [
    'export interface Store {',
    '  append(): Promise<void>;',
    '}',
    '',
    'export async function save(store: Store): Promise<void> {',
    '  await store.append();',
    '}',
  ],
};
const UNFORMATTED = 'export const  a = "x"';

function writeStyled(files: Files): string {
  return writePackage({ ...CLEAN, ...files }, ['biome.json', 'package.json']);
}

function lint(files: Files) {
  return runTool('biome', ['ci', '.', '--colors=off'], writeStyled(files));
}

describe.concurrent('biome', () => {
  it('passes a clean file', async () => {
    const { code, output } = await lint({});
    expect(output).toContain('Checked 3 files');
    expect(code).toBe(0);
  });

  it.each([
    ['noExplicitAny', 'export const a = (b: any): unknown => b;'],
    ['noNonNullAssertion', 'export const a = (b?: string): string => b!;'],
    ['noEnum', 'export enum A {\n  B = 1,\n}'],
    ['noDefaultExport', 'export default 1;'],
    ['noReExportAll', "export * from './store.ts';"],
    ['noParameterProperties', 'export class A {\n  constructor(readonly b: number) {}\n}'],
    ['useNodejsImportProtocol', "import { join } from 'path';\n\nexport const a = join;"],
    ['useImportType', "import { type Store } from './store.ts';\n\nexport type A = Store;"],
    ['noUnusedVariables', 'const a = 1;'],
    ['noConsole', "console.log('a');"],
    [
      'noFloatingPromises',
      "import { type Store, save } from './store.ts';\n\n" +
        'export function start(store: Store): void {\n  save(store);\n}',
    ],
    [
      'noMisusedPromises',
      "import { type Store, save } from './store.ts';\n\n" +
        'export const saveAll = (stores: Store[]): void =>\n' +
        '  stores.forEach(async (store) => {\n    await save(store);\n  });',
    ],
  ])('catches %s', async (rule, code) => {
    const outcome = await lint({ 'src/bad.ts': code });
    expect(outcome.output).toContain(rule);
    expect(outcome.output).toContain('Found 1 error.');
    expect(outcome.code).toBe(1);
  });

  it('catches a file name that is not in kebab case', async () => {
    const { code, output } = await lint({ 'src/badName.ts': 'export const a = 1;' });
    expect(output).toContain('useFilenamingConvention');
    expect(code).toBe(1);
  });

  it.each([
    'src/bad.ts',
    'tools/x/bad.ts',
    'test/bad.test.ts',
    'examples/01-x/bad.ts',
    'bench/bad.ts',
  ])('catches the format of %s and leaves it as it is', async (path) => {
    const root = writeStyled({ [path]: UNFORMATTED });
    const { code, output } = await runTool('biome', ['ci', '.', '--colors=off'], root);
    expect(output).toContain('File content differs from formatting output');
    expect(code).toBe(1);
    expect(readFileSync(join(root, path), 'utf8')).toBe(`${UNFORMATTED}\n`);
  });

  it('writes what can be mended with npm run fix', async () => {
    const root = writeStyled({ 'src/bad.ts': UNFORMATTED });
    const { code } = await run('npm', ['run', '-s', 'fix'], root);
    expect(code).toBe(0);
    expect(readFileSync(join(root, 'src/bad.ts'), 'utf8')).toBe("export const a = 'x';\n");
  });
});
