// Writes a tiny repository into a temp folder that is gone after the tests of the file, and runs a
// tool of node_modules/.bin (or any command) in it.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

export type Files = Readonly<Record<string, string | readonly string[]>>;

export interface Outcome {
  readonly code: number;
  readonly output: string;
}

const roots: string[] = [];

afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

/** A folder with these files; a list is the lines of one. */
export function writeFiles(files: Files): string {
  const root = mkdtempSync(join(tmpdir(), 'coxswain-gate-'));
  roots.push(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    const text = typeof content === 'string' ? content : content.join('\n');
    writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
}

/** A folder with these files, the tools of this repository, and the named files of its root. */
export function writePackage(files: Files, copied: readonly string[]): string {
  const root = writeFiles(files);
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
  for (const name of copied) copyFileSync(join(REPOSITORY, name), join(root, name));
  return root;
}

export function runTool(name: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return run(join(REPOSITORY, 'node_modules/.bin', name), args, cwd);
}

export function run(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { cwd, env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, output: stdout + stderr });
      else reject(error);
    });
  });
}
