import { describe, expect, it } from 'vitest';
import { type Files, runTool, writePackage } from './temp-package.ts';

const MANIFEST = {
  name: 'coxswain',
  type: 'module',
  exports: { '.': './dist/index.js', './raft': './dist/raft/index.js' },
  scripts: { bench: 'node bench/main.ts' },
  dependencies: { msgpackr: '2.1.3' },
};
const CLEAN: Files = {
  'package.json': JSON.stringify(MANIFEST),
  'src/index.ts': "export { encode } from './encode.ts';",
  'src/encode.ts': "import { pack } from 'msgpackr';\n\nexport const encode = pack;",
  'src/raft/index.ts': "export { step } from './raft.ts';",
  'src/raft/raft.ts': 'export interface State {}\nexport const step = (state: State) => state;',
  'examples/01-x/main.ts': "import { step } from 'coxswain/raft';\n\nvoid step;",
  'tools/x/main.ts': "import { run } from './run.ts';\n\nrun();",
  'tools/x/run.ts': 'export const run = () => {};',
  'tools/mutants/x-worker.ts': '',
  'bench/main.ts': '',
  'test/types/a.test-d.ts': '',
};

function runKnip(files: Files) {
  const configs = ['knip.json', 'tsconfig.json', 'tsconfig.build.json'];
  return runTool('knip', ['--no-progress'], writePackage({ ...CLEAN, ...files }, configs));
}

describe.concurrent('knip', () => {
  it('passes when all is used', async () => {
    expect(await runKnip({})).toEqual({ code: 0, output: '' });
  });

  it.each([
    ['an unused file of src', 'Unused files', { 'src/raft/unused.ts': 'export const a = 1;' }],
    ['an unused file of tools', 'Unused files', { 'tools/x/unused.ts': 'export const a = 1;' }],
    [
      'an export nothing imports',
      'Unused exports',
      { 'src/raft/raft.ts': 'export const step = 1;\nexport const unused = 2;' },
    ],
    [
      'a dependency nothing imports',
      'Unused dependencies',
      { 'src/encode.ts': 'export const encode = 1;' },
    ],
    [
      'an import of a package nobody declared',
      'Unlisted dependencies',
      { 'src/raft/raft.ts': "export { parse as step } from 'yaml';" },
    ],
  ])('catches %s', async (_, title, files) => {
    const { code, output } = await runKnip(files);
    expect(output).toContain(`${title} (1)`);
    expect(code).toBe(1);
  });
});
