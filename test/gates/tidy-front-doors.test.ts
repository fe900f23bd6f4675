import { describe, expect, it } from 'vitest';
import { checkFrontDoors } from '../../tools/tidy/front-doors.ts';
import type { Files } from './temp-package.ts';
import { places, writeTree } from './temp-tree.ts';

const CLEAN: Files = {
  'src/errors.ts': 'export class CoxswainError extends Error {}',
  'src/lib/assert.ts': 'export const assert = 1;',
  'src/raft/index.ts': [
    '// A comment.',
    "import type { State } from './state.ts';",
    "export { step } from './raft.ts';",
    "export type { State } from './state.ts';",
    'export type { State as RaftState };',
  ],
  'src/raft/raft.ts': [
    "import { CoxswainError } from '../errors.ts';",
    "import { assert } from '../lib/assert.ts';",
    "import type { State } from './state.ts';",
    'export const step = (state: State) => [state, CoxswainError, assert];',
  ],
  'src/raft/state.ts': 'export type State = number;',
  'src/runtime/raft-node.ts': "export { step } from '../raft/index.ts';",
  'test/unit/raft/raft.test.ts': "export * from '../../../src/raft/raft.ts';",
};

function placesWith(files: Files): readonly string[] {
  return places(checkFrontDoors(writeTree({ ...CLEAN, ...files })));
}

describe('front doors', () => {
  it('pass a tree that uses them', () => {
    expect(placesWith({})).toEqual([]);
  });

  it.each([
    ['a value', "import { step } from '../raft/raft.ts';"],
    ['a type', "import type { State } from '../raft/state.ts';"],
  ])('catch %s taken past the door', (_, statement) => {
    const path = 'src/runtime/bad.ts';
    expect(placesWith({ [path]: statement })).toEqual([`${path}:1 front-door`]);
  });

  it.each([
    ['src/raft/bad.ts', './index.ts'],
    ['src/raft/deep/bad.ts', '../index.ts'],
  ])('catch %s importing its own folder', (path, specifier) => {
    expect(placesWith({ [path]: `import { step } from '${specifier}';` })).toEqual([
      `${path}:1 front-door`,
    ]);
  });

  it.each([
    ['logic', 'export const limit = 7;'],
    ['a function', 'export function step(): void {}'],
    ['a side effect', "import './raft.ts';"],
    ['a type of its own', 'export type Step = number;'],
  ])('catch %s in an index.ts', (_, statement) => {
    expect(placesWith({ 'src/raft/index.ts': statement })).toEqual([
      'src/raft/index.ts:1 front-door',
    ]);
  });

  it.each([
    "export * from './raft.ts';",
    "export type * from './raft.ts';",
    "export * as all from './raft.ts';",
  ])('catch %s', (statement) => {
    expect(placesWith({ 'src/raft/bad.ts': statement })).toEqual(['src/raft/bad.ts:1 front-door']);
  });
});
