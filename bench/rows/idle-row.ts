// A cluster that has elected its leader and has nothing to do.
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryCluster } from 'coxswain';
import { collectGarbage } from './collect-garbage.ts';
import type { IdleResult, IdleSpec } from './row-types.ts';

const LOOKS = 20;

export async function measureIdle({ members, windowMs }: IdleSpec): Promise<IdleResult> {
  collectGarbage();
  const before = { ...countResources(), heap: process.memoryUsage().heapUsed };
  const cluster = await createMemoryCluster<Uint8Array, Uint8Array>({
    size: members,
    stateMachine: () => ({
      apply: (command) => command,
      snapshot: () => new Uint8Array(0),
      restore: () => undefined,
    }),
    electionTimeoutMs: [1000, 2000],
    heartbeatMs: 100,
  });
  try {
    cluster.nodes[0]?.campaign();
    const leader = await cluster.leader();
    await sleep(Math.min(500, windowMs));
    collectGarbage();
    const heap = process.memoryUsage().heapUsed;
    const { commit } = leader.status();
    const cpu = process.cpuUsage();
    let [timers, immediates] = [0, 0];
    for (let look = 0; look < LOOKS; look++) {
      await sleep(windowMs / LOOKS);
      // The timer of our own sleep has fired: what is left is the cluster's.
      const now = countResources();
      timers = Math.max(timers, now.timers - before.timers);
      immediates = Math.max(immediates, now.immediates - before.immediates);
    }
    const { user, system } = process.cpuUsage(cpu);
    collectGarbage();
    const growth = process.memoryUsage().heapUsed - heap;
    return {
      timersPerNode: timers / members,
      immediatesPerNode: immediates / members,
      heapBytesPerNodeSecond: (growth / members / windowMs) * 1000,
      heapBytesPerNode: (heap - before.heap) / members,
      cpuShare: (user + system) / 1000 / windowMs,
      entriesAdded: leader.status().commit - commit,
    };
  } finally {
    await cluster.close();
  }
}

function countResources(): { readonly timers: number; readonly immediates: number } {
  const names = process.getActiveResourcesInfo();
  const count = (name: string) => names.filter((each) => each === name).length;
  return { timers: count('Timeout'), immediates: count('Immediate') };
}
