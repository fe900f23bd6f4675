// The command line of this example.
import { parseArgs } from 'node:util';

export interface Options {
  /** A JSON file or a folder of them; undefined for this repository's own configuration. */
  readonly input: string | undefined;
  readonly members: number;
  readonly seed: number;
}

export const USAGE = `usage: npm run example -- [--input PATH] [--members N] [--seed N]

  --input PATH   a JSON file, or a folder whose JSON files are read, sub-folders included
                 (but node_modules and what starts with a dot); default: this repository's
                 package.json, package-lock.json, tsconfig*.json and biome.json
  --members N    3 to 9; default 3
  --seed N       seed of the random choices, 0 to 1000000000; default 1`;

const ACCEPTED = '--input PATH, --members N, --seed N, --help';

/** The command line is wrong; the message is for the one who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function parseOptions(args: readonly string[]): Options | 'help' {
  const values = new Map<string, string>();
  for (const token of tokensOf(args)) {
    if (token.kind === 'positional') {
      throw new UsageError(`'${token.value}' is unexpected; accepted: ${ACCEPTED}`);
    }
    if (token.kind === 'option-terminator') continue;
    const { name, rawName, value } = token;
    if (name === 'help') return 'help';
    if (!['input', 'members', 'seed'].includes(name)) {
      throw new UsageError(`${rawName} is not an option; accepted: ${ACCEPTED}`);
    }
    if (value === undefined || value === '') {
      throw new UsageError(`${rawName} lacks its value; accepted: ${ACCEPTED}`);
    }
    values.set(name, value);
  }
  return {
    input: values.get('input'),
    members: wholeNumber('--members', values.get('members'), { low: 3, high: 9, otherwise: 3 }),
    seed: wholeNumber('--seed', values.get('seed'), { low: 0, high: 1_000_000_000, otherwise: 1 }),
  };
}

/** Not strict: what is wrong is told in our own words. */
function tokensOf(args: readonly string[]) {
  const string = { type: 'string' } as const;
  const { tokens } = parseArgs({
    args: [...args],
    options: { input: string, members: string, seed: string, help: { type: 'boolean' } },
    strict: false,
    tokens: true,
  });
  return tokens;
}

function wholeNumber(
  name: string,
  text: string | undefined,
  { low, high, otherwise }: { low: number; high: number; otherwise: number },
): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= low && value <= high) return value;
  throw new UsageError(`${name} is '${text}'; accepted: a whole number from ${low} to ${high}`);
}
