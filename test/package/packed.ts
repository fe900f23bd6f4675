// Builds the package in a copy of the repository, packs it, and unpacks it where a host would have
// it. Nothing comes from the registry: what it depends on is linked to the repository's copies.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Manifest {
  readonly name: string;
  readonly type: string;
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface Packed {
  /** Holds all the rest, to be removed in the end. */
  readonly folder: string;
  /** The copy that was built. */
  readonly built: string;
  /** A host's folder, with the package in its node_modules. */
  readonly host: string;
  /** The package there. */
  readonly root: string;
  readonly manifest: Manifest;
  /** Every file of the package, relative to `root`. */
  readonly paths: readonly string[];
}

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
/** What a host compiles with, beside what the package declares. */
const HOST_PACKAGES = ['@types/node', 'undici-types'];

export function packPackage(): Packed {
  const folder = mkdtempSync(join(tmpdir(), 'coxswain-package-'));
  const built = buildCopy(join(folder, 'built'));
  const host = join(folder, 'host');
  const root = unpack(packInto(built, folder), join(host, 'node_modules'));
  const manifest: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const links = [...declaredPackages(manifest), ...HOST_PACKAGES];
  for (const name of links) linkPackage(name, join(host, 'node_modules'));
  return { folder, built, host, root, manifest, paths: listFiles(root) };
}

export function declaredPackages(manifest: Manifest): readonly string[] {
  return Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
}

/** The subpaths a host can import: `''`, `'/raft'`, … without those of data. */
export function subpathsOf(manifest: Manifest): readonly string[] {
  return Object.keys(manifest.exports)
    .filter((subpath) => !subpath.endsWith('.json'))
    .map((subpath) => subpath.slice(1));
}

function buildCopy(copy: string): string {
  const kept = readdirSync(REPOSITORY).filter((name) => /^[A-Z]+(\.md)?$|\.json$|^src$/.test(name));
  for (const name of kept) cpSync(join(REPOSITORY, name), join(copy, name), { recursive: true });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'));
  execFileSync('npm', ['run', '-s', 'build'], { cwd: copy, stdio: 'pipe' });
  return copy;
}

function packInto(copy: string, folder: string): string {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const output = execFileSync('npm', args, { cwd: copy, encoding: 'utf8', stdio: 'pipe' });
  const [{ filename }]: [{ readonly filename: string }] = JSON.parse(output);
  return join(folder, filename);
}

function unpack(tarball: string, modules: string): string {
  const root = join(modules, 'coxswain');
  mkdirSync(root, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', root, '--strip-components=1']);
  return root;
}

function linkPackage(name: string, modules: string): void {
  const source = join(REPOSITORY, 'node_modules', name);
  if (!existsSync(source)) return;
  mkdirSync(dirname(join(modules, name)), { recursive: true });
  symlinkSync(source, join(modules, name));
}

function listFiles(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}
