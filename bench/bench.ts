// What a bench is: it measures rows in processes of their own and makes tables of them.
import type { BenchOptions } from './options.ts';
import type { Table } from './report/table.ts';
import type { RowRunner } from './rows/row-runner.ts';

export interface BenchContext {
  readonly options: BenchOptions;
  readonly runner: RowRunner;
  /** Says what is being measured, on a terminal only. */
  readonly progress: (text: string) => void;
}

export interface BenchReport {
  readonly tables: readonly Table[];
  /** Everything measured, row by row and round by round, for `--json`. */
  readonly records: readonly object[];
}

export interface Bench {
  readonly name: string;
  run(context: BenchContext): Promise<BenchReport>;
}
