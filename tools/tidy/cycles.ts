// No file reaches itself through imports, type-only ones included. One finding for each cycle, with
// its shortest way round.
import type { Finding } from './finding.ts';
import { type Import, listImports } from './imports.ts';
import type { Tree } from './tree.ts';

type Graph = ReadonlyMap<string, readonly Import[]>;

export function checkCycles(tree: Tree): readonly Finding[] {
  const graph: Graph = new Map(tree.sources.map((source) => [source.path, listImports(source)]));
  const seen = new Set<string>();
  const findings: Finding[] = [];
  for (const path of [...graph.keys()].sort()) {
    if (seen.has(path)) continue;
    const cycle = findCycle(path, graph);
    if (cycle === undefined) continue;
    for (const member of cycle) seen.add(member);
    const line = lineOfImport(graph, path, cycle[1]);
    findings.push({ path, line, rule: 'cycle', message: cycle.join(' -> ') });
  }
  return findings;
}

/** Breadth first from a file back to itself: the files on the way, the start at both ends. */
function findCycle(start: string, graph: Graph): readonly string[] | undefined {
  const before = new Map<string, string>();
  const queue = [start];
  for (const path of queue) {
    for (const target of targetsOf(graph, path)) {
      if (target === start) return [...walkBack(path, start, before), start];
      if (before.has(target)) continue;
      before.set(target, path);
      queue.push(target);
    }
  }
  return undefined;
}

function walkBack(end: string, start: string, before: ReadonlyMap<string, string>): string[] {
  const way = [end];
  for (let path = end; path !== start; ) {
    path = before.get(path) ?? start;
    way.unshift(path);
  }
  return way;
}

function targetsOf(graph: Graph, path: string): readonly string[] {
  return (graph.get(path) ?? []).flatMap(({ target }) => (target === undefined ? [] : [target]));
}

function lineOfImport(graph: Graph, path: string, target: string | undefined): number {
  return graph.get(path)?.find((entry) => entry.target === target)?.line ?? 1;
}
