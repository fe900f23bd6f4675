// Properties on a small seeded network: whatever is lost, repeated, delayed, cut or stopped, no
// acknowledged command is lost, none is applied twice, and all machines agree.
import { describe, expect, test } from 'vitest';
import { createPrng, nextFloat, nextInteger } from '../../src/lib/prng.ts';
import { startCluster } from './harness.ts';
import { Trouble } from './trouble.ts';

const SEEDS = 40;
const STEPS = 40;

async function runSeed(seed: number): Promise<{ acknowledged: number; applied: number }> {
  const prng = createPrng(seed);
  const size = nextInteger(prng, 1, 6);
  const limits = {
    maxAppendBytes: nextInteger(prng, 1, 400),
    maxInflightAppends: nextInteger(prng, 1, 6),
    memoryWindowBytes: nextInteger(prng, 1, 2000),
    maxApplyBatch: nextInteger(prng, 1, 20),
  };
  const harness = await startCluster({ size, seed, limits });
  const { cluster, machines } = harness;
  const { network } = cluster;
  const faulty = nextFloat(prng) < 0.8;
  network.drop = faulty ? nextFloat(prng) * 0.3 : 0;
  network.duplicate = faulty ? nextFloat(prng) * 0.3 : 0;
  network.delayMs = [0, nextInteger(prng, 0, 30)];
  const acknowledged: { command: string; index: number }[] = [];
  const refused = new Set<string>();
  let next = 0;
  const propose = (id: string) => {
    const command = `command ${next++}`;
    cluster
      .node(id)
      .propose(command, { timeoutMs: 2000 })
      .then(
        ({ index }) => void acknowledged.push({ command, index }),
        (error: { outcome?: string }) => {
          if (error.outcome === 'not-applied') refused.add(command);
        },
      );
  };
  const trouble = new Trouble(harness, prng);
  for (let at = 0; at < STEPS; at++) {
    await trouble.next((id) => {
      for (let n = 0; n < 5; n++) propose(id);
    });
  }
  await trouble.end(3000);
  const logs = cluster.ids.map((id) => machines.get(id)?.applied ?? []);
  for (const log of logs) expect(log, `seed ${seed}: machines agree`).toEqual(logs[0]);
  const applied = new Map((logs[0] ?? []).map(({ command, index }) => [command, index]));
  expect(applied.size, `seed ${seed}: nothing is applied twice`).toBe(logs[0]?.length);
  for (const { command, index } of acknowledged) {
    expect(applied.get(command), `seed ${seed}: ${command} was acknowledged`).toBe(index);
  }
  for (const command of refused) {
    expect(applied.has(command), `seed ${seed}: ${command} was refused for good`).toBe(false);
  }
  await harness.settled(cluster.close());
  return { acknowledged: acknowledged.length, applied: applied.size };
}

describe('under random faults', () => {
  test(`${SEEDS} seeds keep every promise, and are not idle`, async () => {
    let acknowledged = 0;
    for (let seed = 1; seed <= SEEDS; seed++) acknowledged += (await runSeed(seed)).acknowledged;
    expect(acknowledged).toBeGreaterThan(SEEDS * 20);
  });

  test('the same seed gives the same run', async () => {
    expect(await runSeed(7)).toEqual(await runSeed(7));
  });
});
