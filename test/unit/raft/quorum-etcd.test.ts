import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { committedIndex, voteResult } from '../../../src/raft/quorum.ts';
import { parseQuorumCases, type QuorumCase } from './etcd-quorum.ts';

const folder = new URL('../../../../shared/data/etcd-raft/quorum/', import.meta.url);
const missing = !existsSync(folder);
if (missing) console.warn(`etcd's quorum cases are skipped: there is no ${folder.pathname}`);

/** How many cases each file holds: a parser that finds none must not pass. */
const files = [
  ['majority_commit.txt', 16],
  ['majority_vote.txt', 22],
  ['joint_commit.txt', 50],
  ['joint_vote.txt', 39],
] as const;

const results: Readonly<Record<string, string>> = {
  won: 'VoteWon',
  lost: 'VoteLost',
  pending: 'VotePending',
};

function outputOf(
  { command, values }: QuorumCase,
  voters: readonly string[],
  outgoing: readonly string[],
): string {
  const config = { voters, outgoing };
  if (command === 'committed') {
    const index = committedIndex(config, (id) => Number(values.get(id) ?? 0));
    return index === Number.POSITIVE_INFINITY ? '∞' : String(index);
  }
  if (command !== 'vote') throw new Error(`unknown command ${command}`);
  const voteOf = (id: string) => (values.has(id) ? values.get(id) === 'y' : undefined);
  return results[voteResult(config, voteOf)] ?? '';
}

describe.skipIf(missing).each(files)("etcd's %s", (name, count) => {
  const cases = missing ? [] : parseQuorumCases(readFileSync(new URL(name, folder), 'utf8'));

  it(`holds ${count} cases`, () => {
    expect(cases).toHaveLength(count);
  });

  it.each(cases)('line $line: $text', (each) => {
    const { expected, outgoing, voters } = each;
    const wanted = expected.replace('<empty majority quorum>', '');
    expect(outputOf(each, voters, outgoing ?? [])).toBe(wanted);
    // The order of the halves is nothing to a quorum; a half joined with itself is itself.
    if (outgoing === undefined) expect(outputOf(each, voters, voters)).toBe(wanted);
    else expect(outputOf(each, outgoing, voters)).toBe(wanted);
  });
});
