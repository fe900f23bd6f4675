// The package as a host gets it: what is in the tarball, what can be imported, what compiles.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declaredPackages, type Packed, packPackage, subpathsOf } from './packed.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
let packed: Packed;

beforeAll(() => {
  packed = packPackage();
});

afterAll(() => {
  rmSync(packed.folder, { recursive: true, force: true });
});

function readPacked(path: string): string {
  return readFileSync(join(packed.root, path), 'utf8');
}

function listPacked(pattern: RegExp): readonly string[] {
  return packed.paths.filter((path) => pattern.test(path));
}

/** Runs a script in the host's folder; what it prints is JSON. */
function runInHost<T>(name: string, code: string): T {
  writeFileSync(join(packed.host, name), code);
  const args = ['--no-warnings', name];
  return JSON.parse(execFileSync('node', args, { cwd: packed.host, encoding: 'utf8' }));
}

type Names = Readonly<Record<string, readonly string[]>>;

function namesByImport(): Names {
  const code = subpathsOf(packed.manifest).map(
    (subpath) => `names['${subpath}'] = Object.keys(await import('coxswain${subpath}'));`,
  );
  const print = 'console.log(JSON.stringify(names));';
  return runInHost('names.mjs', ['const names = {};', ...code, print].join('\n'));
}

function namesByRequire(): Names {
  const code = subpathsOf(packed.manifest).map(
    (subpath) => `names['${subpath}'] = Object.keys(require('coxswain${subpath}'));`,
  );
  const print = 'console.log(JSON.stringify(names));';
  return runInHost('names.cjs', ['const names = {};', ...code, print].join('\n'));
}

describe('the tarball', () => {
  it('holds what `files` names, the README and the licence, and nothing else', () => {
    const folders = new Set(packed.paths.map((path) => path.split('/')[0]));
    const { files } = packed.manifest;
    expect([...folders].sort()).toEqual(
      [...new Set([...files, 'LICENSE', 'README.md', 'package.json'])].sort(),
    );
  });

  it('has a file behind every export', () => {
    const targets = Object.values(packed.manifest.exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry),
    );
    expect(targets.filter((target) => !existsSync(join(packed.root, target)))).toEqual([]);
    expect(subpathsOf(packed.manifest)).toContain('');
  });

  it('has code and types for every source', () => {
    const sources = listPacked(/^src\/.*\.ts$/).map((path) =>
      path.slice('src/'.length, -'.ts'.length),
    );
    expect(sources.length).toBeGreaterThan(0);
    for (const kind of ['.js', '.js.map', '.d.ts', '.d.ts.map']) {
      const found = packed.paths
        .filter((path) => path.startsWith('dist/') && path.endsWith(kind))
        .map((path) => path.slice('dist/'.length, -kind.length));
      expect(found).toEqual(sources);
    }
  });

  it('imports only what package.json declares', () => {
    const declared = declaredPackages(packed.manifest);
    const undeclared = listPacked(/^dist\/.*\.(js|d\.ts)$/).flatMap((path) =>
      ts
        .preProcessFile(readPacked(path))
        .importedFiles.map(({ fileName }) => fileName)
        .filter((name) => !name.startsWith('.') && !isBuiltin(name))
        .filter((name) => !declared.some((known) => name === known || name.startsWith(`${known}/`)))
        .map((name) => `${path}: ${name}`),
    );
    expect(undeclared).toEqual([]);
  });

  it('names no path of the machine it was built on', () => {
    const paths = [
      packed.folder,
      packed.built,
      REPOSITORY,
      `${homedir()}/`,
      'file://',
      'node_modules',
    ];
    const found = listPacked(/^dist\//).flatMap((file) => {
      const text = readPacked(file);
      return paths.filter((path) => text.includes(path)).map((path) => `${file}: ${path}`);
    });
    expect(found).toEqual([]);
  });

  it('leads from each map to a source that is in it', () => {
    const maps = listPacked(/\.map$/);
    expect(maps.length).toBeGreaterThan(0);
    for (const path of maps) {
      const map: { readonly sources: string[]; readonly sourceRoot?: string } = JSON.parse(
        readPacked(path),
      );
      expect(map.sourceRoot ?? '').toBe('');
      expect(map.sources.map((source) => join(dirname(path), source))).toEqual([
        path.replace(/^dist\/(.*?)(\.d\.ts|\.js)\.map$/, 'src/$1.ts'),
      ]);
      expect(packed.paths).toEqual(
        expect.arrayContaining(map.sources.map((source) => join(dirname(path), source))),
      );
    }
  });
});

describe('a host', () => {
  it('imports every subpath and finds values there', () => {
    const names = namesByImport();
    expect(Object.keys(names)).toEqual(subpathsOf(packed.manifest));
    expect(Object.keys(names).filter((subpath) => names[subpath]?.length === 0)).toEqual([]);
    expect(Object.values(names).flat()).not.toContain('default');
  });

  it('gets the same names with require', () => {
    expect(namesByRequire()).toEqual(namesByImport());
  });

  it('reads the manifest', () => {
    const code = "console.log(JSON.stringify(require('coxswain/package.json').name));";
    expect(runInHost('manifest.cjs', code)).toBe('coxswain');
  });

  it('cannot reach what is not exported', () => {
    const code =
      "import('coxswain/dist/errors.js').catch((e) => console.log(JSON.stringify(e.code)));";
    expect(runInHost('deep.mjs', code)).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('compiles against the types, from a module and from CommonJS', () => {
    const uses = subpathsOf(packed.manifest).map((subpath, index) => [
      `import * as part${index} from 'coxswain${subpath}';`,
      `export const names${index}: readonly (keyof typeof part${index})[] = [];`,
      `// @ts-${'expect'}-error: a part typed any would have this name too`,
      `void part${index}.noSuchName;`,
    ]);
    const files = ['host.mts', 'host.cts'];
    for (const name of files) writeFileSync(join(packed.host, name), uses.flat().join('\n'));
    const compilerOptions = {
      target: 'es2022',
      lib: ['es2022', 'esnext.disposable'],
      module: 'nodenext',
      types: ['node'],
      strict: true,
      skipLibCheck: false,
      noEmit: true,
    };
    writeFileSync(join(packed.host, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    expect(compileHost()).toBe('');
  });
});

function compileHost(): string {
  const tsc = join(REPOSITORY, 'node_modules/.bin/tsc');
  try {
    return execFileSync(tsc, ['-p', packed.host, '--pretty', 'false'], { encoding: 'utf8' });
  } catch (error) {
    return error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
  }
}
