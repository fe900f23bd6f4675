// What a leader measures of one follower, in one term.
import { type Append, bytesOf, type Log, type Progress } from '../../raft/index.ts';
import type { Counting } from './counters.ts';
import { type Histogram, latencyHistogram } from './histogram.ts';
import { Marks } from './marks.ts';

/** Appends on their way that are measured: a count. */
const MAX_MARKS = 64;

type Sent = Pick<Append, 'from' | 'stream' | 'until'>;

export class PeerMeter {
  readonly replicationMs: Histogram = latencyHistogram();
  readonly #marks = new Marks(MAX_MARKS);
  /** Appends of an earlier stream were given up. */
  #stream = 0;
  #match = 0;
  #lowestSent = Number.POSITIVE_INFINITY;
  #highestSent = 0;

  /** An append of entries [from, until) is handed to the sender. */
  sent({ from, stream, until }: Sent, nowMs: number, counting: Counting): void {
    counting.appendsSent++;
    this.#follow(stream);
    this.#lowestSent = Math.min(this.#lowestSent, from);
    if (from > this.#highestSent) {
      this.#highestSent = until - 1;
      this.#marks.add(until - 1, nowMs);
      return;
    }
    // Which of the two an acknowledgement speaks of cannot be told: neither is measured.
    counting.appendsSentAgain++;
    this.#marks.clear();
    this.#highestSent = Math.max(this.#highestSent, until - 1);
  }

  acknowledged(
    { match, stream }: Progress,
    log: Log,
    nowMs: number,
    counting: Counting,
    all: Histogram,
  ): void {
    this.#follow(stream);
    if (match <= this.#match) return;
    // What it held before this leader sent it anything was not replicated by this one.
    const before = Math.max(this.#match, this.#lowestSent - 1, log.base.index);
    this.#match = match;
    this.#marks.reach(match, nowMs, this.replicationMs, all);
    if (match <= before) return;
    counting.replicatedEntries += match - before;
    counting.replicatedBytes += bytesOf(log, before + 1, match + 1);
  }

  #follow(stream: number): void {
    if (stream === this.#stream) return;
    this.#stream = stream;
    this.#marks.clear();
  }
}
