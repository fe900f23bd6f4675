// The pure parts of src name no clock, random source, timer, promise or process, wait for nothing
// and keep nothing in the module. Packages (node:* too) are the import table's business.
import ts from 'typescript';
import type { Finding } from './finding.ts';
import { findPart, IMPORT_TABLE, type ImportTable } from './import-table.ts';
import { lineOf, type Source, type Tree, visitNodes } from './tree.ts';

const FORBIDDEN: ReadonlySet<string> = new Set([
  'Date',
  'Promise',
  'PromiseLike',
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'console',
  'crypto',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
]);
const COLLECTIONS: ReadonlySet<string> = new Set(['Map', 'Set', 'WeakMap', 'WeakSet']);
const READONLY_COLLECTIONS: ReadonlySet<string> = new Set(['ReadonlyMap', 'ReadonlySet']);

export function checkPurity(tree: Tree, table: ImportTable = IMPORT_TABLE): readonly Finding[] {
  return listPure(tree, table).flatMap((source) => {
    const part = findPart(source.path, table) ?? '';
    return [...checkNames(source, table[part]?.allows ?? []), ...checkModuleState(source)];
  });
}

export function listPure(tree: Tree, table: ImportTable = IMPORT_TABLE): readonly Source[] {
  return tree.sources.filter(({ path }) => table[findPart(path, table) ?? '']?.pure === true);
}

function checkNames(source: Source, allowed: readonly string[]): readonly Finding[] {
  const findings: Finding[] = [];
  visitNodes(source.ast, (node) => {
    const name = forbiddenName(node);
    if (name === undefined || allowed.includes(name)) return;
    findings.push(found(source, node, `no ${name} in a pure folder`));
  });
  return findings;
}

function forbiddenName(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return 'async';
  if (ts.isAwaitExpression(node) || node.kind === ts.SyntaxKind.AwaitKeyword) return 'await';
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return 'import()';
  }
  if (!ts.isIdentifier(node) || !isReference(node)) return undefined;
  if (node.text === 'Math') return isSafeMath(node) ? undefined : 'Math.random';
  return FORBIDDEN.has(node.text) ? node.text : undefined;
}

// `Math.max` is fine; `Math['random']` and `const { random } = Math` would slip past a name check.
function isSafeMath(node: ts.Identifier): boolean {
  return ts.isPropertyAccessExpression(node.parent) && node.parent.name.text !== 'random';
}

/** A use of the name: not a property called so, and not the place that declares it. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  return !('name' in parent && parent.name === node);
}

function checkModuleState(source: Source): readonly Finding[] {
  return source.ast.statements.filter(ts.isVariableStatement).flatMap((statement) => {
    if ((statement.declarationList.flags & ts.NodeFlags.Const) === 0) {
      return [found(source, statement, 'no module-level let or var in a pure folder')];
    }
    return statement.declarationList.declarations
      .filter(isOpenCollection)
      .map((declaration) =>
        found(source, declaration, 'a module-level collection is a ReadonlyMap or ReadonlySet'),
      );
  });
}

function isOpenCollection({ initializer, type }: ts.VariableDeclaration): boolean {
  if (initializer === undefined || !ts.isNewExpression(initializer)) return false;
  if (!COLLECTIONS.has(initializer.expression.getText())) return false;
  if (type === undefined || !ts.isTypeReferenceNode(type)) return true;
  return !READONLY_COLLECTIONS.has(type.typeName.getText());
}

function found(source: Source, node: ts.Node, message: string): Finding {
  return { path: source.path, line: lineOf(source, node), rule: 'purity', message };
}
