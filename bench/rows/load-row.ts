// One row of the memory or reads bench: a cluster in this process, a warm-up, a window of time.
import { setTimeout as sleep } from 'node:timers/promises';
import { ClosedLoop } from './closed-loop.ts';
import { GcWatch } from './gc-watch.ts';
import type { Latencies } from './latencies.ts';
import { openLoop } from './open-loop.ts';
import type { ClosedSpec, LoadResult, OpenSpec } from './row-types.ts';
import { openService, type Service } from './services.ts';

const WARM_CLIENTS = 256;
/** Times the processor time that is waited for. */
const MOST_WAITED = 5;

export async function measureLoad(spec: ClosedSpec | OpenSpec): Promise<LoadResult> {
  const service = await openService(spec);
  const gc = new GcWatch();
  try {
    return spec.kind === 'closed' ? await closed(spec, service, gc) : await open(spec, service, gc);
  } finally {
    gc.close();
    await service.close();
  }
}

async function closed(spec: ClosedSpec, service: Service, gc: GcWatch): Promise<LoadResult> {
  const loop = new ClosedLoop(service.act, spec.inFlight);
  const running = loop.run();
  await Promise.race([busy(spec.warmMs), running]);
  const startMs = loop.startWindow();
  const cpu = process.cpuUsage();
  await Promise.race([busy(spec.windowMs), running]);
  const window = { startMs, ...loop.endWindow(), cpu: process.cpuUsage(cpu) };
  const rates = ratesOf(window);
  await running;
  const gcShare = await gc.share(startMs, window.endMs);
  return { ...rates, ...summarizeLatencies(loop.latencies), gcShare, refused: 0 };
}

/** Warmed up by clients that wait: cold code would only pile up a queue. */
async function open(spec: OpenSpec, service: Service, gc: GcWatch): Promise<LoadResult> {
  const warm = new ClosedLoop(service.act, WARM_CLIENTS);
  const warming = warm.run();
  await Promise.race([busy(spec.warmMs), warming]);
  warm.endWindow();
  await warming;
  const cpu = process.cpuUsage();
  const { latencies, refused, ...window } = await openLoop(service.act, spec);
  const rates = ratesOf({ ...window, cpu: process.cpuUsage(cpu) });
  const gcShare = await gc.share(window.startMs, window.endMs);
  return { ...rates, ...summarizeLatencies(latencies), gcShare, refused };
}

/**
 * Until this process has had so much processor time: on a busy machine a stretch of the wall's time
 * may be too short to have anything optimised.
 */
async function busy(cpuMs: number): Promise<void> {
  const start = process.cpuUsage();
  const endMs = performance.now() + MOST_WAITED * cpuMs;
  while (performance.now() < endMs) {
    await sleep(cpuMs / 20);
    const { user, system } = process.cpuUsage(start);
    if (user + system >= cpuMs * 1000) return;
  }
}

interface Window {
  readonly startMs: number;
  readonly endMs: number;
  readonly done: number;
  readonly cpu: NodeJS.CpuUsage;
}

function ratesOf({ startMs, endMs, done, cpu }: Window) {
  return {
    perSecond: (done / (endMs - startMs)) * 1000,
    cpuUs: (cpu.user + cpu.system) / done,
    heapMb: process.memoryUsage().heapUsed / 1e6,
  };
}

function summarizeLatencies(latencies: Latencies): Pick<LoadResult, 'p50Ms' | 'p99Ms' | 'maxMs'> {
  return { p50Ms: latencies.at(0.5), p99Ms: latencies.at(0.99), maxMs: latencies.at(1) };
}
