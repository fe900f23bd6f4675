// One row of the core bench: first how long a batch takes, then what it allocates.
import { collectGarbage } from './collect-garbage.ts';
import { createFollower, createLeader } from './core-driver.ts';
import { GcWatch } from './gc-watch.ts';
import type { CoreResult, CoreSpec } from './row-types.ts';

/** Batches that surely fit into the young generation of 256 MB, twice. */
const MOST_BATCHES = 20_000;

export async function measureCore(spec: CoreSpec): Promise<CoreResult> {
  const batches = Math.ceil(spec.entries / spec.batch);
  const turn = start(spec);
  repeat(turn, Math.ceil(batches / 4));
  const startMs = performance.now();
  repeat(turn, batches);
  const ms = performance.now() - startMs;
  const nsPerEntry = (ms * 1e6) / (batches * spec.batch);
  return { nsPerEntry, ...(await countBytes(spec)) };
}

type Bytes = Omit<CoreResult, 'nsPerEntry'>;

/** As many batches as fit into the young generation; fewer when a collection came in between. */
async function countBytes(spec: CoreSpec): Promise<Bytes> {
  const gc = new GcWatch();
  let batches = Math.min(Math.ceil(spec.entries / spec.batch), MOST_BATCHES);
  try {
    for (;;) {
      const { startMs, endMs, bytes } = countOnce(start(spec), batches, spec.batch);
      if ((await gc.count(startMs, endMs)) === 0) return bytes;
      batches = Math.ceil(batches / 2);
      if (batches < 8) throw new Error('garbage was collected in every attempt');
    }
  } finally {
    gc.close();
  }
}

/** The collection before also throws optimised code away: half of the batches bring it back. */
function countOnce(turn: () => void, batches: number, batch: number) {
  collectGarbage();
  const before = process.memoryUsage();
  repeat(turn, batches);
  const startMs = performance.now();
  const warm = process.memoryUsage();
  repeat(turn, batches);
  const hot = process.memoryUsage();
  const endMs = performance.now();
  collectGarbage();
  const after = process.memoryUsage();
  const entries = batches * batch;
  const bytes: Bytes = {
    heapBytesPerEntry: (hot.heapUsed - warm.heapUsed) / entries,
    keptBytesPerEntry: (after.heapUsed - before.heapUsed) / (2 * entries),
    bufferBytesPerEntry: (after.arrayBuffers - before.arrayBuffers) / (2 * entries),
  };
  return { startMs, endMs, bytes };
}

function start({ role, batch }: CoreSpec): () => void {
  return role === 'leader' ? createLeader(batch) : createFollower(batch);
}

function repeat(turn: () => void, times: number): void {
  for (let count = 0; count < times; count++) turn();
}
