// How long a file, a function and a line may be, how long the middle file of src is, and how many
// files lib holds. There is no list of exemptions.
import ts from 'typescript';
import type { Finding } from './finding.ts';
import { CODE_FOLDERS, isInside, lineOf, type Source, type Tree, visitNodes } from './tree.ts';

export const FILE_LINES_MAX = 500;
export const FUNCTION_LINES_MAX = 70;
export const LINE_CHARACTERS_MAX = 100;
export const MEDIAN_LINES_MAX = 120;
export const LIB_FILES_MAX = 10;

export function checkLengths(tree: Tree): readonly Finding[] {
  return [
    ...tree.sources.flatMap((source) => [
      ...checkFile(source),
      ...checkLines(source),
      ...(isInside(source.path, CODE_FOLDERS) ? checkFunctions(source) : []),
    ]),
    ...checkMedian(tree),
    ...checkLib(tree),
  ];
}

export function medianLines(tree: Tree): number {
  const lengths = tree.sources
    .filter((source) => source.path.startsWith('src/'))
    .map((source) => source.lines.length)
    .sort((a, b) => a - b);
  return lengths[Math.floor((lengths.length - 1) / 2)] ?? 0;
}

function checkFile({ path, lines }: Source): readonly Finding[] {
  if (lines.length <= FILE_LINES_MAX) return [];
  const message = `${lines.length} lines, more than ${FILE_LINES_MAX}`;
  return [{ path, line: FILE_LINES_MAX + 1, rule: 'file-length', message }];
}

function checkLines({ path, lines }: Source): readonly Finding[] {
  return lines.flatMap((text, index) => {
    const { length } = [...text];
    if (length <= LINE_CHARACTERS_MAX) return [];
    const message = `${length} characters, more than ${LINE_CHARACTERS_MAX}`;
    return [{ path, line: index + 1, rule: 'line-length', message }];
  });
}

function checkFunctions(source: Source): readonly Finding[] {
  const findings: Finding[] = [];
  visitNodes(source.ast, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
    const line = lineOf(source, node);
    const last = source.ast.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
    const count = last - line + 1;
    if (count <= FUNCTION_LINES_MAX) return;
    const name = node.name?.getText(source.ast) ?? 'a function';
    const message = `${name} has ${count} lines, more than ${FUNCTION_LINES_MAX}`;
    findings.push({ path: source.path, line, rule: 'function-length', message });
  });
  return findings;
}

function checkMedian(tree: Tree): readonly Finding[] {
  const median = medianLines(tree);
  if (median <= MEDIAN_LINES_MAX) return [];
  const message = `the median file has ${median} lines, more than ${MEDIAN_LINES_MAX}`;
  return [{ path: 'src', line: 1, rule: 'median-length', message }];
}

function checkLib(tree: Tree): readonly Finding[] {
  const count = tree.sources.filter((source) => source.path.startsWith('src/lib/')).length;
  if (count <= LIB_FILES_MAX) return [];
  const message = `${count} files, more than ${LIB_FILES_MAX}: name what they are about`;
  return [{ path: 'src/lib', line: 1, rule: 'lib-files', message }];
}
