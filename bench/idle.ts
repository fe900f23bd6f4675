// A cluster at rest: what a node costs when nobody asks anything of it.
import type { Bench, BenchContext, BenchReport } from './bench.ts';
import { formatNumber } from './report/numbers.ts';
import { median } from './report/statistics.ts';
import type { Cell, Table } from './report/table.ts';
import type { IdleResult, IdleSpec } from './rows/row-types.ts';

interface IdleRow {
  readonly spec: IdleSpec;
  readonly results: IdleResult[];
}

const TARGET_TIMERS = 1;
/** A leak would be seen above the noise of two collections. */
const TARGET_BYTES_PER_SECOND = 2048;

export const idle: Bench = {
  name: 'idle',
  async run({ options, progress, runner }: BenchContext): Promise<BenchReport> {
    const windowMs = options.smoke ? 100 : 5000;
    const rows: IdleRow[] = [1, 3, 5].map((members) => ({
      spec: { kind: 'idle', members, windowMs },
      results: [],
    }));
    for (let round = 0; round < options.rounds; round++) {
      for (const { spec, results } of rows) {
        progress(`idle, round ${round + 1}: ${spec.members} members`);
        results.push(await runner.measure(spec));
      }
    }
    return { tables: [tableOf(rows)], records: rows };
  },
};

function tableOf(rows: readonly IdleRow[]): Table {
  return {
    title: 'idle: a cluster with a leader and nothing to do, heartbeats every 100 ms',
    columns: [
      ...['layout', 'durability', 'timers/node', 'immediates/node', 'growth B/node/s'],
      ...['heap kB/node', 'buffers kB/node', 'cpu %', 'entries added'],
    ],
    rows: rows.map(cellsOf),
    notes: ['to reach: one timer a node, and no growth'],
  };
}

function cellsOf({ spec, results }: IdleRow): (string | Cell)[] {
  const of = (pick: (result: IdleResult) => number) => median(results.map(pick));
  const timers = of(({ timersPerNode }) => timersPerNode);
  const growth = of(({ heapBytesPerNodeSecond }) => heapBytesPerNodeSecond);
  return [
    `${spec.members} in one process, ${spec.windowMs / 1000} s`,
    'none',
    { text: formatNumber(timers), tone: timers <= TARGET_TIMERS ? 'good' : 'bad' },
    formatNumber(of(({ immediatesPerNode }) => immediatesPerNode)),
    { text: growth.toFixed(0), tone: growth <= TARGET_BYTES_PER_SECOND ? 'good' : 'bad' },
    formatNumber(of(({ heapBytesPerNode }) => heapBytesPerNode) / 1000),
    formatNumber(of(({ bufferBytesPerNode }) => bufferBytesPerNode) / 1000),
    formatNumber(of(({ cpuShare }) => cpuShare) * 100, 2),
    of(({ entriesAdded }) => entriesAdded).toFixed(0),
  ];
}
