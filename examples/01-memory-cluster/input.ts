// Reads a tree of JSON files and flattens it to one key for each value: the file's path, then the
// names on the way, as in `package.json/scripts/test`.
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigValue } from './config-machine.ts';

export type Entry = readonly [key: string, value: ConfigValue];

export interface Input {
  /** What was read, for the reader of the output. */
  readonly source: string;
  readonly files: number;
  readonly entries: readonly Entry[];
}

/** The input cannot be used; the message names it and says why. */
class InputError extends Error {
  override readonly name = 'InputError';
}

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const MAX_DEPTH = 500;
const OWN_FILES = /^(package(-lock)?|tsconfig.*|biome)\.json$/;

export async function loadInput(path: string | undefined): Promise<Input> {
  const source = path ?? "this repository's own configuration";
  const root = path ?? REPOSITORY;
  const files = await refusing(source, () => (path === undefined ? ownFiles() : listFiles(path)));
  const values = new Map<string, ConfigValue>();
  for (const file of files) {
    const key = file === '' ? basename(root) : file;
    flatten(key, await readJson(join(root, file)), values);
  }
  if (values.size === 0) throw new InputError(`input ${source}: there is no JSON value in it`);
  return { source, files: files.length, entries: [...values] };
}

async function ownFiles(): Promise<readonly string[]> {
  return (await readdir(REPOSITORY)).filter((name) => OWN_FILES.test(name)).sort();
}

/** Paths below `path`, with `/` between the names; one empty path when it is a file itself. */
async function listFiles(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [''];
  const found: string[] = [];
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const { name } = entry;
    if (entry.isFile() && name.endsWith('.json')) found.push(name);
    if (!entry.isDirectory() || name === 'node_modules' || name.startsWith('.')) continue;
    found.push(...(await listFiles(join(path, name))).map((below) => `${name}/${below}`));
  }
  return found.sort();
}

async function readJson(path: string): Promise<unknown> {
  const text = await refusing(path, () => readFile(path, 'utf8'));
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new InputError(`input ${path}: not valid JSON: ${oneLine(cause)}`, { cause });
  }
}

function flatten(key: string, value: unknown, into: Map<string, ConfigValue>, depth = 1): void {
  if (depth > MAX_DEPTH) throw new InputError(`input key ${key.slice(0, 40)}…: nested too deeply`);
  if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      flatten(`${key}/${name}`, inner, into, depth + 1);
    }
    return;
  }
  if (into.has(key)) throw new InputError(`input key ${key}: two values have this same key`);
  into.set(key, value as ConfigValue);
}

async function refusing<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const why = missing ? 'there is no such file or folder' : oneLine(cause);
    throw new InputError(`input ${path}: cannot be read: ${why}`, { cause });
  }
}

function oneLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\s+/g, ' ');
}
