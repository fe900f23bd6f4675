// Runs every bench for a moment, in a copy of the repository so that the build of the copy is what
// is measured. Only the shape of what is printed is looked at: a number here means nothing.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, REPOSITORY, run, runTool } from '../gates/temp-package.ts';

interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | { readonly text: string })[])[];
}

interface Output {
  readonly options: { readonly rounds: number; readonly smoke: boolean };
  readonly reports: Readonly<Record<string, { readonly tables: readonly Table[] }>>;
}

const folder = mkdtempSync(join(tmpdir(), 'coxswain-bench-'));
let outcome: Outcome;
let output: Output;

beforeAll(async () => {
  const copied = readdirSync(REPOSITORY).filter((name) => /\.json$|^(src|bench)$/.test(name));
  for (const name of copied) {
    cpSync(join(REPOSITORY, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  const args = ['run', '-s', 'bench', '--', '--smoke', '--json', 'bench.json'];
  outcome = await run('npm', args, folder);
  output = JSON.parse(readFileSync(join(folder, 'bench.json'), 'utf8'));
}, 240_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The cells of one column, in the order of the rows. */
function column({ columns, rows }: Table, name: string): readonly string[] {
  const at = columns.indexOf(name);
  return rows.map((row) => {
    const cell = row[at] ?? '';
    return typeof cell === 'string' ? cell : cell.text;
  });
}

function tablesOf(name: string): readonly Table[] {
  return output.reports[name]?.tables ?? [];
}

describe('npm run bench -- --smoke', () => {
  it('runs every bench on the build, and says that its numbers mean nothing', () => {
    expect(outcome).toMatchObject({ code: 0 });
    expect(outcome.output).toMatch(
      /^node v.* as built in dist .* smoke: the numbers mean nothing$/m,
    );
    expect(Object.keys(output.reports)).toEqual(['memory', 'reads', 'snapshots', 'core', 'idle']);
    expect(output.options).toMatchObject({ smoke: true, rounds: 1 });
  });

  it('has a memory table for each way in and codec, with every number in flight', () => {
    const closed = tablesOf('memory').slice(0, -1);
    expect(closed.map(({ title }) => title)).toEqual([
      'memory, in one process: no cluster, a promise each, raw; closed loop',
      'memory, in one process: 3 nodes, by the leader, raw; closed loop',
      'memory, in one process: 3 nodes, by the leader, msgpackr; closed loop',
      'memory, in one process: 3 nodes, by a follower, raw; closed loop',
      'memory, in one process: 3 nodes, by a follower, msgpackr; closed loop',
    ]);
    for (const table of closed) {
      expect(column(table, 'in flight')).toEqual(['1', '4', '16', '64', '256', '1024', '4096']);
      expect(new Set(column(table, 'durability'))).toEqual(new Set(['none']));
      // On a busy machine a moment may be too short for any answer.
      expect(column(table, '× one')[0]).toMatch(/^(1\.00|–)$/);
    }
  });

  it('has one row of a fixed arrival rate', () => {
    const open = tablesOf('memory').at(-1);
    expect(open?.title).toMatch(/^memory: open loop at half the measured peak/);
    expect(open?.rows).toHaveLength(1);
  });

  it('has a table of reads for each way in and level, with every number in flight', () => {
    const tables = tablesOf('reads');
    expect(tables.map(({ title }) => title)).toEqual(
      ['leader', 'follower'].flatMap((target) =>
        ['linearizable', 'lease', 'at most 500 ms stale', 'local'].map(
          (level) => `reads, in one process: 3 nodes, at a ${target}, ${level}; closed loop`,
        ),
      ),
    );
    for (const table of tables) {
      expect(column(table, 'in flight')).toEqual(['1', '16', '256', '4096']);
    }
  });

  it('has snapshots more and less often, and larger, beside none', () => {
    const [table] = tablesOf('snapshots');
    expect(table && column(table, 'a snapshot')[0]).toBe('never');
    expect(table?.rows).toHaveLength(4);
  });

  it('has the core as leader and as follower, one entry at a time and 64', () => {
    const [table] = tablesOf('core');
    expect(table && column(table, 'batch')).toEqual(['1', '64', '1', '64']);
  });

  it('has clusters of one, three and five at rest', () => {
    const [table] = tablesOf('idle');
    expect(table && column(table, 'layout').map((text) => text[0])).toEqual(['1', '3', '5']);
  });

  it('prints every row of every table, aligned', () => {
    const lines = outcome.output.split('\n');
    for (const { title, columns, rows } of Object.values(output.reports).flatMap((r) => r.tables)) {
      const start = lines.indexOf(title);
      const [head = '', rule = ''] = lines.slice(start + 1, start + 3);
      expect(head.trim().split(/ {2,}/)).toEqual(columns);
      expect(rule).toBe('-'.repeat(head.length));
      for (const line of lines.slice(start + 3, start + 3 + rows.length)) {
        expect(line.trim().split(/ {2,}/)).toHaveLength(columns.length);
      }
    }
  });

  it('refuses a bench that there is not', async () => {
    const args = ['bench/main.ts', '--smoke', 'nothing'];
    const { code, output: text } = await runTool('tsx', args, folder);
    expect(code).toBe(2);
    expect(text).toMatch(/there is no bench 'nothing'\nusage: npm run bench/);
  });
});
