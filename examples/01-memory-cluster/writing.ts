// Sets every key, many at a time, and measures it.
import type { ConfigValue } from './config-machine.ts';
import type { Entry } from './input.ts';
import type { Members } from './members.ts';
import { grouped, type Row } from './output.ts';

export interface Written {
  /** What a member has acknowledged, and so must never be lost. */
  readonly acknowledged: ReadonlyMap<string, ConfigValue>;
  /** From the first attempt to the acknowledgement, in the order of the acknowledgements. */
  readonly latenciesMs: readonly number[];
  /** Retries that found their own value: the attempt before them had been applied. */
  readonly appliedTwice: number;
}

/** Calls `halfway` once, while the other writers go on. */
export async function writeAll(
  members: Members,
  entries: readonly Entry[],
  { writers, halfway }: { writers: number; halfway: () => Promise<void> },
): Promise<Written> {
  const acknowledged = new Map<string, ConfigValue>();
  const latenciesMs: number[] = [];
  let appliedTwice = 0;
  const half = Math.ceil(entries.length / 2);
  const queue = entries.values();
  const write = async () => {
    for (const [key, value] of queue) {
      const startedMs = performance.now();
      const { result } = await members.ask((node, wait) =>
        node.propose({ type: 'set', key, value }, wait),
      );
      latenciesMs.push(performance.now() - startedMs);
      acknowledged.set(key, value);
      if (result.ok && result.previous !== undefined) appliedTwice++;
      if (acknowledged.size === half) await halfway();
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return { acknowledged, latenciesMs, appliedTwice };
}

export const RATE_HEADER: Row = ['', 'keys', 'ms', 'keys/s', 'p50 ms', 'p99 ms'];

/** One row of the table of throughput and latency. */
export function rateOf(name: string, latenciesMs: readonly number[], tookMs: number): Row {
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  const keys = sorted.length;
  const rate = keys === 0 ? '-' : grouped((keys / tookMs) * 1000);
  return [name, grouped(keys), tookMs.toFixed(0), rate, rank(sorted, 0.5), rank(sorted, 0.99)];
}

function rank(sorted: readonly number[], share: number): string {
  return sorted[Math.ceil(sorted.length * share) - 1]?.toFixed(1) ?? '-';
}
