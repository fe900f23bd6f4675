// What a leader knows of one follower: how far it has come, and what is on the way to it.

/**
 * `probe`: one append at a time, until the follower agrees with the log at some point.
 * `replicate`: appends follow each other without waiting, within the windows.
 */
export type ProgressMode = 'probe' | 'replicate';

export interface Progress {
  mode: ProgressMode;
  /** Everything up to here is durable on the follower. Never goes back in a term. */
  match: number;
  /** The next index to send. Always above `match`. */
  next: number;
  /** Answers count only when they carry this number; every new start takes the next one. */
  stream: number;
  /** Highest index sent on this stream; 0 when nothing was. */
  sent: number;
  /** `sent` as it was at the last heartbeat. */
  sentAtHeartbeat: number;
  /** Highest commit index that the follower was told and can have used. */
  commitSent: number;
  /** When something of this term was last heard from it, in ms of the monotonic clock. */
  contactMs: number;
  /** Last index of each append on the way, oldest first. */
  readonly inflight: number[];
}

export function createProgress(next: number, now: number): Progress {
  return {
    mode: 'probe',
    match: 0,
    next,
    stream: 1,
    sent: 0,
    sentAtHeartbeat: 0,
    commitSent: 0,
    contactMs: now,
    inflight: [],
  };
}

/** Forget what is on the way and ask again from `next`: its answers will not be waited for. */
export function restartStream(progress: Progress, next: number): void {
  progress.mode = 'probe';
  progress.next = Math.max(next, progress.match + 1);
  progress.stream++;
  progress.sent = 0;
  progress.sentAtHeartbeat = 0;
  progress.inflight.length = 0;
}

/** Entries up to `index` were sent. While probing `next` stays: nothing is known to fit yet. */
export function recordSent(progress: Progress, index: number): void {
  progress.sent = Math.max(progress.sent, index);
  if (progress.mode === 'replicate') progress.next = index + 1;
  progress.inflight.push(index);
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
  return true;
}
