// The corpus of planted bugs: each still applies, and the tool tells the caught from the survivors.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it, vi } from 'vitest';
import { CATALOG } from '../../tools/mutants/catalog/index.ts';
import { Copy } from '../../tools/mutants/copy.ts';
import { hunt } from '../../tools/mutants/hunt.ts';
import { LAYERS, type Layer, layersFor } from '../../tools/mutants/layers.ts';
import { edited, type Mutant } from '../../tools/mutants/mutant.ts';
import { parseWanted } from '../../tools/mutants/options.ts';
import { isCaught, type Trial, tryMutant } from '../../tools/mutants/trial.ts';
import { REPOSITORY, runTool, writeFiles } from './temp-package.ts';

const BASE = { name: 'x', bug: 'x', source: 'Raft §5' };
const SIM = {
  layers: ['sim'],
  everyLayer: false,
  huntSeconds: 1,
  budgetSeconds: 60,
  list: false,
  help: false,
} as const;

/** Another word in a comment. */
const HARMLESS: Mutant = {
  ...BASE,
  edits: [{ file: 'src/raft/quorum.ts', find: '// Majorities', replace: '// MAJORITIES' }],
};

function sourceOf(file: string): string {
  return readFileSync(join(REPOSITORY, file), 'utf8');
}

function plantedTexts({ edits, name }: Mutant): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const edit of edits) {
    texts.set(edit.file, edited(texts.get(edit.file) ?? sourceOf(edit.file), edit, name));
  }
  return texts;
}

describe('the catalog', () => {
  it('has at least 60 mutants, no two of one name', () => {
    const names = CATALOG.map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(60);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it.each(CATALOG.map((mutant) => [mutant.name, mutant] as const))('plants %s', (_, mutant) => {
    expect(mutant.bug).toMatch(/^[a-z].{20,}[^.]$/);
    expect(mutant.source).toMatch(/#\d|§\d|fig\. 2|\d\.\d|\d{4}|CCF: |etcd-io\/raft: /);
    for (const [file, text] of plantedTexts(mutant)) {
      expect(text).not.toBe(sourceOf(file));
      const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true });
      expect(diagnostics, 'what does not parse is caught by nothing but the parser').toEqual([]);
    }
  });
});

describe('an edit', () => {
  const edit = { file: 'a.ts', find: 'old', replace: 'new' };

  it('applies where its text occurs once', () => {
    expect(edited('an old word', edit, 'x')).toBe('an new word');
  });

  it('fails loudly where its text is gone, or occurs twice', () => {
    expect(() => edited('a word', edit, 'x')).toThrow('x no longer applies: a.ts does not contain');
    expect(() => edited('old, old', edit, 'x')).toThrow('x no longer applies: a.ts contains');
  });

  it('leaves a copy as it was when another edit of the mutant does not apply', () => {
    const copy = new Copy();
    const path = join(copy.root, 'src/raft/quorum.ts');
    const before = readFileSync(path, 'utf8');
    const mutant = { ...HARMLESS, edits: [...HARMLESS.edits, { ...edit, file: 'src/index.ts' }] };
    expect(() => copy.plant(mutant)).toThrow('x no longer applies');
    expect(readFileSync(path, 'utf8')).toBe(before);
    copy.plant(HARMLESS);
    expect(readFileSync(path, 'utf8')).not.toBe(before);
    copy.restore();
    expect(readFileSync(path, 'utf8')).toBe(before);
    copy.remove();
    expect(existsSync(copy.root)).toBe(false);
  });
});

describe('a hunt', () => {
  const wanted = (name: string) => ({
    ...SIM,
    mutants: CATALOG.filter((mutant) => mutant.name === name),
  });

  it('catches a bug in the core by the simulator, and leaves nothing behind', async () => {
    const folder = writeFiles({});
    vi.stubEnv('TMPDIR', folder);
    expect(await hunt(wanted('vote-forgotten-on-the-way-back'))).toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith('coxswain'))).toEqual([]);
    vi.unstubAllEnvs();
  });

  it('fails when a mutant survives', async () => {
    expect(await hunt({ ...SIM, mutants: [HARMLESS] })).toBe(1);
  });

  it('does not take a mutant that no longer applies for caught', async () => {
    const copy = new Copy();
    const gone = { ...HARMLESS, edits: [{ file: 'src/index.ts', find: 'gone', replace: '' }] };
    const trial = await tryMutant(copy, gone, SIM);
    expect(trial).toMatchObject({
      verdicts: [],
      misfit: expect.stringMatching(/no longer applies/),
    });
    expect(isCaught(trial, 60)).toBe(false);
    copy.remove();
  });

  it('runs of the layers those that run the mutated code, the core ones first', () => {
    const of = (file: string) => layersFor({ ...BASE, edits: [{ file, find: '', replace: '' }] });
    expect(of('src/raft/log.ts')).toEqual(LAYERS);
    expect(of('src/runtime/writer.ts')).toEqual(['cluster']);
  });

  it('counts what was caught after the budget as not caught', () => {
    const verdict = (layer: Layer, caught: boolean, seconds: number) => {
      return { layer, caught, seconds, effort: '', rule: '' };
    };
    const trial = (seconds: number): Trial => ({
      mutant: HARMLESS,
      verdicts: [
        verdict('sim', false, 20),
        verdict('core', true, seconds),
        verdict('cluster', true, 90),
      ],
      misfit: undefined,
    });
    expect(isCaught(trial(40), 60)).toBe(true);
    expect(isCaught(trial(41), 60)).toBe(false);
    expect(isCaught(trial(41), 61)).toBe(true);
  });
});

describe('the command line', () => {
  const parse = (...args: string[]) => parseWanted(args, CATALOG, 0);

  it('asks for everything when it says nothing', () => {
    const { everyLayer, layers, mutants } = parse();
    expect(mutants).toEqual(CATALOG);
    expect(layers).toEqual(LAYERS);
    expect(everyLayer).toBe(false);
  });

  it('divides the catalog into parts that are all of it together', () => {
    const parts = [1, 2, 3].flatMap((k) => parse('--part', `${k}/3`).mutants);
    expect(new Set(parts)).toEqual(new Set(CATALOG));
    expect(parts).toHaveLength(CATALOG.length);
  });

  it('takes another part each day', () => {
    const days = [0, 1, 2, 3].map((day) =>
      parseWanted(['--rotate', '3'], CATALOG, day * 86_400_000),
    );
    const parts = ['1/3', '2/3', '3/3', '1/3'].map((part) => parse('--part', part));
    expect(days).toEqual(parts);
  });

  it('refuses what it does not know, with what is accepted', async () => {
    expect(() => parse('--part', '4/3')).toThrow('--part is 4/3; accepted: 1/N to N/N');
    expect(() => parse('--rotate', 'x')).toThrow('--rotate is x; accepted: a whole number');
    expect(() => parse('--layers', 'sim,x')).toThrow('--layers has x; accepted: sim, core');
    expect(() => parse('--seconds', '0')).toThrow('--seconds is 0; accepted: 1 to 15');
    expect(() => parse('--only', 'x')).toThrow('--only is x; accepted: stale-vote-counted, ');
    expect(() => parse('--part', '1/2', '--rotate', '3')).toThrow('exclude each other');
    const tool = join(REPOSITORY, 'tools/mutants/main.ts');
    const { code, output } = await runTool('tsx', [tool, '--part', 'x'], REPOSITORY);
    expect(output).toContain('--part is x; accepted: 1/N to N/N. npm run mutants -- ');
    expect(code).toBe(2);
  });
});
