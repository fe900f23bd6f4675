// The structure gate as one function: a tree in, every finding out, in order.
import { checkCounts, type Minimums } from './counts.ts';
import { checkCycles } from './cycles.ts';
import { checkDocs } from './docs.ts';
import { type Finding, sortFindings } from './finding.ts';
import { checkFrontDoors } from './front-doors.ts';
import { checkImports } from './import-rules.ts';
import { checkLengths } from './lengths.ts';
import { checkPurity } from './purity.ts';
import type { Tree } from './tree.ts';
import { checkWords } from './words.ts';

export function checkTree(tree: Tree, minimums?: Minimums): readonly Finding[] {
  return sortFindings([
    ...checkCounts(tree, minimums),
    ...checkImports(tree),
    ...checkFrontDoors(tree),
    ...checkCycles(tree),
    ...checkPurity(tree),
    ...checkLengths(tree),
    ...checkWords(tree),
    ...checkDocs(tree),
  ]);
}
