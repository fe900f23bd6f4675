// When waiting ends: requests with the same timeout expire in the order they came, so each timeout
// has a queue and only its first item is looked at. No timer, no heap.
import { Deque } from '../../lib/deque.ts';

export interface Expiring {
  readonly settled: boolean;
  /** When it expires; set by `Deadlines.add`. */
  dueMs: number;
  /** Called once, when time ran out and it is not settled. */
  expire(): void;
}

/** Timeouts are rounded up to a multiple of this: bounds how many queues there can be. */
const GRAIN_MS = 10;
const LEAST_SWEEP = 4096;

export class Deadlines {
  readonly #queues = new Map<number, Deque<Expiring>>();
  /** A queue of this length is swept: one that waits for long must not keep all behind it. */
  #sweepAt = LEAST_SWEEP;

  /** `item` expires `timeoutMs` after `nowMs`, rounded up a little. */
  add(item: Expiring, nowMs: number, timeoutMs: number): void {
    const rounded = Math.ceil(timeoutMs / GRAIN_MS) * GRAIN_MS;
    let queue = this.#queues.get(rounded);
    if (queue === undefined) {
      queue = new Deque();
      this.#queues.set(rounded, queue);
    }
    item.dueMs = nowMs + rounded;
    queue.push(item);
    if (queue.length >= this.#sweepAt) this.#sweep();
  }

  /** Expires what is due, and forgets what is settled and first in its queue. */
  expire(nowMs: number): void {
    for (const [timeoutMs, queue] of this.#queues) {
      for (let item = queue.at(0); item !== undefined; item = queue.at(0)) {
        if (!item.settled && item.dueMs > nowMs) break;
        queue.drop(1);
        if (!item.settled) item.expire();
      }
      if (queue.length === 0) this.#queues.delete(timeoutMs);
    }
  }

  #sweep(): void {
    let longest = 0;
    for (const queue of this.#queues.values()) {
      for (const item of queue.clear()) if (!item.settled) queue.push(item);
      longest = Math.max(longest, queue.length);
    }
    this.#sweepAt = Math.max(LEAST_SWEEP, 2 * longest);
  }

  /** When something may expire next; Infinity for never. */
  next(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues.values()) next = Math.min(next, queue.at(0)?.dueMs ?? next);
    return next;
  }
}
