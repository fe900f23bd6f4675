// Lets the machine's due times fall due: the leader logs a `tick` when its wall clock has come so
// far, one at a time, and no more than one a heartbeat, whatever the machine says.
import type { Clock } from '../contracts/index.ts';
import type { RaftState } from '../raft/index.ts';
import { OwnEntries } from './own-entries.ts';
import type { Proposals } from './requests/index.ts';

export interface TickerParts {
  readonly state: RaftState;
  readonly clock: Clock;
  readonly proposals: Proposals;
  readonly wake: () => void;
}

const NO_BODY = new Uint8Array(0);

export class Ticker {
  readonly #parts: TickerParts;
  /** By the wall clock, in whole ms as entries are stamped; Infinity for never. */
  #dueMs = Number.POSITIVE_INFINITY;
  /** Since when the next one may be logged, by the monotonic clock. */
  #restedMs = Number.NEGATIVE_INFINITY;
  readonly #ticks: OwnEntries;

  constructor(parts: TickerParts) {
    this.#parts = parts;
    this.#ticks = new OwnEntries('tick', parts.proposals, parts.wake);
  }

  /** What the machine of this leader says now. */
  due(wallMs: number | undefined): void {
    this.#dueMs = Math.ceil(wallMs ?? Number.POSITIVE_INFINITY);
  }

  /** Another leader sees to it; what is in the log already comes of itself. */
  stepDown(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#ticks.stepDown();
  }

  expire(nowMs: number): void {
    if (this.#dueMs === Number.POSITIVE_INFINITY) return;
    const { clock, state } = this.#parts;
    if (Math.floor(clock.wallMs()) < this.#dueMs || nowMs < this.#restedMs) return;
    if (this.#ticks.isUnderWay || state.role !== 'leader') return;
    this.#restedMs = nowMs + state.options.heartbeatMs;
    this.#ticks.log(NO_BODY);
  }

  /** When `expire` has something to do, by the monotonic clock; Infinity for never. */
  nextExpiry(): number {
    const { clock, state } = this.#parts;
    const isIdle = this.#ticks.isUnderWay || state.role !== 'leader';
    if (isIdle || this.#dueMs === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    const delayMs = Math.max(this.#dueMs - clock.wallMs(), 0);
    return Math.max(clock.now() + delayMs, this.#restedMs);
  }
}
