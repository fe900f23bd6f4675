import { describe, expect, it } from 'vitest';
import { IMPORT_TABLE } from '../../tools/tidy/import-table.ts';
import { checkPurity } from '../../tools/tidy/purity.ts';
import { places, writeTree } from './temp-tree.ts';

const PURE = Object.keys(IMPORT_TABLE).filter((part) => IMPORT_TABLE[part]?.pure);

const CLEAN = [
  '// A Date, a Promise and setTimeout may be talked about.',
  'const NAMES: ReadonlySet<string> = new Set(["Date"]);',
  'const KINDS: readonly string[] = ["process"];',
  'export type Elsewhere = Space.Date;',
  'export interface Clock { Date: number; process(): void }',
  'export function step(state: { performance: number }, now: number): number {',
  '  let best = Math.max(now, state.performance);',
  '  const seen = new Map<string, number>();',
  '  best += seen.size + NAMES.size + KINDS.length;',
  '  return best;',
  '}',
];

function placesOf(path: string, code: string): readonly string[] {
  return places(checkPurity(writeTree({ [path]: ['// A line above.', code] })));
}

describe('purity', () => {
  it('is asked of these parts', () => {
    expect(PURE.sort()).toEqual([
      'conflicts',
      'errors.ts',
      'lib',
      'raft',
      'reconcile',
      'sync/stream',
      'versions',
    ]);
  });

  it('passes pure code, and names in comments, strings and properties', () => {
    expect(checkPurity(writeTree({ 'src/raft/raft.ts': CLEAN }))).toEqual([]);
  });

  it.each(PURE)('catches a clock in %s', (part) => {
    const path = part.endsWith('.ts') ? `src/${part}` : `src/${part}/bad.ts`;
    expect(placesOf(path, 'export const now = Date.now();')).toEqual([`${path}:2 purity`]);
  });

  it.each([
    'export const a = async () => 1;',
    'await undefined;',
    'for await (const a of []) a;',
    'export const a = Promise;',
    'export type A = Promise<number>;',
    'export type A = PromiseLike<number>;',
    'export const a = new Date();',
    'export type A = Date;',
    'export const a = Math.random();',
    'export const a = Math["random"]();',
    'const { random } = Math;',
    'export const a = performance.now();',
    'setTimeout(() => 1, 1);',
    'export const a = setInterval;',
    'setImmediate(() => 1);',
    'queueMicrotask(() => 1);',
    'export const a = process.env;',
    'export const a = { process };',
    'console.log(1);',
    'export const a = crypto.randomUUID();',
    'globalThis.a = 1;',
    'export const a = () => import("./b.ts");',
    'let a = 1;',
    'var a = 1;',
    'const a = new Map();',
    'const a: Set<number> = new Set();',
    'export const a = new WeakMap();',
  ])('catches `%s`', (code) => {
    expect(placesOf('src/raft/bad.ts', code)).toEqual(['src/raft/bad.ts:2 purity']);
  });

  it('lets a resolver hand back a PromiseLike, not a Promise', () => {
    const path = 'src/conflicts/resolvers/a.ts';
    expect(placesOf(path, 'export type A = PromiseLike<number>;')).toEqual([]);
    expect(placesOf(path, 'export type A = Promise<number>;')).toEqual([`${path}:2 purity`]);
  });

  it('asks nothing of the other folders', () => {
    expect(placesOf('src/runtime/a.ts', 'export const a = async () => Date.now();')).toEqual([]);
  });
});
