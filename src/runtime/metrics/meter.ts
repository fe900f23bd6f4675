// Everything that a node measures, in one place. Hooks are called once a step, a turn, a batch or a
// frame; only callers' own requests are counted one by one.
import type { Clock, LogWrite, MemberId } from '../../contracts/index.ts';
import type { CoxswainError } from '../../errors.ts';
import { bytesOf, type Effect, type RaftEvent, type RaftState } from '../../raft/index.ts';
import {
  type MessageOrigin,
  publishApply,
  publishReceive,
  publishStoreWrite,
} from '../channels.ts';
import { CoreMeter } from './core-meter.ts';
import { type Counting, createCounting } from './counters.ts';
import { Histogram, latencyHistogram } from './histogram.ts';
import { RequestMeter } from './request-meter.ts';

export class Meter {
  readonly counting: Counting = createCounting();
  readonly core: CoreMeter;
  readonly requests: RequestMeter;
  readonly storeWriteMs: Histogram = latencyHistogram();
  readonly applyMs: Histogram = latencyHistogram();
  readonly applyEntries: Histogram = new Histogram(1);
  readonly turnLatenessMs: Histogram = latencyHistogram();
  readonly openedMs: number;
  readonly origin: MessageOrigin;
  readonly #state: RaftState;
  readonly #clock: Pick<Clock, 'now'>;
  #writeBegunMs: number | undefined;
  #writeEntries = 0;
  #writeBytes = 0;
  #applied: number;
  #applicable: number;
  /** Since when the machine has been at what comes next. */
  #applyBegunMs = 0;

  constructor(state: RaftState, clock: Pick<Clock, 'now'>, origin: MessageOrigin) {
    this.core = new CoreMeter(state, this.counting);
    this.requests = new RequestMeter(clock, this.counting);
    this.openedMs = clock.now();
    this.origin = origin;
    this.#state = state;
    this.#clock = clock;
    this.#applied = state.applied;
    this.#applicable = state.applied;
  }

  /** After each step, before its effects are run. */
  look(event: RaftEvent, effects: readonly Effect[]): void {
    this.core.look(event, effects);
  }

  /** A turn begins, so long after it was due. */
  turn(lateMs: number): void {
    this.counting.turns++;
    this.turnLatenessMs.record(lateMs);
  }

  received(from: MemberId, bytes: number): void {
    this.counting.receivedFrames++;
    this.counting.receivedBytes += bytes;
    publishReceive(this.origin, from, bytes);
  }

  /** One write is in flight at a time. */
  writeBegun({ entries = [] }: LogWrite): void {
    const { log } = this.#state;
    const from = entries[0]?.index ?? 0;
    this.#writeEntries = entries.length;
    this.#writeBytes = bytesOf(log, from, from + entries.length);
    this.counting.storeWrites++;
    this.counting.storeWrittenEntries += this.#writeEntries;
    this.counting.storeWrittenBytes += this.#writeBytes;
    this.#writeBegunMs = this.#clock.now();
  }

  writeEnded(): void {
    const tookMs = this.#clock.now() - (this.#writeBegunMs ?? 0);
    this.#writeBegunMs = undefined;
    this.storeWriteMs.record(tookMs);
    publishStoreWrite(this.origin, this.#writeEntries, this.#writeBytes, tookMs);
  }

  /** For how long the write in flight has been, in ms; 0 when there is none. */
  writingMs(nowMs: number): number {
    return this.#writeBegunMs === undefined ? 0 : nowMs - this.#writeBegunMs;
  }

  /** Entries up to `upTo` may be applied from now on. */
  applicable(upTo: number): void {
    if (this.#applied === this.#applicable) this.#applyBegunMs = this.#clock.now();
    this.#applicable = Math.max(this.#applicable, upTo);
  }

  /** The machine has settled everything up to `index`. */
  applied(index: number): void {
    const { log } = this.#state;
    const nowMs = this.#clock.now();
    const entries = index - this.#applied;
    const tookMs = nowMs - this.#applyBegunMs;
    const from = Math.max(this.#applied, log.base.index) + 1;
    this.counting.appliedEntries += entries;
    this.counting.appliedBytes += bytesOf(log, from, index + 1);
    this.applyMs.record(tookMs);
    this.applyEntries.record(entries);
    this.#applied = index;
    this.#applyBegunMs = nowMs;
    publishApply(this.origin, index, entries, tookMs);
  }

  /** A snapshot has put the machine there: nothing was applied for that. */
  restored(index: number): void {
    this.#applied = index;
    this.#applicable = Math.max(this.#applicable, index);
    this.#applyBegunMs = this.#clock.now();
  }

  /** For how long the machine has been at what comes next, in ms; 0 when it has nothing to do. */
  applyingMs(nowMs: number): number {
    return this.#applied < this.#applicable ? nowMs - this.#applyBegunMs : 0;
  }

  /** What ended the node. */
  failed(fault: CoxswainError): void {
    if (fault.code === 'ERR_STATE_MACHINE') this.counting.applyFailures++;
    if (fault.code.startsWith('ERR_STORE')) this.counting.storeFailures++;
  }
}
