// What callers of this member ask for, and how it ends. Of all that come in one turn the first is
// timed: it waits for the turn as the others do, and the clock is not asked for each of them.
import type { Clock, Consistency } from '../../contracts/index.ts';
import { type Counting, FailureCounts, type ReadBasis, type ReadKind } from './counters.ts';
import { type Histogram, latencyHistogram } from './histogram.ts';

/** Stands for the begin of a call that is not timed. */
const UNTIMED = -1;

export class RequestMeter {
  readonly proposeMs: Histogram = latencyHistogram();
  readonly readMs: Histogram = latencyHistogram();
  readonly proposalFailures: FailureCounts = new FailureCounts();
  readonly readFailures: FailureCounts = new FailureCounts();
  readonly readsBegun: Record<ReadKind, number> = {
    ...{ linearizable: 0, lease: 0, local: 0, maxStalenessMs: 0, atLeastIndex: 0 },
  };
  readonly readsAnswered: Record<ReadBasis, number> = {
    ...{ index: 0, lease: 0, fresh: 0, awaited: 0, local: 0 },
  };
  readonly #clock: Pick<Clock, 'now'>;
  readonly #counting: Counting;
  #hasProposal = false;
  #hasRead = false;

  constructor(clock: Pick<Clock, 'now'>, counting: Counting) {
    this.#clock = clock;
    this.#counting = counting;
  }

  endTurn(): void {
    this.#hasProposal = false;
    this.#hasRead = false;
  }

  /** Gives when it began, for `proposalSettled`. */
  proposalBegun(): number {
    this.#counting.proposalsBegun++;
    if (this.#hasProposal) return UNTIMED;
    this.#hasProposal = true;
    return this.#clock.now();
  }

  /** `failure` is undefined when it was answered. */
  proposalSettled(begunMs: number, failure: unknown): void {
    if (failure !== undefined) return this.proposalFailures.add(failure);
    this.#counting.proposalsAnswered++;
    if (begunMs !== UNTIMED) this.proposeMs.record(this.#clock.now() - begunMs);
  }

  /** It was refused before anything waited for it. */
  proposalRefused(error: unknown): void {
    this.#counting.proposalsBegun++;
    this.proposalFailures.add(error);
  }

  /** Gives when it began, for `readAnswered`. */
  readBegun(consistency: Consistency): number {
    this.readsBegun[kindOf(consistency)]++;
    if (this.#hasRead) return UNTIMED;
    this.#hasRead = true;
    return this.#clock.now();
  }

  readAnswered(basis: ReadBasis, begunMs: number): void {
    this.readsAnswered[basis]++;
    if (begunMs !== UNTIMED) this.readMs.record(this.#clock.now() - begunMs);
  }

  readFailed(error: unknown): void {
    this.readFailures.add(error);
  }

  forwarded(count: number): void {
    this.#counting.forwardsSent += count;
  }

  /** Another member asks this leader for so many entries; some it may have asked for before. */
  delegated(count: number): void {
    this.#counting.forwardsReceived += count;
  }

  /** It had not asked for this one. */
  taken(): void {
    this.#counting.forwardsTaken++;
  }
}

function kindOf(consistency: Consistency): ReadKind {
  if (typeof consistency === 'string') return consistency;
  return 'atLeastIndex' in consistency ? 'atLeastIndex' : 'maxStalenessMs';
}
