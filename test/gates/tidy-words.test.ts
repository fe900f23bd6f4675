import { describe, expect, it } from 'vitest';
import { checkWords } from '../../tools/tidy/words.ts';
import { places, writeTree } from './temp-tree.ts';

function placesOf(path: string, ...lines: readonly string[]): readonly string[] {
  return places(checkWords(writeTree({ [path]: lines })));
}

describe('words left behind', () => {
  const notes = [
    ['TO', 'DO'],
    ['FIX', 'ME'],
    ['XX', 'X'],
  ].map((halves) => halves.join(''));

  it.each(
    ['src/raft', 'tools/x', 'examples/01-x', 'bench', 'test/unit'].flatMap((folder) =>
      notes.map((note) => [folder, note] as const),
    ),
  )('are found in %s: %s', (folder, note) => {
    expect(placesOf(`${folder}/a.ts`, '//', `// ${note}: later`)).toEqual([
      `${folder}/a.ts:2 left-behind`,
    ]);
  });

  it('are whole words in capitals', () => {
    expect(
      placesOf('src/raft/a.ts', `// ${notes.join('ed, ')}ed, ${notes[0]?.toLowerCase()}`),
    ).toEqual([]);
  });

  it.each(['only', 'todo', 'skip'])('include a test marked %s', (word) => {
    const path = 'test/unit/a.test.ts';
    const found = [`${path}:2 left-behind`];
    expect(placesOf(path, '', `it.${word}('works', () => {});`)).toEqual(found);
    expect(placesOf(path, '', `describe.${word}.each([1])('works', () => {});`)).toEqual(found);
    expect(placesOf(path, '', `test.concurrent.${word}('works', () => {});`)).toEqual(found);
    expect(placesOf(path, '', `iterator.${word}(3);`)).toEqual([]);
  });

  it('let a skipped test pass that says why', () => {
    const path = 'test/unit/a.test.ts';
    const call = `it.${'skip'}('works', () => {});`;
    expect(placesOf(path, '// Needs a disk that lies.', call)).toEqual([]);
    expect(placesOf(path, `${call} // needs a disk that lies`)).toEqual([]);
    expect(placesOf(path, '// Needs a disk that lies.', '', call)).toEqual([
      `${path}:3 left-behind`,
    ]);
  });
});
