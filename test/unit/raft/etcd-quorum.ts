// Reads the data-driven cases of etcd's quorum package. A case is a command line, `----`, and its
// output up to an empty line. Values belong to ids in the order of their first mention: those of
// `cfg`, then those of `cfgj` that are new.

export interface QuorumCase {
  readonly line: number;
  readonly text: string;
  readonly command: string;
  readonly voters: readonly string[];
  /** Undefined when the case names no second half at all. */
  readonly outgoing: readonly string[] | undefined;
  /** By id: an index, `y`, `n`; without those that are `_`. */
  readonly values: ReadonlyMap<string, string>;
  /** Last line of the output. */
  readonly expected: string;
}

export function parseQuorumCases(text: string): readonly QuorumCase[] {
  const lines = text.split('\n');
  return lines.flatMap((each, at) => {
    const command = lines[at - 1] ?? '';
    if (each.trim() !== '----') return [];
    const rest = lines.slice(at + 1);
    const end = rest.findIndex((line) => line.trim() === '');
    const output = end === -1 ? rest : rest.slice(0, end);
    return [caseOf(command, at, output.at(-1)?.trim() ?? '')];
  });
}

function caseOf(text: string, line: number, expected: string): QuorumCase {
  const voters = listOf(text, 'cfg') ?? [];
  const outgoing = text.includes('cfgj=zero') ? [] : listOf(text, 'cfgj');
  const ids = [...new Set([...voters, ...(outgoing ?? [])])];
  const listed = listOf(text, 'idx') ?? listOf(text, 'votes') ?? [];
  if (listed.length > ids.length) throw new Error(`line ${line}: more values than ids`);
  const values = new Map<string, string>();
  for (const [at, id] of ids.entries()) {
    const value = listed[at] ?? '_';
    if (value !== '_') values.set(id, value);
  }
  return { line, text, command: text.split(' ')[0] ?? '', voters, outgoing, values, expected };
}

function listOf(text: string, name: string): readonly string[] | undefined {
  const inside = new RegExp(`\\b${name}=\\(([^)]*)\\)`).exec(text)?.[1];
  return inside?.split(',').map((item) => item.trim());
}
