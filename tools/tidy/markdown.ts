// What a page of documentation says about the repository: titles, links, paths in backticks and
// scripts. Code blocks are read for the scripts only.
import type { Page } from './tree.ts';

export interface Mention {
  readonly kind: 'title' | 'link' | 'path' | 'script';
  readonly text: string;
  readonly line: number;
}

const TITLE = /^#\s+(.+)$/g;
const FENCE = /^\s*(```+|~~~+)/;
const LINK = /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;
const DEFINITION = /^\s*\[[^\]]+\]:\s*(\S+)/g;
const CODE = /`([^`]+)`/g;
const PATH = /^(?:src|test|docs|examples|tools|bench)\/\S*$/;
const SCRIPT = /\bnpm run (?:-s |--silent )?([\w:-]+)/g;

export function listMentions(page: Page): readonly Mention[] {
  const mentions: Mention[] = [];
  let fence: string | undefined;
  for (const [index, text] of page.lines.entries()) {
    const line = index + 1;
    mentions.push(...read('script', text, SCRIPT, line));
    const mark = FENCE.exec(text)?.[1];
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
      fence = fence === undefined ? mark : undefined;
    } else if (fence === undefined) {
      mentions.push(...readProse(text, line));
    }
  }
  return mentions;
}

function readProse(text: string, line: number): readonly Mention[] {
  const prose = text.replace(CODE, '``');
  return [
    ...read('title', text, TITLE, line),
    ...read('link', prose, LINK, line),
    ...read('link', prose, DEFINITION, line),
    ...read('path', text, CODE, line).filter((mention) => PATH.test(mention.text)),
  ];
}

function read(
  kind: Mention['kind'],
  text: string,
  pattern: RegExp,
  line: number,
): readonly Mention[] {
  return [...text.matchAll(pattern)].map((match) => ({ kind, text: match[1] ?? '', line }));
}
