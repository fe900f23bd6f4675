// Three nodes in one process, no disk: what a read costs at each level, at the leader and at a
// follower, beside what a command costs there.
import type { Bench, BenchContext, BenchReport } from './bench.ts';
import { formatNumber, formatRate, formatRatio } from './report/numbers.ts';
import { median, medianRatio } from './report/statistics.ts';
import type { Cell, Table } from './report/table.ts';
import type { Action, ClosedSpec, LoadResult } from './rows/row-types.ts';

const IN_FLIGHT = [1, 16, 256, 4096];
const TARGETS = ['leader', 'follower'] as const;
const ACTIONS = ['propose', 'linearizable', 'lease', 'stale', 'local'] as const;
const FELL = 0.9;

const names: Readonly<Record<Action, string>> = {
  propose: 'commands',
  linearizable: 'linearizable',
  lease: 'lease',
  stale: 'at most 500 ms stale',
  local: 'local',
};

interface Row {
  readonly spec: ClosedSpec;
  readonly results: LoadResult[];
}

export const reads: Bench = {
  name: 'reads',
  async run({ options, progress, runner }: BenchContext): Promise<BenchReport> {
    const rows = createRows(options.smoke);
    for (let round = 0; round < options.rounds; round++) {
      for (const { results, spec } of round % 2 === 0 ? rows : [...rows].reverse()) {
        const { action, inFlight, target } = spec;
        progress(`reads, round ${round + 1}: ${names[action]}, ${target}, ${inFlight} in flight`);
        results.push(await runner.measure(spec));
      }
    }
    const groups = TARGETS.flatMap((target) =>
      ACTIONS.filter((action) => action !== 'propose').map((action) => [target, action] as const),
    );
    return {
      tables: groups.map(([target, action]) =>
        tableOf(groupOf(rows, target, action), groupOf(rows, target, 'propose')),
      ),
      records: rows,
    };
  },
};

function createRows(smoke: boolean): readonly Row[] {
  const times = smoke ? { warmMs: 4, windowMs: 10 } : { warmMs: 500, windowMs: 500 };
  return TARGETS.flatMap((target) =>
    ACTIONS.flatMap((action) =>
      IN_FLIGHT.map((inFlight): Row => {
        const spec = { kind: 'closed', target, codec: 'raw', action, inFlight, ...times } as const;
        return { spec, results: [] };
      }),
    ),
  );
}

function groupOf(rows: readonly Row[], target: string, action: Action): readonly Row[] {
  return rows.filter(({ spec }) => spec.target === target && spec.action === action);
}

function tableOf(rows: readonly Row[], commands: readonly Row[]): Table {
  const { action, target } = rows[0]?.spec ?? { action: 'local', target: 'leader' };
  return {
    title: `reads, in one process: 3 nodes, at a ${target}, ${names[action]}; closed loop`,
    columns: [
      ...['in flight', 'reads/s', '× before', '× commands', 'cpu µs'],
      ...['p50 ms', 'p99 ms', 'max ms'],
    ],
    rows: rows.map((row, at) => cellsOf(row, rows[at - 1], commands[at])),
    notes: [`to reach: never below ${FELL} × the row before (▼)`],
  };
}

function cellsOf(
  { results, spec }: Row,
  before: Row | undefined,
  command: Row | undefined,
): (string | Cell)[] {
  const of = (pick: (result: LoadResult) => number) => formatNumber(median(results.map(pick)));
  const toBefore = medianRatio(ratesOf(results), ratesOf(before?.results ?? []));
  return [
    String(spec.inFlight),
    formatRate(median(ratesOf(results))),
    toBefore < FELL ? { text: `▼ ${formatRatio(toBefore)}`, tone: 'bad' } : formatRatio(toBefore),
    formatRatio(medianRatio(ratesOf(results), ratesOf(command?.results ?? []))),
    of(({ cpuUs }) => cpuUs),
    of(({ p50Ms }) => p50Ms),
    of(({ p99Ms }) => p99Ms),
    of(({ maxMs }) => maxMs),
  ];
}

function ratesOf(results: readonly LoadResult[]): number[] {
  return results.map(({ perSecond }) => perSecond);
}
