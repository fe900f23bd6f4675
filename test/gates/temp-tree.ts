// A tiny repository as tidy reads it, and its findings in the form a test can say in one line.
import type { Finding } from '../../tools/tidy/finding.ts';
import { readTree, type Tree } from '../../tools/tidy/tree.ts';
import { type Files, writeFiles } from './temp-package.ts';

export function writeTree(files: Files): Tree {
  return readTree(writeFiles(files));
}

/** `path:line rule` of each. */
export function places(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ path, line, rule }) => `${path}:${line} ${rule}`);
}
