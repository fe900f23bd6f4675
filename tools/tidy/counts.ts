// How much the checks saw, and how much they must have seen: a gate that looked at nothing fails.
import type { Finding } from './finding.ts';
import { IMPORT_TABLE, type ImportTable } from './import-table.ts';
import { medianLines } from './lengths.ts';
import { listPure } from './purity.ts';
import { SOURCE_FOLDERS, type Tree } from './tree.ts';

export interface Minimums {
  /** TypeScript files in src. */
  readonly sources: number;
  /** Of them, in the pure parts. */
  readonly pure: number;
  readonly pages: number;
}

export const MINIMUMS: Minimums = { sources: 20, pure: 1, pages: 1 };

export function checkCounts(
  tree: Tree,
  minimums: Minimums = MINIMUMS,
  table: ImportTable = IMPORT_TABLE,
): readonly Finding[] {
  return [
    ...tooFew('src', 'files in src', countIn(tree, 'src'), minimums.sources),
    ...tooFew('src', 'pure files', listPure(tree, table).length, minimums.pure),
    ...tooFew('docs', 'pages', tree.pages.length, minimums.pages),
  ];
}

export function describeCounts(tree: Tree): string {
  const folders = SOURCE_FOLDERS.map((folder) => `${folder} ${countIn(tree, folder)}`);
  return [
    `looked at ${tree.sources.length} files (${folders.join(', ')})`,
    `${listPure(tree).length} of them pure`,
    `median of src ${medianLines(tree)} lines`,
    `${tree.pages.length} pages`,
  ].join(', ');
}

function countIn(tree: Tree, folder: string): number {
  return tree.sources.filter((source) => source.path.startsWith(`${folder}/`)).length;
}

function tooFew(path: string, what: string, seen: number, minimum: number): readonly Finding[] {
  if (seen >= minimum) return [];
  const message = `saw ${seen} ${what}, fewer than ${minimum}: is this the right place?`;
  return [{ path, line: 1, rule: 'too-few', message }];
}
