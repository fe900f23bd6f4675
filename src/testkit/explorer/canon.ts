// Of all the states that differ only by which member is which, the one that stands for them.
import type { Catalog } from './catalog.ts';
import { encodeWorld, type World } from './world.ts';

export interface Canonical {
  readonly text: string;
  /** Which of the catalog's renamings leads to it. */
  readonly way: number;
}

/** Members in the order of their shapes; among equal ones, whichever way has the lowest text. */
export function canonicalOf(world: World, catalog: Catalog): Canonical {
  const shapes = catalog.renamings.length === 1 ? [] : world.members.map((n) => catalog.shapeOf(n));
  let lowest: Canonical | undefined;
  for (let way = 0; way < catalog.renamings.length; way++) {
    if (!isAscending(shapes, catalog.renamings[way] ?? [], catalog.alike)) continue;
    const text = encodeWorld(way === 0 ? world : renameWorld(world, catalog, way));
    if (lowest === undefined || text < lowest.text) lowest = { text, way };
  }
  return lowest ?? { text: encodeWorld(world), way: 0 };
}

function renameWorld(world: World, catalog: Catalog, way: number): World {
  const renaming = catalog.renamings[way] ?? [];
  const members: number[] = [];
  for (const [at, number] of world.members.entries()) {
    members[renaming[at] ?? 0] = catalog.rename('member', number, way);
  }
  const network = world.network.map((number) => catalog.rename('envelope', number, way));
  return {
    members,
    history: catalog.rename('history', world.history, way),
    spent: world.spent,
    network: network.sort((one, other) => one - other),
  };
}

function isAscending(
  shapes: readonly number[],
  renaming: readonly number[],
  alike: readonly number[],
): boolean {
  for (const one of alike) {
    for (const other of alike) {
      if (other <= one) continue;
      const isBefore = (renaming[one] ?? 0) < (renaming[other] ?? 0);
      const [low = 0, high = 0] = isBefore
        ? [shapes[one], shapes[other]]
        : [shapes[other], shapes[one]];
      if (low > high) return false;
    }
  }
  return true;
}
