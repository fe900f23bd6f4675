import { describe, expect, it } from 'vitest';
import { checkImports } from '../../tools/tidy/import-rules.ts';
import { IMPORT_TABLE } from '../../tools/tidy/import-table.ts';
import type { Files } from './temp-package.ts';
import { places, writeTree } from './temp-tree.ts';

const CLEAN: Files = {
  'src/index.ts': "export { RaftNode } from './runtime/index.ts';",
  'src/errors.ts': 'export class CoxswainError extends Error {}',
  'src/lib/checksum.ts': "import xxhash from 'xxhash-wasm';\nexport const load = xxhash;",
  'src/raft/index.ts': "export { step } from './raft.ts';",
  'src/raft/raft.ts': [
    "import { CoxswainError } from '../errors.ts';",
    "import { load } from '../lib/checksum.ts';",
    'export const step = [CoxswainError, load];',
  ],
  'src/contracts/index.ts': "export type { step } from '../raft/index.ts';",
  'src/runtime/index.ts': "export { RaftNode } from './raft-node.ts';",
  'src/runtime/raft-node.ts': [
    "import { readFile } from 'node:fs/promises';",
    "import { EventEmitter } from 'eventemitter3';",
    "import { step } from '../raft/index.ts';",
    'export const RaftNode = [readFile, EventEmitter, step];',
  ],
  'src/monitor/tracing.ts': "import '@opentelemetry/api/build/trace.js';\nimport 'prom-client';",
  'src/testkit/index.ts': "export { RaftNode } from '../runtime/index.ts';",
  'test/unit/raft/raft.test.ts': "import { step } from '../../../src/raft/raft.ts';\nvoid step;",
};

function placesWith(files: Files): readonly string[] {
  return places(checkImports(writeTree({ ...CLEAN, ...files })));
}

describe('the import table', () => {
  it('passes a tree that keeps to it', () => {
    expect(placesWith({})).toEqual([]);
  });

  it.each([
    ['the pure core', 'raft', "import { x } from '../runtime/index.ts';"],
    ['a re-export', 'raft', "export { x } from '../runtime/index.ts';"],
    ['a type-only import', 'raft', "import type { X } from '../runtime/index.ts';"],
    [
      'a type written as import()',
      'raft',
      "export type X = import('../runtime/index.ts').RaftNode;",
    ],
    ['an import() call', 'runtime', "export const x = () => import('../testkit/index.ts');"],
    ['the test kit', 'runtime', "import { x } from '../testkit/index.ts';"],
    ['a sibling the table does not name', 'memory', "import { step } from '../raft/index.ts';"],
    ['the index of the package', 'runtime', "import { RaftNode } from '../index.ts';"],
    ['a file outside src', 'runtime', "import '../../test/unit/raft/raft.test.ts';"],
    ['node: in a pure folder', 'raft', "import { readFile } from 'node:fs';"],
    ['a package the folder may not use', 'tcp', "import { pack } from 'msgpackr';"],
    ['a node: module the folder may not use', 'tcp', "import { readFile } from 'node:fs';"],
    ['a package of the same scope', 'monitor', "import '@opentelemetry/core';"],
    ['a package of one file in another', 'lib', "import xxhash from 'xxhash-wasm';"],
  ])('catches %s', (_, folder, statement) => {
    expect(placesWith({ [`src/${folder}/bad.ts`]: ['// A line above.', statement] })).toEqual([
      `src/${folder}/bad.ts:2 import-table`,
    ]);
  });

  it('lets contracts take types of raft, and nothing else of it', () => {
    const findings = checkImports(
      writeTree({
        ...CLEAN,
        'src/contracts/value.ts': "import { step } from '../raft/index.ts';\nvoid step;",
        'src/contracts/half.ts': "export { type step } from '../raft/index.ts';",
      }),
    );
    expect(places(findings)).toEqual([
      'src/contracts/half.ts:1 import-table',
      'src/contracts/value.ts:1 import-table',
    ]);
    expect(findings[0]?.message).toContain('use import type');
  });

  it('catches a folder of src it has no row for', () => {
    expect(placesWith({ 'src/misc/a.ts': '', 'src/loose.ts': '' })).toEqual([
      'src/loose.ts:1 import-table',
      'src/misc/a.ts:1 import-table',
    ]);
  });

  it('catches a path that names no file, and a file the checks cannot read', () => {
    expect(
      placesWith({
        'src/raft/bad.ts': "import { step } from './raft.js';\nvoid step;",
        'src/raft/plain.js': '',
        'src/raft/common.cts': '',
      }),
    ).toEqual([
      'src/raft/common.cts:1 import-path',
      'src/raft/plain.js:1 import-path',
      'src/raft/bad.ts:1 import-path',
    ]);
  });

  it('names only parts that have a row themselves', () => {
    for (const row of Object.values(IMPORT_TABLE)) {
      const named = [...(row.imports === 'anything' ? [] : row.imports), ...(row.types ?? [])];
      expect(Object.keys(IMPORT_TABLE)).toEqual(expect.arrayContaining(named));
      expect(named).not.toContain('testkit');
    }
  });
});
