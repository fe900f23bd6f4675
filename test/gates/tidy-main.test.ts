import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkCounts, MINIMUMS } from '../../tools/tidy/counts.ts';
import { sortFindings } from '../../tools/tidy/finding.ts';
import { checkTree } from '../../tools/tidy/tidy.ts';
import { type Files, REPOSITORY, runTool, writeFiles } from './temp-package.ts';
import { places, writeTree } from './temp-tree.ts';

const PAGE: Files = { 'README.md': '# Title' };
const ENOUGH: Files = {
  ...PAGE,
  ...Object.fromEntries(
    Array.from({ length: MINIMUMS.sources }, (_, index) => [`src/raft/part-${index}.ts`, '//']),
  ),
};

function runTidy(files: Files) {
  return runTool('tsx', [join(REPOSITORY, 'tools/tidy/main.ts'), writeFiles(files)], REPOSITORY);
}

describe.concurrent('tidy', () => {
  it('says so when it saw too few files to mean anything', () => {
    const few = writeTree({ 'src/runtime/a.ts': '' });
    expect(places(checkCounts(few))).toEqual(['src:1 too-few', 'src:1 too-few', 'docs:1 too-few']);
    expect(places(checkCounts(few, { sources: 1, pure: 0, pages: 0 }))).toEqual([]);
    expect(places(checkCounts(writeTree(PAGE), { sources: 0, pure: 0, pages: 1 }))).toEqual([]);
  });

  it('asks for a real minimum when none is given', () => {
    expect(MINIMUMS).toEqual({ sources: 20, pure: 1, pages: 1 });
    expect(checkTree(writeTree(ENOUGH))).toEqual([]);
    expect(places(checkTree(writeTree(PAGE)))).toEqual(['src:1 too-few', 'src:1 too-few']);
  });

  it('runs every check', () => {
    const note = ['FIX', 'ME'].join('');
    const tree = writeTree({
      ...ENOUGH,
      'README.md': 'No title.',
      'src/misc/a.ts': '',
      'src/raft/a.ts': ["import './a.ts';", "import './b.js';", "export * from './part-1.ts';"],
      'src/raft/c.ts': [`export const now = Date.now(); // ${note}`, `//${' '.repeat(100)}.`],
    });
    const rules = checkTree(tree, { ...MINIMUMS, sources: 99 }).map(({ rule }) => rule);
    expect([...new Set(rules)].sort()).toEqual([
      'cycle',
      'docs',
      'front-door',
      'import-path',
      'import-table',
      'left-behind',
      'line-length',
      'purity',
      'too-few',
    ]);
  });

  it('puts findings in order: path, line, rule', () => {
    const finding = (path: string, line: number, rule: string) => ({
      path,
      line,
      rule,
      message: '',
    });
    const mixed = [
      finding('b', 9, 'x'),
      finding('a', 10, 'x'),
      finding('c', 1, 'x'),
      finding('a', 9, 'z'),
      finding('a', 9, 'y'),
    ];
    expect(places(sortFindings(mixed))).toEqual(['a:9 y', 'a:9 z', 'a:10 x', 'b:9 x', 'c:1 x']);
  });

  it('exits with 0 and says what it looked at', async () => {
    const { code, output } = await runTidy(ENOUGH);
    expect(output).toBe(
      'tidy: 0 findings; looked at 20 files (src 20, tools 0, examples 0, bench 0, test 0), ' +
        '20 of them pure, median of src 1 lines, 1 pages\n',
    );
    expect(code).toBe(0);
  });

  it('exits with 1 and prints the findings in order', async () => {
    const { code, output } = await runTidy({
      ...ENOUGH,
      'src/raft/b.ts': 'let b;\nlet c;',
      'src/raft/a.ts': 'console.log(1);',
    });
    expect(output.split('\n').slice(0, 3)).toEqual([
      'src/raft/a.ts:1: purity: no console in a pure folder',
      'src/raft/b.ts:1: purity: no module-level let or var in a pure folder',
      'src/raft/b.ts:2: purity: no module-level let or var in a pure folder',
    ]);
    expect(code).toBe(1);
  });
});
