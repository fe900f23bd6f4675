import { describe, expect, it } from 'vitest';
import { checkCycles } from '../../tools/tidy/cycles.ts';
import { places, writeTree } from './temp-tree.ts';

describe('cycles', () => {
  it('are not seen where two ways lead to one file', () => {
    const tree = writeTree({
      'src/raft/a.ts': "import './b.ts';\nimport './c.ts';",
      'src/raft/b.ts': "import './d.ts';",
      'src/raft/c.ts': "import './d.ts';",
      'src/raft/d.ts': "import 'tslib';",
    });
    expect(checkCycles(tree)).toEqual([]);
  });

  it('are found once, with the shortest way round, at the import that starts it', () => {
    const tree = writeTree({
      'src/raft/a.ts': "import './d.ts';\nimport './b.ts';",
      'src/raft/b.ts': "import './c.ts';",
      'src/raft/c.ts': "import './a.ts';",
      'src/raft/d.ts': '',
    });
    expect(checkCycles(tree)).toEqual([
      {
        path: 'src/raft/a.ts',
        line: 2,
        rule: 'cycle',
        message: 'src/raft/a.ts -> src/raft/b.ts -> src/raft/c.ts -> src/raft/a.ts',
      },
    ]);
  });

  it.each([
    ['types', "import type { B } from './b.ts';"],
    ['re-exported types', "export type { B } from './b.ts';"],
    ['import() types', "export type B = import('./b.ts').B;"],
    ['import() calls', "export const load = () => import('./b.ts');"],
  ])('of %s count too', (_, statement) => {
    const tree = writeTree({
      'tools/x/a.ts': statement,
      'tools/x/b.ts': "import type { A } from './a.ts';",
    });
    expect(places(checkCycles(tree))).toEqual(['tools/x/a.ts:1 cycle']);
  });

  it('are each found when there are two, and when a file imports itself', () => {
    const tree = writeTree({
      'src/raft/a.ts': "import './b.ts';",
      'src/raft/b.ts': "import './a.ts';",
      'src/raft/c.ts': "import './c.ts';\nimport './a.ts';",
    });
    expect(places(checkCycles(tree))).toEqual(['src/raft/a.ts:1 cycle', 'src/raft/c.ts:1 cycle']);
  });
});
