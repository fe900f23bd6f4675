// Nothing unfinished is left behind: notes to self, a test that runs alone, a test switched off
// without a reason.
import ts from 'typescript';
import type { Finding } from './finding.ts';
import { lineOf, type Source, type Tree, visitNodes } from './tree.ts';

// In two halves, or this file would be its own first finding.
const NOTES = [
  ['TO', 'DO'],
  ['FIX', 'ME'],
  ['XX', 'X'],
].map((halves) => halves.join(''));
const NOTE = new RegExp(`\\b(${NOTES.join('|')})\\b`);
const RUNNERS = new Set(['it', 'test', 'describe', 'suite', 'bench']);

export function checkWords(tree: Tree): readonly Finding[] {
  return tree.sources.flatMap((source) => [...checkNotes(source), ...checkRunners(source)]);
}

function checkNotes({ path, lines }: Source): readonly Finding[] {
  return lines.flatMap((text, index) => {
    const word = NOTE.exec(text)?.[1];
    if (word === undefined) return [];
    return [{ path, line: index + 1, rule: 'left-behind', message: `${word}: do it or drop it` }];
  });
}

function checkRunners(source: Source): readonly Finding[] {
  const findings: Finding[] = [];
  visitNodes(source.ast, (node) => {
    if (!ts.isPropertyAccessExpression(node) || !RUNNERS.has(rootOf(node))) return;
    const line = source.ast.getLineAndCharacterOfPosition(node.name.getStart()).line + 1;
    const message = judgeRunner(node.name.text, hasReason(source, lineOf(source, node), line));
    if (message === undefined) return;
    findings.push({ path: source.path, line, rule: 'left-behind', message });
  });
  return findings;
}

function judgeRunner(name: string, reasoned: boolean): string | undefined {
  if (name === 'only') return 'the other tests would not run';
  if (name === 'todo') return 'write this test or drop it';
  if (name === 'skip' && !reasoned) return 'say in a comment why this test is skipped';
  return undefined;
}

/** The first name of a chain such as `it.concurrent.each`. */
function rootOf(node: ts.Expression): string {
  if (ts.isPropertyAccessExpression(node) || ts.isCallExpression(node)) {
    return rootOf(node.expression);
  }
  return ts.isIdentifier(node) ? node.text : '';
}

/** A comment on the line above the statement, or at the end of one of its lines up to the word. */
function hasReason({ lines }: Source, first: number, last: number): boolean {
  if (/^\s*(\/\/|\*\/|\/\*)/.test(lines[first - 2] ?? '')) return true;
  return lines.slice(first - 1, last).some((text) => /\/\/\s*\S/.test(text));
}
