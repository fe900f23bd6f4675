// Reads a repository once: every path, each TypeScript file parsed, each page of the documentation.
// It judges nothing, so that each check is a function from this tree to findings.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly ast: ts.SourceFile;
}

export interface Page {
  readonly path: string;
  readonly lines: readonly string[];
}

export interface Tree {
  /** Every file and folder, relative to the root, with `/` between the names. */
  readonly paths: ReadonlySet<string>;
  readonly sources: readonly Source[];
  readonly pages: readonly Page[];
  /** The names of package.json's scripts. */
  readonly scripts: ReadonlySet<string>;
}

export const CODE_FOLDERS: readonly string[] = ['src', 'tools', 'examples', 'bench'];
export const SOURCE_FOLDERS: readonly string[] = [...CODE_FOLDERS, 'test'];

const SKIPPED = new Set(['node_modules', '.git', 'dist', 'coverage']);
const ROOT_PAGES = new Set(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md']);

export function readTree(root: string): Tree {
  const paths = listPaths(root, '');
  return {
    paths: new Set(paths),
    sources: paths.filter(isSource).map((path) => parseSource(path, readText(root, path))),
    pages: paths.filter(isPage).map((path) => ({ path, lines: splitLines(readText(root, path)) })),
    scripts: readScripts(root),
  };
}

function parseSource(path: string, text: string): Source {
  const ast = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return { path, text, lines: splitLines(text), ast };
}

/** The line, counted from 1, on which a node starts; the comment above it does not count. */
export function lineOf(source: Source, node: ts.Node): number {
  return source.ast.getLineAndCharacterOfPosition(node.getStart(source.ast)).line + 1;
}

export function visitNodes(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => visitNodes(child, visit));
}

export function isInside(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}

function isSource(path: string): boolean {
  return path.endsWith('.ts') && isInside(path, SOURCE_FOLDERS);
}

function isPage(path: string): boolean {
  const isWritten = path.startsWith('docs/') && !path.startsWith('docs/reference/');
  return ROOT_PAGES.has(path) || (isWritten && path.endsWith('.md'));
}

function listPaths(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !SKIPPED.has(entry.name))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? [path, ...listPaths(root, path)] : [path];
    });
}

function readText(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function splitLines(text: string): readonly string[] {
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}

function readScripts(root: string): ReadonlySet<string> {
  if (!existsSync(join(root, 'package.json'))) return new Set();
  const manifest: { readonly scripts?: object } = JSON.parse(readText(root, 'package.json'));
  return new Set(Object.keys(manifest.scripts ?? {}));
}
