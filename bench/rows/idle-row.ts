// A cluster that has elected its leader and has nothing to do.
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryCluster } from 'coxswain';
import { collectGarbage } from './collect-garbage.ts';
import type { IdleResult, IdleSpec } from './row-types.ts';

const LOOKS = 20;
const HASTY_HEARTBEAT_MS = 2;

export async function measureIdle({ members, windowMs }: IdleSpec): Promise<IdleResult> {
  const before = { ...countResources(), ...memoryAfterCollection() };
  await warmUp(members, windowMs / 2);
  await using cluster = await restingCluster(members, 100);
  const leader = await cluster.leader();
  await watch(windowMs / 4);
  const { heapUsed, arrayBuffers } = memoryAfterCollection();
  const { commit } = leader.status();
  const cpu = process.cpuUsage();
  const { timers, immediates } = await watch(windowMs);
  const { user, system } = process.cpuUsage(cpu);
  const growth = memoryAfterCollection().heapUsed - heapUsed;
  return {
    timersPerNode: (timers - before.timers) / members,
    immediatesPerNode: (immediates - before.immediates) / members,
    heapBytesPerNodeSecond: (growth / members / windowMs) * 1000,
    heapBytesPerNode: (heapUsed - before.heapUsed) / members,
    bufferBytesPerNode: (arrayBuffers - before.arrayBuffers) / members,
    cpuShare: (user + system) / 1000 / windowMs,
    entriesAdded: leader.status().commit - commit,
  };
}

/** Code that runs for the first time keeps what the engine learns of it: let that be over. */
async function warmUp(members: number, ms: number): Promise<void> {
  await using _cluster = await restingCluster(members, HASTY_HEARTBEAT_MS);
  await watch(ms);
}

async function restingCluster(size: number, heartbeatMs: number) {
  const cluster = await createMemoryCluster<Uint8Array, Uint8Array>({
    size,
    stateMachine: () => ({
      apply: (command) => command,
      snapshot: () => new Uint8Array(0),
      restore: () => undefined,
    }),
    electionTimeoutMs: [1000, 2000],
    heartbeatMs,
  });
  cluster.nodes[0]?.campaign();
  await cluster.leader();
  return cluster;
}

interface Resources {
  readonly timers: number;
  readonly immediates: number;
}

/** The most seen of each. The timer of our own sleep has fired whenever we look. */
async function watch(windowMs: number): Promise<Resources> {
  let most: Resources = { timers: 0, immediates: 0 };
  for (let look = 0; look < LOOKS; look++) {
    await sleep(windowMs / LOOKS);
    const { timers, immediates } = countResources();
    most = {
      timers: Math.max(most.timers, timers),
      immediates: Math.max(most.immediates, immediates),
    };
  }
  return most;
}

function countResources(): Resources {
  const names = process.getActiveResourcesInfo();
  const count = (name: string) => names.filter((each) => each === name).length;
  return { timers: count('Timeout'), immediates: count('Immediate') };
}

function memoryAfterCollection(): NodeJS.MemoryUsage {
  collectGarbage();
  return process.memoryUsage();
}
