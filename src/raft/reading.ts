// What is kept of reads that wait: by whoever asks, and by a leader. The rules are in reads.ts.
import type { MemberId } from './member-id.ts';

/** What a member asks of its leader, for every read that waits there. */
export interface ReadAsk {
  /** The member's store and how often that was opened: its numbers begin anew each time. */
  readonly incarnation: number;
  readonly boot: number;
  /** The highest number of a read. */
  readonly upTo: number;
  /** By the member's own clock: before it asked. */
  readonly atMs: number;
}

/** Reads that one heartbeat round answers, all at once. */
export interface ReadBatch {
  /** Sent after every one of them was asked for. */
  readonly round: number;
  readonly index: number;
  readonly asks: ReadonlyMap<MemberId, ReadAsk>;
}

/** Everything that was committed at `atMs`, by this member's clock, is at or below `index`. */
export interface Fresh {
  readonly atMs: number;
  readonly index: number;
}

/** What a member knows of its own reads, which its driver numbers from 1. */
export interface Reading {
  /** The highest number asked for, and the highest one answered. */
  wanted: number;
  granted: number;
  /** What the leader was asked, and when. */
  asked: { readonly term: number; readonly upTo: number; readonly atMs: number } | undefined;
  /** The latest that the machine had come to when an answer came. */
  fresh: Fresh | undefined;
  /** What it was on its way to then. */
  coming: Fresh | undefined;
  /** A jump of the clocks: what was asked until then was asked nobody knows how long ago. */
  jumpedMs: number;
}

/** What a leader knows of everybody's. */
export interface LeaderReads {
  /** They came while a round was under way that does not count for them. */
  readonly waiting: Map<MemberId, ReadAsk>;
  batch: ReadBatch | undefined;
}
