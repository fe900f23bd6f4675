// Lists what a file imports: declarations, re-exports, `import()` and `import('…')` types alike.
import { posix } from 'node:path';
import ts from 'typescript';
import { lineOf, type Source, visitNodes } from './tree.ts';

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Nothing is left of it in the emitted JavaScript. */
  readonly typeOnly: boolean;
  /** The repository path a relative specifier points at; undefined for a package. */
  readonly target: string | undefined;
}

export function listImports(source: Source): readonly Import[] {
  const found: Import[] = [];
  visitNodes(source.ast, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    found.push({
      specifier,
      line: lineOf(source, node),
      typeOnly: isTypeOnly(node),
      target: resolveRelative(source.path, specifier),
    });
  });
  return found;
}

/** `@scope/name/sub` and `name/sub` without the part below the package; `node:x` as it is. */
export function packageOf(specifier: string): string {
  const names = specifier.split('/');
  return names.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return textOf(node.moduleSpecifier);
  }
  if (ts.isImportTypeNode(node)) {
    return ts.isLiteralTypeNode(node.argument) ? textOf(node.argument.literal) : undefined;
  }
  if (ts.isExternalModuleReference(node)) return textOf(node.expression);
  if (ts.isCallExpression(node) && isImportCall(node)) return textOf(node.arguments[0]);
  return undefined;
}

function isImportCall(node: ts.CallExpression): boolean {
  return node.expression.kind === ts.SyntaxKind.ImportKeyword;
}

function textOf(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

// `import { type A }` keeps an empty import in the output, so only `import type` counts.
function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) {
    return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  }
  return ts.isImportTypeNode(node) || (ts.isExportDeclaration(node) && node.isTypeOnly);
}

function resolveRelative(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(from), specifier);
}
