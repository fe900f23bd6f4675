// A part of src is imported through its index.ts, which is a list and nothing else, and which the
// part's own files leave alone. No file re-exports everything.
import ts from 'typescript';
import type { Finding } from './finding.ts';
import { findPart, IMPORT_TABLE, type ImportTable } from './import-table.ts';
import { type Import, listImports } from './imports.ts';
import { lineOf, type Source, type Tree } from './tree.ts';

export function checkFrontDoors(tree: Tree, table: ImportTable = IMPORT_TABLE): readonly Finding[] {
  return tree.sources
    .filter((source) => source.path.startsWith('src/'))
    .flatMap((source) => [
      ...checkDoors(source, table),
      ...checkStars(source),
      ...(source.path.endsWith('/index.ts') ? checkList(source) : []),
    ]);
}

function checkDoors(source: Source, table: ImportTable): readonly Finding[] {
  return listImports(source).flatMap((entry) => {
    const message = judgeDoor(source.path, entry, table);
    return message === undefined ? [] : [found(source, entry.line, message)];
  });
}

function judgeDoor(path: string, { target }: Import, table: ImportTable): string | undefined {
  if (target === undefined) return undefined;
  if (target.endsWith('/index.ts') && path.startsWith(target.slice(0, -'index.ts'.length))) {
    return `a file does not import the index.ts of its own folder (${target})`;
  }
  const part = findPart(target, table);
  if (part === undefined || part === findPart(path, table)) return undefined;
  if (table[part]?.open || part.endsWith('.ts') || target === `src/${part}/index.ts`) {
    return undefined;
  }
  return `import ${part} through src/${part}/index.ts, not ${target}`;
}

// Biome's noReExportAll lets `export type *` pass.
function checkStars(source: Source): readonly Finding[] {
  return source.ast.statements
    .filter(
      (statement) =>
        ts.isExportDeclaration(statement) &&
        statement.moduleSpecifier !== undefined &&
        (statement.exportClause === undefined || ts.isNamespaceExport(statement.exportClause)),
    )
    .map((statement) => found(source, lineOf(source, statement), 'name what is re-exported, no *'));
}

function checkList(source: Source): readonly Finding[] {
  return source.ast.statements
    .filter((statement) => !isListed(statement))
    .map((statement) =>
      found(source, lineOf(source, statement), 'index.ts lists imports and exports, no logic'),
    );
}

function isListed(statement: ts.Statement): boolean {
  if (ts.isImportDeclaration(statement)) return statement.importClause !== undefined;
  return ts.isExportDeclaration(statement);
}

function found(source: Source, line: number, message: string): Finding {
  return { path: source.path, line, rule: 'front-door', message };
}
