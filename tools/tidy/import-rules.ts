// Holds src against the import table: parts, packages, and paths that lead nowhere.
import type { Finding } from './finding.ts';
import {
  findPart,
  IMPLICIT_PACKAGES,
  IMPORT_TABLE,
  type ImportRow,
  type ImportTable,
} from './import-table.ts';
import { type Import, listImports, packageOf } from './imports.ts';
import type { Source, Tree } from './tree.ts';

export function checkImports(tree: Tree, table: ImportTable = IMPORT_TABLE): readonly Finding[] {
  return [
    ...checkStrays(tree),
    ...tree.sources.flatMap((source) => checkPaths(source, tree)),
    ...tree.sources.flatMap((source) => checkSource(source, table)),
  ];
}

// A file the checks cannot read would be a hole in every one of them.
function checkStrays(tree: Tree): readonly Finding[] {
  return [...tree.paths]
    .filter((path) => path.startsWith('src/') && /\.(m|c)?(j|t)sx?$/.test(path))
    .filter((path) => !path.endsWith('.ts') || /\.(m|c)ts$/.test(path))
    .map((path) => ({ path, line: 1, rule: 'import-path', message: 'only .ts files in src' }));
}

function checkPaths(source: Source, tree: Tree): readonly Finding[] {
  return listImports(source)
    .filter(({ target }) => target !== undefined && !tree.paths.has(target))
    .map(({ specifier, line }) => ({
      path: source.path,
      line,
      rule: 'import-path',
      message: `'${specifier}' is no file here; name the file as it is, with its .ts`,
    }));
}

function checkSource(source: Source, table: ImportTable): readonly Finding[] {
  if (!source.path.startsWith('src/')) return [];
  const part = findPart(source.path, table);
  const row = part === undefined ? undefined : table[part];
  if (part === undefined || row === undefined) {
    return [found(source, 1, 'this folder of src is not in tools/tidy/import-table.ts')];
  }
  return listImports(source).flatMap((entry) => {
    const message =
      entry.target === undefined
        ? judgePackage(entry, part, row, source.path)
        : judgePart(entry, part, row, findPart(entry.target, table));
    return message === undefined ? [] : [found(source, entry.line, message)];
  });
}

function judgePackage(
  { specifier }: Import,
  part: string,
  row: ImportRow,
  path: string,
): string | undefined {
  if (row.packages === 'anything') return undefined;
  const file = path.slice(`src/${part}/`.length);
  const allowed = [...IMPLICIT_PACKAGES, ...row.packages, ...(row.filePackages?.[file] ?? [])];
  const name = packageOf(specifier);
  if (allowed.includes(name)) return undefined;
  if (name.startsWith('node:') && allowed.includes('node:*')) return undefined;
  return `${part} may not import the package '${name}'`;
}

function judgePart(
  { specifier, target, typeOnly }: Import,
  part: string,
  row: ImportRow,
  targetPart: string | undefined,
): string | undefined {
  if (!target?.startsWith('src/')) return `'${specifier}' leads out of src`;
  if (targetPart === undefined || targetPart === part) return undefined;
  if (row.imports === 'anything' || row.imports.includes(targetPart)) return undefined;
  if (!row.types?.includes(targetPart)) return `${part} may not import ${targetPart}`;
  return typeOnly ? undefined : `${part} may import only types of ${targetPart}: use import type`;
}

function found(source: Source, line: number, message: string): Finding {
  return { path: source.path, line, rule: 'import-table', message };
}
