// Notices while it lasts that the store, the machine or the event loop stands still. Looked at in
// every turn, and at the moment when a bound is passed: for that it asks for the loop's one timer.
import type { Logger } from '../contracts/index.ts';
import type { RaftEvent } from '../raft/index.ts';
import type { StallEvent } from './events.ts';
import type { StallLimits } from './options.ts';

export interface StallsParts {
  /** Read whenever they are needed: they may change. */
  readonly limits: StallLimits;
  readonly logger: Logger;
  /** Since when a write is under way; Infinity when none is. */
  readonly store: { readonly busySinceMs: number };
  /** Since when the machine is at one thing while entries wait; Infinity when none waits. */
  readonly machine: { readonly lateSinceMs: number };
  readonly tell: (event: StallEvent) => void;
  readonly push: (event: RaftEvent) => void;
}

interface Watch {
  readonly what: 'store' | 'apply';
  readonly limit: keyof StallLimits;
  readonly of: { readonly busySinceMs: number };
  /** When that began which was told; undefined while nothing is wrong. */
  begunMs: number | undefined;
}

export class Stalls {
  readonly #parts: StallsParts;
  readonly #watches: readonly Watch[];
  /** By how much the turns since the last look came late. */
  #lateMs = 0;
  #isKnown = false;

  constructor(parts: StallsParts) {
    const { machine, store } = parts;
    const late = {
      get busySinceMs() {
        return machine.lateSinceMs;
      },
    };
    this.#parts = parts;
    this.#watches = [
      { what: 'store', limit: 'storeMs', of: store, begunMs: undefined },
      { what: 'apply', limit: 'applyMs', of: late, begunMs: undefined },
    ];
  }

  /** A turn begins that was due so long ago. Whatever arrived meanwhile is handled first. */
  turn(lateMs: number): void {
    this.#lateMs = Math.max(this.#lateMs, lateMs);
  }

  expire(nowMs: number): void {
    for (const watch of this.#watches) this.#look(watch, nowMs);
    const forMs = this.#lateMs;
    this.#lateMs = 0;
    const isStalled = this.#watches.some(({ begunMs }) => begunMs !== undefined);
    if (forMs >= this.#parts.limits.loopMs) {
      this.#tell({ what: 'loop', forMs, ended: true });
      // It is over, but may come again: whoever leads learns of it even so.
      this.#tellCore(true);
    }
    this.#tellCore(isStalled);
  }

  /** When the next bound is passed, unless what is under way ends before; Infinity for never. */
  nextExpiry(): number {
    const { limits } = this.#parts;
    let next = Number.POSITIVE_INFINITY;
    for (const { begunMs, limit, of } of this.#watches) {
      if (begunMs === undefined) next = Math.min(next, of.busySinceMs + limits[limit]);
    }
    return next;
  }

  #look(watch: Watch, nowMs: number): void {
    const { begunMs, limit, of, what } = watch;
    const { busySinceMs } = of;
    if (begunMs !== undefined && begunMs !== busySinceMs) {
      watch.begunMs = undefined;
      this.#tell({ what, forMs: nowMs - begunMs, ended: true });
    }
    if (watch.begunMs !== undefined || nowMs < busySinceMs + this.#parts.limits[limit]) return;
    watch.begunMs = busySinceMs;
    this.#tell({ what, forMs: nowMs - busySinceMs, ended: false });
  }

  #tell(event: StallEvent): void {
    const { logger, tell } = this.#parts;
    logger.warn({ ...event }, event.ended ? 'a stall is over' : 'a stall');
    tell(event);
  }

  #tellCore(stalled: boolean): void {
    if (stalled === this.#isKnown) return;
    this.#isKnown = stalled;
    this.#parts.push({ type: 'stall', stalled });
  }
}
