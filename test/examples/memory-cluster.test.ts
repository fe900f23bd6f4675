// The first example, run as a user runs it: what it prints, how it ends.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const ESCAPE = '\u001b';

interface Run {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

function runExample(...args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    const options = { cwd: REPOSITORY, timeout: 50_000 };
    execFile('npm', ['run', '-s', 'example', '--', ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? 'killed'), stdout, stderr });
    });
  });
}

/** The lines of the failure itself; npm may add warnings of its own. */
function failures({ stderr }: Run): readonly string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.startsWith('npm '));
}

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coxswain-example-'));
  const inner = join(folder, 'tree', 'services', 'node_modules');
  mkdirSync(inner, { recursive: true });
  writeFileSync(join(folder, 'tree', 'a.json'), '{ "name": "a", "ports": [80, 443], "off": null }');
  writeFileSync(join(folder, 'tree', 'services', 'b.json'), '\uFEFF{ "on": true, "none": {} }');
  writeFileSync(join(inner, 'skipped.json'), '{ this is not read');
  writeFileSync(join(folder, 'tree', 'notes.txt'), 'neither is this');
  writeFileSync(join(folder, 'broken.json'), '{\n  "name": \n}');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the example with a memory cluster', () => {
  it.each([
    ['on its own input', [], 3],
    ['with five members and a seed', ['--members', '5', '--seed', '7'], 5],
  ])('loses its leader and no acknowledged key, %s', async (_, args, members) => {
    const run = await runExample(...args);
    expect(run).toMatchObject({ code: 0 });
    expect(failures(run)).toEqual([]);
    expect(run.stdout).not.toContain(ESCAPE);
    expect(run.stdout).toMatch(/ms {2}\w {2}stands for election in term \d+$/m);
    expect(run.stdout).toMatch(/ms {2}\w {2}wins: it leads in term \d+$/m);
    expect(run.stdout).toMatch(/ms {2}\w {2}is stopped, with half of the keys acknowledged$/m);
    expect(run.stdout).toMatch(/there was no leader for \d+ ms$/m);
    expect(run.stdout).toMatch(/^ +in all +\d,\d{3} +\d+ +[\d,]+ +[\d.]+ +[\d.]+$/m);
    expect(run.stdout).toMatch(/ok {2}\d,\d{3} acknowledged keys read in \d+ ms, none lost$/m);
    expect(run.stdout).toMatch(/ms {2}\w {2}has caught up: [\d,]+ entries applied$/m);
    expect(run.stdout).toMatch(/delete \S+ +rejected: missing/m);
    expect(run.stdout).toContain(`all ${members} machines are equal`);
    const digests = [...run.stdout.matchAll(/^ {3}\w .* ([\da-f]{32})$/gm)].map(([, hex]) => hex);
    expect(digests).toHaveLength(members);
    expect(new Set(digests).size).toBe(1);
  });

  it('takes a folder, with the folders in it, but without node_modules', async () => {
    const run = await runExample('--input', join(folder, 'tree'));
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain('5 values from 2 JSON files');
    expect(run.stdout).toContain('5 acknowledged keys');
    expect(run.stdout).toContain('delete services/b.json/on');
  });

  it.each([
    ['broken.json', /^failed: input \S+broken\.json: not valid JSON: \S.*$/],
    ['missing.json', /^failed: input \S+missing\.json: cannot be read: there is no such file/],
  ])('names an input that it cannot use: %s', async (name, expected) => {
    const run = await runExample('--input', join(folder, name));
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(failures(run)).toEqual([expect.stringMatching(expected)]);
  });

  it('refuses a wrong argument with one line and exit code 2', async () => {
    const run = await runExample('--members', 'two');
    expect(run).toMatchObject({ code: 2, stdout: '' });
    const expected = "failed: --members is 'two'; accepted: a whole number from 3 to 9";
    expect(failures(run)).toEqual([expected]);
  });
});
