// The memory bench's rows as tables.
import { formatNumber, formatRate, formatRatio, formatShare } from './report/numbers.ts';
import { median, medianRatio } from './report/statistics.ts';
import type { Cell, Table } from './report/table.ts';
import type { ClosedSpec, LoadResult, OpenSpec } from './rows/row-types.ts';

/** One result a round. */
export interface ClosedRow {
  readonly spec: ClosedSpec;
  readonly results: LoadResult[];
}

export interface OpenRow {
  readonly measured: { readonly spec: OpenSpec; readonly result: LoadResult }[];
}

const FELL = 0.9;
const TARGET_PER_SECOND = 600_000;
const TARGET_IN_FLIGHT = 256;

const layouts = {
  leader: '3 nodes, by the leader',
  follower: '3 nodes, by a follower',
  naive: 'no cluster, a promise each',
} as const;
const payloads = { raw: '100 B raw', msgpackr: '100 B msgpackr' } as const;

export function closedTable(rows: readonly ClosedRow[], naive: readonly ClosedRow[]): Table {
  const [first] = rows;
  const name = first === undefined ? '' : `${layouts[first.spec.target]}, ${first.spec.codec}`;
  return {
    title: `memory, in one process: ${name}; closed loop`,
    columns: [
      ...['layout', 'payload', 'durability', 'in flight', 'commits/s', '× one', '× before'],
      ...['× naive', 'cpu µs', 'p50 ms', 'p99 ms', 'max ms', 'gc', 'heap MB'],
    ],
    rows: rows.map((row, at) => closedCells(row, first, rows[at - 1], naive[at])),
    notes: first?.spec.target === 'naive' ? [] : notesOf(first),
  };
}

export function openTable({ measured }: OpenRow): Table {
  const [spec] = measured.map((each) => each.spec);
  const results = measured.map(({ result }) => result);
  const rate = median(measured.map((each) => each.spec.perSecond));
  const kept = medianRatio(
    results.map(({ perSecond }) => perSecond),
    measured.map((each) => each.spec.perSecond),
  );
  const latency = (of: (result: LoadResult) => number) => formatNumber(median(results.map(of)));
  return {
    title: 'memory: open loop at half the measured peak; latency from when a command was due',
    columns: [
      ...['layout', 'payload', 'durability', 'arrivals/s', 'kept up', 'p50 ms', 'p99 ms'],
      ...['max ms', 'refused', 'gc'],
    ],
    rows: [
      [
        layouts[spec?.target ?? 'leader'],
        payloads[spec?.codec ?? 'raw'],
        'none',
        formatRate(rate),
        formatShare(kept),
        latency(({ p50Ms }) => p50Ms),
        latency(({ p99Ms }) => p99Ms),
        latency(({ maxMs }) => maxMs),
        latency(({ refused }) => refused),
        formatShare(median(results.map(({ gcShare }) => gcShare))),
      ],
    ],
    notes: [],
  };
}

function closedCells(
  { spec, results }: ClosedRow,
  first: ClosedRow | undefined,
  before: ClosedRow | undefined,
  naive: ClosedRow | undefined,
): (string | Cell)[] {
  const rates = ratesOf(results);
  const toBefore = medianRatio(rates, ratesOf(before?.results ?? []));
  const of = (pick: (result: LoadResult) => number) => median(results.map(pick));
  return [
    layouts[spec.target],
    payloads[spec.codec],
    'none',
    String(spec.inFlight),
    rateCell(spec, median(rates)),
    formatRatio(medianRatio(rates, ratesOf(first?.results ?? []))),
    spec.target === 'naive'
      ? formatRatio(toBefore)
      : ratioCell(toBefore, cpuRatio(results, before)),
    formatRatio(medianRatio(rates, ratesOf(naive?.results ?? []))),
    formatNumber(of(({ cpuUs }) => cpuUs)),
    formatNumber(of(({ p50Ms }) => p50Ms)),
    formatNumber(of(({ p99Ms }) => p99Ms)),
    formatNumber(of(({ maxMs }) => maxMs)),
    formatShare(of(({ gcShare }) => gcShare)),
    of(({ heapMb }) => heapMb).toFixed(0),
  ];
}

function rateCell({ target, codec, inFlight }: ClosedSpec, rate: number): Cell {
  const text = formatRate(rate);
  if (target === 'naive' || codec !== 'raw' || inFlight < TARGET_IN_FLIGHT) return { text };
  return { text, tone: rate >= TARGET_PER_SECOND ? 'good' : 'bad' };
}

/** A fall that the processor's time does not show came from outside, or is a stall. */
function ratioCell(toBefore: number, cpu: number): Cell {
  const text = formatRatio(toBefore);
  if (!(toBefore < FELL)) return { text };
  return cpu < FELL ? { text: `▼ ${text}`, tone: 'bad' } : { text: `▽ ${text}`, tone: 'quiet' };
}

/** How much less processor time a command took in the row before. */
function cpuRatio(results: readonly LoadResult[], before: ClosedRow | undefined): number {
  const cpuOf = (all: readonly LoadResult[]) => all.map(({ cpuUs }) => cpuUs);
  return medianRatio(cpuOf(before?.results ?? []), cpuOf(results));
}

function notesOf(first: ClosedRow | undefined): readonly string[] {
  const rate = `${formatRate(TARGET_PER_SECOND)}/s from ${TARGET_IN_FLIGHT} in flight on, and `;
  const what = first?.spec.codec === 'raw' ? rate : '';
  return [
    `to reach: ${what}never below ${FELL} × the row before (▼; ▽: by the clock alone, not in`,
    'processor time: the machine was busy, or the cluster stood still)',
  ];
}

function ratesOf(results: readonly LoadResult[]): number[] {
  return results.map(({ perSecond }) => perSecond);
}
