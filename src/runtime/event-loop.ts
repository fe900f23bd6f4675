// The only owner of the loop and the timer: one queue, one step at a time. It knows when; what an
// effect means is in effect-runner.ts.
import type { Cancel, Clock } from '../contracts/index.ts';
import {
  checkState,
  checkStep,
  type Effect,
  nextDeadline,
  type Propose,
  type RaftEvent,
  type RaftState,
  type Read,
  step,
  summarize,
} from '../raft/index.ts';

export interface EventLoopHooks {
  /** Runs the effects of one step, synchronously, before the next step reuses their buffer. */
  run(effects: readonly Effect[], event: RaftEvent): void;
  /** What is queued for the log, if this member may append it. Asked once a turn. */
  takeProposals(): Propose | undefined;
  /** Reads that the core was not told of. Asked once a turn. */
  takeReads(): Read | undefined;
  /** A turn begins, so many ms after it was due. */
  beginTurn(lateMs: number): void;
  /** Everything that arrived is handled. */
  endTurn(): void;
  /** Waits of the host that may have run out. */
  expire(nowMs: number): void;
  nextExpiry(): number;
  failed(cause: unknown): void;
}

export class EventLoop {
  readonly #state: RaftState;
  readonly #clock: Clock;
  readonly #hooks: EventLoopHooks;
  readonly #checked: boolean;
  #queue: RaftEvent[] = [];
  #scheduled = false;
  /** When the turn to come was asked for, or the timer was due that did; Infinity for none. */
  #wantedMs = Number.POSITIVE_INFINITY;
  #stopped = false;
  #timer: { readonly dueMs: number; readonly cancel: Cancel } | undefined;

  constructor(state: RaftState, clock: Clock, hooks: EventLoopHooks, checked: boolean) {
    this.#state = state;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#checked = checked;
  }

  push(event: RaftEvent): void {
    this.#queue.push(event);
    this.wake();
  }

  /** A turn will come soon. What arrives until then is handled together. */
  wake(): void {
    if (!this.#scheduled) this.#schedule(this.#clock.now());
  }

  stop(): void {
    this.#stopped = true;
    this.#queue = [];
    this.#timer?.cancel();
  }

  #schedule(wantedMs: number): void {
    this.#wantedMs = Math.min(this.#wantedMs, wantedMs);
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#clock.soon(() => this.#turn());
  }

  /**
   * What has arrived goes before a deadline that has passed: after a stall the queue may hold the
   * very heartbeat that the deadline waited for.
   */
  #turn(): void {
    this.#scheduled = false;
    if (this.#stopped) return;
    const begunMs = this.#clock.now();
    const lateMs = begunMs - this.#wantedMs;
    try {
      this.#wantedMs = Number.POSITIVE_INFINITY;
      this.#hooks.beginTurn(lateMs);
      this.#step({ type: 'clocks', wallMs: this.#clock.wallMs() }, begunMs);
      const due = nextDeadline(this.#state) <= this.#clock.now();
      const queue = this.#queue;
      this.#queue = [];
      for (const event of queue) this.#step(event);
      const proposals = this.#hooks.takeProposals();
      if (proposals !== undefined) this.#step(proposals);
      const reads = this.#hooks.takeReads();
      if (reads !== undefined) this.#step(reads);
      if (due && nextDeadline(this.#state) <= this.#clock.now()) this.#step({ type: 'timeout' });
      this.#hooks.expire(this.#clock.now());
      this.#hooks.endTurn();
      this.#arm();
    } catch (cause) {
      this.#hooks.failed(cause);
    }
  }

  #step(event: RaftEvent, nowMs: number = this.#clock.now()): void {
    if (this.#stopped) return;
    const before = this.#checked ? summarize(this.#state) : undefined;
    const effects = step(this.#state, event, nowMs);
    if (before !== undefined) {
      checkState(this.#state);
      checkStep(before, this.#state, effects);
    }
    this.#hooks.run(effects, event);
  }

  /** One timer. An earlier one is left to fire in vain rather than moved at every message. */
  #arm(): void {
    if (this.#stopped) return;
    const now = this.#clock.now();
    const dueMs = Math.min(nextDeadline(this.#state), this.#hooks.nextExpiry());
    if (dueMs <= now) return this.wake();
    if (dueMs === Number.POSITIVE_INFINITY) return;
    if (this.#timer !== undefined && this.#timer.dueMs <= dueMs) return;
    this.#timer?.cancel();
    const cancel = this.#clock.after(dueMs - now, () => {
      this.#timer = undefined;
      this.#schedule(dueMs);
    });
    this.#timer = { dueMs, cancel };
  }
}
