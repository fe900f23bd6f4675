import { describe, expect, it } from 'vitest';
import { checkDocs } from '../../tools/tidy/docs.ts';
import type { Files } from './temp-package.ts';
import { places, writeTree } from './temp-tree.ts';

const CLEAN: Files = {
  'package.json': '{ "scripts": { "verify": "x", "verify:style": "x" } }',
  LICENSE: '',
  'src/raft/raft.ts': '',
  'docs/guide/start.md':
    '# Start\n\nBack to the [front page](../../README.md#title), up [here](..) or [there](../..).',
  'docs/guide/from-root.md': '# From the root\n\nSee [LICENSE](/LICENSE) and [all](/).',
  'README.md': [
    '# Title',
    'See [the guide](docs/guide/start.md), [docs](docs/), [here](#title), [LICENSE](./LICENSE),',
    '[the web](https://example.org/a), ![a picture](docs/guide/start.md "title") and [this][1].',
    'The core is `src/raft/raft.ts` (`src/raft/raft.ts:12`, `src/raft/`, `src/*.ts`, `src/…`).',
    'Not paths: `a src/x.ts`, `srcs/x.ts`. In code, `[no](link.md)` is none.',
    'Run `npm run verify`, then npm run verify:style. `npm run <name>` is a pattern.',
    '[1]: docs/guide/start.md',
    '```sh',
    '# not a title',
    'npm run -s verify -- --help # [no](link.md) `src/none.ts`',
    '```',
    '````md',
    '```',
    'A block in a block: `src/none.ts`.',
    '````',
  ],
  'docs-draft/a.md': 'No title, and `src/none.ts`: not a page.',
};

function placesWith(files: Files): readonly string[] {
  return places(checkDocs(writeTree({ ...CLEAN, ...files })));
}

describe('docs', () => {
  it('pass when all they name is there', () => {
    expect(placesWith({})).toEqual([]);
  });

  it.each([
    ['a link', 'See [this](guide/none.md).'],
    ['a link with a title', 'See [this](guide/none.md "title").'],
    ['a picture', '![this](none.svg)'],
    ['a link out of the repository', 'See [this](../../README.md).'],
    ['a link definition', '[1]: none.md'],
    ['a path of src', 'See `src/raft/none.ts`.'],
    ['a path of tools', 'See `tools/none/main.ts:3`.'],
    ['a pattern in no folder', 'See `test/none/*.test.ts`.'],
    ['a script', 'Run `npm run none`.'],
    ['a script in a code block', '```sh\nnpm run none\n```'],
  ])('catch %s that leads nowhere', (_, text) => {
    const found = placesWith({ 'docs/bad.md': `# Bad\n${text}` });
    expect(found).toEqual([`docs/bad.md:${text.startsWith('```') ? 3 : 2} docs`]);
  });

  it.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/a/b.md'])(
    'include %s',
    (path) => {
      expect(placesWith({ [path]: '# One\n`src/none.ts`' })).toEqual([`${path}:2 docs`]);
    },
  );

  it('catch a page with no title, or two', () => {
    expect(placesWith({ 'docs/none.md': 'Text.', 'docs/two.md': '# One\n\n# Two' })).toEqual([
      'docs/none.md:1 docs',
      'docs/two.md:3 docs',
    ]);
  });
});
