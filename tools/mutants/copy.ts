// A copy of the repository in a temporary folder, in which one mutant at a time is planted.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { edited, type Mutant } from './mutant.ts';

const REPOSITORY: string = fileURLToPath(new URL('../..', import.meta.url));

const COPIED = [
  ...['src', 'test', 'tools', 'examples', 'package.json', 'vitest.config.ts'],
  ...['tsconfig.json', 'tsconfig.dev.json', 'tsconfig.build.json', 'tsconfig.pure.json'],
];

export class Copy {
  readonly root: string;
  readonly #originals = new Map<string, string>();

  constructor() {
    this.root = mkdtempSync(join(tmpdir(), 'coxswain-mutants-'));
    const wanted = (path: string) =>
      !relative(REPOSITORY, path).split(sep).includes('node_modules');
    for (const name of COPIED) {
      cpSync(join(REPOSITORY, name), join(this.root, name), { recursive: true, filter: wanted });
    }
    symlinkSync(join(REPOSITORY, 'node_modules'), join(this.root, 'node_modules'), 'junction');
  }

  /** Throws, and leaves the copy as it was, when an edit does not apply exactly once. */
  plant({ edits, name }: Mutant): void {
    const texts = new Map<string, string>();
    for (const edit of edits) {
      const { file } = edit;
      texts.set(file, edited(texts.get(file) ?? this.#originalOf(file), edit, name));
    }
    for (const [file, text] of texts) writeFileSync(join(this.root, file), text);
  }

  restore(): void {
    for (const [file, text] of this.#originals) writeFileSync(join(this.root, file), text);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #originalOf(file: string): string {
    const known = this.#originals.get(file) ?? readFileSync(join(this.root, file), 'utf8');
    this.#originals.set(file, known);
    return known;
  }
}
