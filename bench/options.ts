// What the command line asks for.
import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Names of benches, in the order given; empty means all. */
  readonly names: readonly string[];
  /** Every row only for a moment: the tables have their shape, the numbers mean nothing. */
  readonly smoke: boolean;
  /** How often each row is measured. */
  readonly rounds: number;
  /** Where to write everything that was measured. */
  readonly json: string | undefined;
}

export const USAGE =
  'npm run bench -- [memory] [reads] [snapshots] [core] [idle] ' +
  '[--smoke] [--rounds N] [--json FILE]';

/** Throws on anything it does not know. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      smoke: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds ?? (values.smoke ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new RangeError(`--rounds is ${values.rounds}; accepted: a whole number of at least 1`);
  }
  return { names: positionals, smoke: values.smoke, rounds, json: values.json };
}
