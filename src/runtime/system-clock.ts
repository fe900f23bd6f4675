// The system's time. A pending timer keeps the process alive, and so does every open node.
import { performance } from 'node:perf_hooks';
import type { Clock } from '../contracts/index.ts';

export const systemClock: Clock = {
  now: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  soon: (callback) => {
    setImmediate(callback);
  },
};
