// Three nodes in one process, no disk: what snapshots cost the commands that go on meanwhile, by
// how often they are taken and how large the machine is.
import type { Bench, BenchContext, BenchReport } from './bench.ts';
import { formatNumber, formatRate, formatRatio } from './report/numbers.ts';
import { median, medianRatio } from './report/statistics.ts';
import type { Cell, Table } from './report/table.ts';
import type { ClosedSpec, LoadResult, SnapshotLoad } from './rows/row-types.ts';

const IN_FLIGHT = 256;
const MIB = 1024 * 1024;
const TO_REACH = 0.8;

/** The first is what the others are compared with. */
const LOADS: readonly SnapshotLoad[] = [
  { everyEntries: 'never', stateBytes: 0 },
  { everyEntries: 100_000, stateBytes: MIB },
  { everyEntries: 100_000, stateBytes: 16 * MIB },
  { everyEntries: 20_000, stateBytes: MIB },
];

interface Row {
  readonly load: SnapshotLoad;
  readonly spec: ClosedSpec;
  readonly results: LoadResult[];
}

export const snapshots: Bench = {
  name: 'snapshots',
  async run({ options, progress, runner }: BenchContext): Promise<BenchReport> {
    const rows = LOADS.map(
      (load): Row => ({ load, spec: specOf(load, options.smoke), results: [] }),
    );
    for (let round = 0; round < options.rounds; round++) {
      for (const { load, results, spec } of round % 2 === 0 ? rows : [...rows].reverse()) {
        progress(`snapshots, round ${round + 1}: ${nameOf(load)}, ${sizeOf(load)}`);
        results.push(await runner.measure(spec));
      }
    }
    return { tables: [tableOf(rows)], records: rows };
  },
};

function specOf(snapshots: SnapshotLoad, smoke: boolean): ClosedSpec {
  const times = smoke ? { warmMs: 4, windowMs: 10 } : { warmMs: 1000, windowMs: 3000 };
  const load = { target: 'leader', codec: 'raw', action: 'propose' } as const;
  return { kind: 'closed', ...load, inFlight: IN_FLIGHT, snapshots, ...times };
}

function tableOf(rows: readonly Row[]): Table {
  return {
    title: `snapshots, in one process: 3 nodes, by the leader, raw; ${IN_FLIGHT} in flight`,
    columns: ['a snapshot', 'of', 'commits/s', '× never', 'cpu µs', 'p50 ms', 'p99 ms', 'max ms'],
    rows: rows.map((row) => cellsOf(row, rows[0])),
    notes: [`every member takes them; to reach: ${TO_REACH} × never (▼)`],
  };
}

function cellsOf({ load, results }: Row, never: Row | undefined): (string | Cell)[] {
  const of = (pick: (result: LoadResult) => number) => formatNumber(median(results.map(pick)));
  const ratio = medianRatio(ratesOf(results), ratesOf(never?.results ?? []));
  return [
    nameOf(load),
    sizeOf(load),
    formatRate(median(ratesOf(results))),
    ratio < TO_REACH ? { text: `▼ ${formatRatio(ratio)}`, tone: 'bad' } : formatRatio(ratio),
    of(({ cpuUs }) => cpuUs),
    of(({ p50Ms }) => p50Ms),
    of(({ p99Ms }) => p99Ms),
    of(({ maxMs }) => maxMs),
  ];
}

function nameOf({ everyEntries }: SnapshotLoad): string {
  return everyEntries === 'never' ? everyEntries : `every ${everyEntries}`;
}

function sizeOf({ everyEntries, stateBytes }: SnapshotLoad): string {
  return everyEntries === 'never' ? '–' : `${stateBytes / MIB} MiB`;
}

function ratesOf(results: readonly LoadResult[]): number[] {
  return results.map(({ perSecond }) => perSecond);
}
