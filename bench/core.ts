// The pure core alone: what one entry costs in time and in garbage.
import type { Bench, BenchContext, BenchReport } from './bench.ts';
import { formatNumber } from './report/numbers.ts';
import { median } from './report/statistics.ts';
import type { Cell, Table } from './report/table.ts';
import type { CoreResult, CoreRole, CoreSpec } from './rows/row-types.ts';

interface CoreRow {
  readonly spec: CoreSpec;
  readonly results: CoreResult[];
}

const ROWS: readonly (readonly [CoreRole, number])[] = [
  ['leader', 1],
  ['leader', 64],
  ['follower', 1],
  ['follower', 64],
];

const TARGET_NS = 1000;
const TARGET_BATCH = 64;
/** Allocated per batch, not per entry, when a further entry in a batch costs less than this. */
const TARGET_MARGINAL_BYTES = 1;

const layouts: Readonly<Record<CoreRole, string>> = {
  leader: 'leader of 3: propose, written, 2 acks',
  follower: 'follower: append, written',
};

export const core: Bench = {
  name: 'core',
  async run({ options, progress, runner }: BenchContext): Promise<BenchReport> {
    const rows: CoreRow[] = ROWS.map(([role, batch]) => {
      const entries = options.smoke ? 2000 : 100_000 * Math.min(batch, 16);
      return { spec: { kind: 'core', role, batch, entries }, results: [] };
    });
    for (let round = 0; round < options.rounds; round++) {
      for (const { spec, results } of rows) {
        progress(`core, round ${round + 1}: ${spec.role}, batch of ${spec.batch}`);
        results.push(await runner.measure(spec));
      }
    }
    return { tables: [tableOf(rows)], records: rows };
  },
};

function tableOf(rows: readonly CoreRow[]): Table {
  return {
    title: 'core: the algorithm alone, no driver, no bytes moved',
    columns: [
      ...['layout', 'payload', 'durability', 'batch', 'ns/entry', 'heap B/entry'],
      ...['heap B/batch', 'B/further entry', 'kept B/entry', 'buffers B/entry'],
    ],
    rows: rows.map((row) => cellsOf(row, rows)),
    notes: [
      `to reach at ${TARGET_BATCH}: at most ${TARGET_NS} ns an entry, and no garbage an entry: ` +
        'what a further entry in a batch allocates is 0',
    ],
  };
}

function cellsOf({ spec, results }: CoreRow, rows: readonly CoreRow[]): (string | Cell)[] {
  const of = (pick: (result: CoreResult) => number) => median(results.map(pick));
  const ns = of(({ nsPerEntry }) => nsPerEntry);
  const aBatch = spec.batch * heapOf(results);
  const single = rows.find((row) => row.spec.role === spec.role && row.spec.batch === 1);
  const marginal = (aBatch - heapOf(single?.results ?? [])) / (spec.batch - 1);
  return [
    layouts[spec.role],
    '100 B, not touched',
    'none',
    String(spec.batch),
    judge(spec, formatNumber(ns), ns <= TARGET_NS),
    formatNumber(heapOf(results)),
    formatNumber(aBatch),
    spec.batch === 1
      ? '–'
      : judge(spec, formatNumber(marginal, 2), marginal <= TARGET_MARGINAL_BYTES),
    formatNumber(
      of(({ keptBytesPerEntry }) => keptBytesPerEntry),
      2,
    ),
    formatNumber(
      of(({ bufferBytesPerEntry }) => bufferBytesPerEntry),
      2,
    ),
  ];
}

function judge({ batch }: CoreSpec, text: string, reached: boolean): Cell {
  return batch === TARGET_BATCH ? { text, tone: reached ? 'good' : 'bad' } : { text };
}

function heapOf(results: readonly CoreResult[]): number {
  return median(results.map(({ heapBytesPerEntry }) => heapBytesPerEntry));
}
