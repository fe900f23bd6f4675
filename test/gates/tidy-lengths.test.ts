import { describe, expect, it } from 'vitest';
import {
  checkLengths,
  FILE_LINES_MAX,
  FUNCTION_LINES_MAX,
  LIB_FILES_MAX,
  LINE_CHARACTERS_MAX,
  MEDIAN_LINES_MAX,
} from '../../tools/tidy/lengths.ts';
import type { Files } from './temp-package.ts';
import { places, writeTree } from './temp-tree.ts';

function placesIn(files: Files): readonly string[] {
  return places(checkLengths(writeTree(files)));
}

function lines(count: number, text = '//'): readonly string[] {
  return Array.from({ length: count }, () => text);
}

function functionOf(count: number): readonly string[] {
  return [
    '/** Not counted. */',
    'export function long(): void {',
    ...lines(count - 2, '  void 0;'),
    '}',
  ];
}

describe('lengths', () => {
  it('are the ones ARCHITECTURE.md promises', () => {
    const limits = [FILE_LINES_MAX, FUNCTION_LINES_MAX, LINE_CHARACTERS_MAX, MEDIAN_LINES_MAX];
    expect(limits).toEqual([500, 70, 100, 120]);
  });

  it.each(['src/raft', 'tools/x', 'examples/01-x', 'bench', 'test/unit'])(
    'count in %s',
    (folder) => {
      const short = lines(MEDIAN_LINES_MAX);
      const files: Files = { 'src/a.ts': short, 'src/b.ts': short, 'src/c.ts': short };
      const path = `${folder}/a.ts`;
      const width = '/'.repeat(LINE_CHARACTERS_MAX);
      expect(placesIn({ ...files, [path]: [width, ...lines(FILE_LINES_MAX - 1)] })).toEqual([]);
      expect(placesIn({ ...files, [path]: [`${width}/`, ...lines(FILE_LINES_MAX)] })).toEqual([
        `${path}:${FILE_LINES_MAX + 1} file-length`,
        `${path}:1 line-length`,
      ]);
    },
  );

  it.each(['src/raft', 'tools/x', 'examples/01-x', 'bench'])(
    'of functions count in %s',
    (folder) => {
      const path = `${folder}/a.ts`;
      expect(placesIn({ [path]: functionOf(FUNCTION_LINES_MAX) })).toEqual([]);
      expect(placesIn({ [path]: functionOf(FUNCTION_LINES_MAX + 1) })).toEqual([
        `${path}:2 function-length`,
      ]);
    },
  );

  it.each([
    ['a method', 'class A { run(): void {', '} }'],
    ['a constructor', 'class A { constructor() {', '} }'],
    ['an arrow function', 'const a = () => {', '};'],
    ['a getter', 'const a = { get b() {', 'return 1; } };'],
  ])('of %s count', (_, open, close) => {
    const path = 'src/raft/a.ts';
    expect(placesIn({ [path]: [open, ...lines(FUNCTION_LINES_MAX - 2), close] })).toEqual([]);
    expect(placesIn({ [path]: [open, ...lines(FUNCTION_LINES_MAX - 1), close] })).toEqual([
      `${path}:1 function-length`,
    ]);
  });

  it('of functions are free in tests, where a describe holds the whole file', () => {
    expect(placesIn({ 'test/a.test.ts': functionOf(FUNCTION_LINES_MAX + 1) })).toEqual([]);
  });

  it('of the median file of src count', () => {
    const long = lines(MEDIAN_LINES_MAX + 1);
    expect(
      placesIn({ 'src/a.ts': long, 'src/b.ts': long, 'src/c.ts': '', 'src/d.ts': '' }),
    ).toEqual([]);
    expect(placesIn({ 'src/a.ts': long, 'src/b.ts': long, 'src/c.ts': '' })).toEqual([
      'src:1 median-length',
    ]);
  });

  it('keep lib small', () => {
    const files = Array.from({ length: LIB_FILES_MAX }, (_, index) => [`src/lib/a${index}.ts`, '']);
    expect(placesIn(Object.fromEntries(files))).toEqual([]);
    expect(placesIn({ ...Object.fromEntries(files), 'src/lib/more.ts': '' })).toEqual([
      'src/lib:1 lib-files',
    ]);
  });
});
