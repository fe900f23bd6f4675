// Holds the documentation against the repository: each link, path and script it names is there, and
// a page has one title.
import { posix } from 'node:path';
import type { Finding } from './finding.ts';
import { listMentions, type Mention } from './markdown.ts';
import type { Page, Tree } from './tree.ts';

export function checkDocs(tree: Tree): readonly Finding[] {
  return tree.pages.flatMap((page) => {
    const mentions = listMentions(page);
    return [
      ...checkTitles(page, mentions),
      ...mentions.flatMap((mention) => {
        const message = judgeMention(page, mention, tree);
        return message === undefined ? [] : [found(page, mention.line, message)];
      }),
    ];
  });
}

function checkTitles(page: Page, mentions: readonly Mention[]): readonly Finding[] {
  const titles = mentions.filter(({ kind }) => kind === 'title');
  if (titles.length === 1) return [];
  return [found(page, titles[1]?.line ?? 1, `${titles.length} titles (# …) instead of one`)];
}

function judgeMention(page: Page, { kind, text }: Mention, tree: Tree): string | undefined {
  switch (kind) {
    case 'title':
      return undefined;
    case 'script':
      return tree.scripts.has(text) ? undefined : `package.json has no script '${text}'`;
    case 'path':
      return tree.paths.has(fixedPart(text)) ? undefined : `there is no ${text}`;
    case 'link':
      return isLive(page.path, text, tree) ? undefined : `the link to ${text} leads nowhere`;
    default:
      return kind satisfies never;
  }
}

/** Without a line number, an end slash, and all from the first placeholder (`src/*.ts`) on. */
function fixedPart(path: string): string {
  const written = path.replace(/[:#]L?\d+(-L?\d+)?$/, '');
  const placeholder = written.search(/[*<{…]|\.\.\./);
  const fixed = placeholder === -1 ? written : posix.dirname(`${written.slice(0, placeholder)}_`);
  return fixed.replace(/\/$/, '');
}

function isLive(from: string, link: string, tree: Tree): boolean {
  const path = decodeURIComponent(link.replace(/[#?].*$/, ''));
  if (path === '' || /^[a-z][a-z\d+.-]*:/i.test(path)) return true;
  const target = posix.join(path.startsWith('/') ? '.' : posix.dirname(from), path);
  return target === './' || target === '.' || tree.paths.has(target.replace(/\/$/, ''));
}

function found(page: Page, line: number, message: string): Finding {
  return { path: page.path, line, rule: 'docs', message };
}
