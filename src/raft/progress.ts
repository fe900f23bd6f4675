// What a leader knows of one follower: how far it has come, and what is on the way to it.
import type { Sending } from './snapshot.ts';

/**
 * `probe`: one append at a time, until the follower agrees with the log at some point.
 * `replicate`: appends follow each other without waiting, within the windows.
 * `snapshot`: what it needs next is not in the log any more.
 */
export type ProgressMode = 'probe' | 'replicate' | 'snapshot';

/** Heartbeats: a count. */
const MAX_PATIENCE = 64;

export interface Progress {
  mode: ProgressMode;
  /** Everything up to here is durable on the follower. Never goes back in a term. */
  match: number;
  /** The next index to send. Always above `match`. */
  next: number;
  /** Answers count only when they carry this number; a refusal starts the next one. */
  stream: number;
  /** Highest index sent on this stream; 0 when nothing was. */
  sent: number;
  /** `sent` as it was at the last heartbeat. */
  sentAtHeartbeat: number;
  /** Heartbeats in a row that found something missing, and how many it takes to send it again. */
  missing: number;
  patience: number;
  /** Highest commit index that the follower was told and can have used. */
  commitSent: number;
  /** When something of this term was last heard from it, in ms of the monotonic clock. */
  contactMs: number;
  /** Defined while it is to become a voter. */
  catchUp: CatchUp | undefined;
  /** When a member that was removed is given up; Infinity for all others. */
  dropAtMs: number;
  /** Somebody answers in its name from another store: nothing of that counts. */
  stranger: boolean;
  /** The latest heartbeat round that it has acknowledged. */
  heardRound: number;
  /** Until then it votes for nobody else, even if its clock is the faster one. */
  promisedUntilMs: number;
  /** How far its wall clock is ahead of this member's, when that is known. */
  wallOffsetMs: number;
  /** A snapshot on its way to it: in that mode only. */
  sending: Sending | undefined;
  /** Log from here on is kept for it, as it was sent a snapshot and catches up; else Infinity. */
  heldFrom: number;
  /** Last index of each append on the way, oldest first. */
  readonly inflight: number[];
}

/**
 * Rounds (thesis §4.2.1): each lasts until the follower has what the log held at its start. One
 * that is short enough shows that the rest would take no longer than an election timeout.
 */
export interface CatchUp {
  target: number;
  startMs: number;
  /** The latest round was short enough. */
  done: boolean;
}

export function createProgress(next: number, now: number, stream: number): Progress {
  return {
    mode: 'probe',
    match: 0,
    next,
    stream,
    sent: 0,
    sentAtHeartbeat: 0,
    missing: 0,
    patience: 1,
    commitSent: 0,
    contactMs: now,
    catchUp: undefined,
    dropAtMs: Number.POSITIVE_INFINITY,
    stranger: false,
    heardRound: 0,
    promisedUntilMs: Number.NEGATIVE_INFINITY,
    wallOffsetMs: 0,
    sending: undefined,
    heldFrom: Number.POSITIVE_INFINITY,
    inflight: [],
  };
}

/** The follower refused: ask again from `next`. Answers to what was sent before do not count. */
export function restartStream(progress: Progress, next: number): void {
  resend(progress, next);
  progress.stream++;
}

/** What is on the way may be lost: send from `next` again. Should it arrive yet, it counts. */
export function resend(progress: Progress, next: number): void {
  progress.mode = 'probe';
  progress.sending = undefined;
  progress.next = Math.max(next, progress.match + 1);
  progress.sent = 0;
  progress.sentAtHeartbeat = 0;
  progress.inflight.length = 0;
}

/**
 * A heartbeat found that something sent before the one before it has not arrived. True when it is
 * time to send it again: each time takes twice as long as the one before, so that a slow link is
 * not taken for a lossy one for ever.
 */
export function isOverdue(progress: Progress): boolean {
  progress.missing++;
  if (progress.missing < progress.patience) return false;
  progress.missing = 0;
  progress.patience = Math.min(2 * progress.patience, MAX_PATIENCE);
  return true;
}

/** Entries up to `index` were sent. While probing `next` stays: nothing is known to fit yet. */
export function recordSent(progress: Progress, index: number): void {
  progress.sent = Math.max(progress.sent, index);
  if (progress.mode === 'replicate') progress.next = index + 1;
  progress.inflight.push(index);
}

/** A follower that is to become a voter holds its match of a log that ends at `last`. */
export function recordRound(progress: Progress, last: number, now: number, shortMs: number): void {
  const { catchUp, match } = progress;
  if (catchUp === undefined || match < catchUp.target) return;
  catchUp.done = match === last || now - catchUp.startMs < shortMs;
  catchUp.target = last;
  catchUp.startMs = now;
}

/** The follower holds everything up to `match`; true when that is news. */
export function recordMatch(progress: Progress, match: number): boolean {
  progress.mode = 'replicate';
  let landed = 0;
  while (landed < progress.inflight.length && (progress.inflight[landed] ?? 0) <= match) landed++;
  if (landed > 0) progress.inflight.splice(0, landed);
  progress.next = Math.max(progress.next, progress.sent + 1, match + 1);
  if (match <= progress.match) return false;
  progress.match = match;
  progress.missing = 0;
  progress.patience = 1;
  return true;
}
