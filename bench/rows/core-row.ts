// One row of the core bench: first how long a batch takes, then what it allocates.
import { collectGarbage } from './collect-garbage.ts';
import { createFollower, createLeader } from './core-driver.ts';
import { GcWatch } from './gc-watch.ts';
import type { CoreResult, CoreSpec } from './row-types.ts';

/** What may be allocated without a collection, in bytes of the young generation's 256 MB. */
const MOST_ALLOCATED = 150e6;

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
  let batches = Math.ceil(Math.min(spec.entries, MOST_ALLOCATED / 2048) / spec.batch);
  try {
    for (;;) {
      const turn = start(spec);
      repeat(turn, 64);
      const { startMs, endMs, bytes } = countOnce(turn, batches, spec.batch);
      if ((await gc.count(startMs, endMs)) === 0) return bytes;
      batches = Math.ceil(batches / 2);
      if (batches < 8) throw new Error('garbage was collected in every attempt');
    }
  } finally {
    gc.close();
  }
}

function countOnce(turn: () => void, batches: number, batch: number) {
  collectGarbage();
  const before = process.memoryUsage();
  const startMs = performance.now();
  repeat(turn, batches);
  const endMs = performance.now();
  const after = process.memoryUsage();
  collectGarbage();
  const kept = process.memoryUsage();
  const perEntry = (bytes: number) => bytes / (batches * batch);
  const bytes: Bytes = {
    heapBytesPerEntry: perEntry(after.heapUsed - before.heapUsed),
    keptBytesPerEntry: perEntry(kept.heapUsed - before.heapUsed),
    bufferBytesPerEntry: perEntry(kept.arrayBuffers - before.arrayBuffers),
  };
  return { startMs, endMs, bytes };
}

function start({ role, batch }: CoreSpec): () => void {
  return role === 'leader' ? createLeader(batch) : createFollower(batch);
}

function repeat(turn: () => void, times: number): void {
  for (let count = 0; count < times; count++) turn();
}
