// Three nodes in one process, no disk: what the library itself costs, from one command in flight to
// thousands, through the leader and through a follower.
import type { Bench, BenchContext, BenchReport } from './bench.ts';
import { type ClosedRow, closedTable, type OpenRow, openTable } from './memory-tables.ts';
import { median } from './report/statistics.ts';
import type { ClosedSpec, Codec, LoadResult, OpenSpec, Target } from './rows/row-types.ts';

const IN_FLIGHT = [1, 4, 16, 64, 256, 1024, 4096];

/** One table each. The first is what the others are compared with. */
const GROUPS: readonly (readonly [Target, Codec])[] = [
  ['naive', 'raw'],
  ['leader', 'raw'],
  ['leader', 'msgpackr'],
  ['follower', 'raw'],
  ['follower', 'msgpackr'],
];

const OPEN_LOOP_SHARE = 0.5;

interface Rows {
  readonly closed: readonly ClosedRow[];
  readonly open: OpenRow;
}

export const memory: Bench = {
  name: 'memory',
  async run(context: BenchContext): Promise<BenchReport> {
    const rows = createRows(context.options.smoke);
    for (let round = 0; round < context.options.rounds; round++) {
      await measureRound(context, rows, round);
    }
    const naive = groupOf(rows, ['naive', 'raw']);
    return {
      tables: [
        ...GROUPS.map((group) => closedTable(groupOf(rows, group), naive)),
        openTable(rows.open),
      ],
      records: [...rows.closed, rows.open],
    };
  },
};

function createRows(smoke: boolean): Rows {
  const closed = GROUPS.flatMap(([target, codec]) =>
    IN_FLIGHT.map((inFlight) => {
      const times = smoke ? { warmMs: 4, windowMs: 10 } : { warmMs: 700, windowMs: 800 };
      const action = 'propose';
      const spec: ClosedSpec = { kind: 'closed', target, codec, action, inFlight, ...times };
      return { spec, results: [] };
    }),
  );
  return { closed, open: { measured: [] } };
}

/** Every other round goes backwards, so that what drifts does not favour one end. */
async function measureRound(context: BenchContext, rows: Rows, round: number): Promise<void> {
  const order = round % 2 === 0 ? rows.closed : [...rows.closed].reverse();
  for (const { spec, results } of order) {
    const { target, codec, inFlight } = spec;
    context.progress(`memory, round ${round + 1}: ${target}, ${codec}, ${inFlight} in flight`);
    results.push(await context.runner.measure(spec));
  }
  const spec = openSpecOf(rows, context.options.smoke);
  context.progress(`memory, round ${round + 1}: open loop`);
  rows.open.measured.push({ spec, result: await context.runner.measure(spec) });
}

function openSpecOf(rows: Rows, smoke: boolean): OpenSpec {
  const peaks = groupOf(rows, ['leader', 'raw']).map(({ results }) => peakOf(results));
  const perSecond = Math.round(Math.max(...peaks) * OPEN_LOOP_SHARE);
  const times = smoke ? { warmMs: 5, windowMs: 20 } : { warmMs: 700, windowMs: 1500 };
  const what = { target: 'leader', codec: 'raw', action: 'propose' } as const;
  return { kind: 'open', ...what, perSecond, ...times };
}

function peakOf(results: readonly LoadResult[]): number {
  return median(results.map(({ perSecond }) => perSecond));
}

function groupOf({ closed }: Rows, [target, codec]: readonly [Target, Codec]): ClosedRow[] {
  return closed.filter(({ spec }) => spec.target === target && spec.codec === codec);
}
