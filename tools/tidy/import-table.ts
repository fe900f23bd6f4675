// The import table of ARCHITECTURE.md as data: which part of src may import which part, and which
// packages. A part is a folder or a file of src; the longest matching name wins, so a folder inside
// a part can have a row of its own. Parts that do not exist yet have their rows already.

export interface ImportRow {
  /** No I/O, clock, random source, promise or module state: `purity.ts` reads this. */
  readonly pure?: true;
  /** Names that `purity.ts` lets pass in this part. */
  readonly allows?: readonly string[];
  /** Files may be imported one by one, without a front door. */
  readonly open?: true;
  readonly imports: readonly string[] | 'anything';
  /** Parts of which only types may be imported. */
  readonly types?: readonly string[];
  readonly packages: readonly string[] | 'anything';
  /** Packages that one file of the part may import. */
  readonly filePackages?: Readonly<Record<string, readonly string[]>>;
}

export type ImportTable = Readonly<Record<string, ImportRow>>;

/** Written by the compiler (`importHelpers`), so any part may have it. */
export const IMPLICIT_PACKAGES: readonly string[] = ['tslib'];

const LEAVES = ['lib', 'errors.ts'] as const;

export const IMPORT_TABLE: ImportTable = {
  'index.ts': { imports: ['runtime', 'memory', 'contracts', 'errors.ts'], packages: [] },
  'errors.ts': { pure: true, imports: [], packages: [] },
  lib: {
    pure: true,
    allows: ['PromiseLike'],
    open: true,
    imports: ['errors.ts'],
    packages: [],
    filePackages: { 'checksum.ts': ['xxhash-wasm'] },
  },
  raft: { pure: true, imports: LEAVES, packages: [] },
  versions: { pure: true, imports: LEAVES, packages: [] },
  conflicts: {
    pure: true,
    allows: ['PromiseLike'],
    imports: ['versions', ...LEAVES],
    packages: [],
  },
  reconcile: { pure: true, imports: LEAVES, packages: [] },
  contracts: { imports: [], types: ['raft', 'versions', 'conflicts'], packages: [] },
  runtime: {
    imports: ['contracts', 'raft', ...LEAVES],
    packages: ['msgpackr', 'eventemitter3', 'node:*'],
  },
  memory: { imports: ['contracts', 'runtime', ...LEAVES], packages: [] },
  level: { imports: ['contracts', 'versions', ...LEAVES], packages: ['level', 'node:*'] },
  tcp: { imports: ['contracts', ...LEAVES], packages: ['node:net', 'node:tls'] },
  kv: {
    imports: ['contracts', 'versions', 'conflicts', 'reconcile', ...LEAVES],
    packages: ['eventemitter3', 'msgpackr'],
  },
  sync: {
    imports: ['sync/stream', 'contracts', 'versions', 'conflicts', 'reconcile', 'kv', ...LEAVES],
    packages: ['msgpackr', 'eventemitter3'],
  },
  'sync/stream': {
    pure: true,
    imports: ['versions', 'conflicts', 'reconcile', ...LEAVES],
    types: ['contracts'],
    packages: [],
  },
  monitor: { imports: ['contracts', ...LEAVES], packages: ['prom-client', '@opentelemetry/api'] },
  databases: {
    imports: ['contracts', 'versions', 'sync', ...LEAVES],
    packages: ['pg', 'ioredis'],
  },
  services: {
    imports: ['contracts', 'kv', 'monitor', ...LEAVES],
    packages: ['cockatiel', 'lru-cache', 'ioredis'],
  },
  testkit: { imports: 'anything', packages: 'anything' },
};

/** The part a file of the repository belongs to, or undefined: outside src, or in no row. */
export function findPart(path: string, table: ImportTable): string | undefined {
  if (!path.startsWith('src/')) return undefined;
  const inside = path.slice('src/'.length);
  return Object.keys(table)
    .filter((part) => inside === part || inside.startsWith(`${part}/`))
    .sort((a, b) => b.length - a.length)[0];
}
