// Which commands of a session were applied, and what came of them (thesis §6.3). A function of the
// log alone: whoever applies entries calls it, in order, and no clock is asked. Plain data.
import { fingerprint } from '../lib/fingerprint.ts';

/** Sequences above its floor that a session can have in the table: a count. */
export const SESSION_WINDOW = 1024;

export interface Sessions {
  /** By the index of the entry that opened it. */
  readonly open: Map<number, SessionRecord>;
  /** No session expires up to this log time. */
  calmUntilMs: number;
}

export interface SessionRecord {
  readonly idleMs: number;
  /** Log time of the last entry that named it. */
  lastTimeMs: number;
  /** Settled for the client up to here: nothing of that is kept, or applied from now on. */
  floor: number;
  /** By sequence, above the floor. */
  readonly kept: Map<number, Kept>;
}

/** One sequence whose fate is sealed. */
export interface Kept {
  /** Where it was applied; 0 when a fence has closed it. */
  readonly index: number;
  readonly term: number;
  readonly checksum: number;
  /** Encoded; undefined while the machine is at work, and when it cannot be encoded. */
  result: Uint8Array | undefined;
}

/** An entry's place, and when its leader took it. */
export interface LoggedAt {
  readonly index: number;
  readonly term: number;
  readonly timeMs: number;
}

/** Names one sequence of one session; up to `floor` all is settled for the client. */
export interface SequenceName {
  readonly session: number;
  readonly sequence: number;
  readonly floor: number;
}

export interface Opening {
  readonly index: number;
  readonly timeMs: number;
  readonly idleMs: number;
  readonly max: number;
}

/**
 * `repeat`: it was applied, and this came of it. `closed`: it was not, and never will be.
 * `stale`: at or below the floor. `ahead`: beyond the window.
 */
export type FenceVerdict =
  | { readonly type: 'closed' | 'stale' | 'ahead' | 'expired' }
  | { readonly type: 'repeat'; readonly kept: Kept };

/** `apply`: it counts as applied from now on. `reused`: another command had this sequence. */
export type Verdict = FenceVerdict | { readonly type: 'apply' | 'reused' };

interface Refused {
  readonly type: 'stale' | 'ahead' | 'expired';
}

const APPLY: Verdict = Object.freeze({ type: 'apply' });
const CLOSED: FenceVerdict = Object.freeze({ type: 'closed' });
const REUSED: Verdict = Object.freeze({ type: 'reused' });
const EXPIRED: Refused = Object.freeze({ type: 'expired' });
const STALE: Refused = Object.freeze({ type: 'stale' });
const AHEAD: Refused = Object.freeze({ type: 'ahead' });

export function createSessions(): Sessions {
  return { open: new Map(), calmUntilMs: Number.POSITIVE_INFINITY };
}

/** False when there are `max` live sessions: none of them is ever given up for a new one. */
export function openSession(sessions: Sessions, { idleMs, index, max, timeMs }: Opening): boolean {
  if (timeMs > sessions.calmUntilMs) sweep(sessions, timeMs);
  if (sessions.open.size >= max) return false;
  sessions.open.set(index, { idleMs, lastTimeMs: timeMs, floor: 0, kept: new Map() });
  sessions.calmUntilMs = Math.min(sessions.calmUntilMs, timeMs + idleMs);
  return true;
}

/** What to do with a command, just before it would be applied. */
export function judgeCommand(
  sessions: Sessions,
  name: SequenceName,
  body: Uint8Array,
  { index, term, timeMs }: LoggedAt,
): Verdict {
  const found = find(sessions, name, timeMs);
  if ('type' in found) return found;
  const checksum = fingerprint(body);
  const kept = found.kept.get(name.sequence);
  if (kept === undefined) {
    found.kept.set(name.sequence, { index, term, checksum, result: undefined });
    return APPLY;
  }
  if (kept.index === 0) return CLOSED;
  return kept.checksum === checksum ? { type: 'repeat', kept } : REUSED;
}

/** What came of a command that was to be applied. The table keeps these very bytes. */
export function recordResult(
  sessions: Sessions,
  { sequence, session }: Pick<SequenceName, 'session' | 'sequence'>,
  result: Uint8Array,
): void {
  const kept = sessions.open.get(session)?.kept.get(sequence);
  if (kept !== undefined) kept.result = result;
}

/** Seals the fate of a sequence: what has not been applied up to here never will be. */
export function fenceSequence(
  sessions: Sessions,
  name: SequenceName,
  timeMs: number,
): FenceVerdict {
  const found = find(sessions, name, timeMs);
  if ('type' in found) return found;
  const kept = found.kept.get(name.sequence);
  if (kept !== undefined && kept.index > 0) return { type: 'repeat', kept };
  found.kept.set(name.sequence, { index: 0, term: 0, checksum: 0, result: undefined });
  return CLOSED;
}

/** Harmless when it is gone already. */
export function closeSession(sessions: Sessions, session: number): void {
  sessions.open.delete(session);
}

/** The session that may have something to say of this sequence. */
function find(sessions: Sessions, name: SequenceName, timeMs: number): SessionRecord | Refused {
  const { floor, sequence, session } = name;
  const record = sessions.open.get(session);
  if (record === undefined) return EXPIRED;
  if (isExpired(record, timeMs)) {
    sessions.open.delete(session);
    return EXPIRED;
  }
  record.lastTimeMs = Math.max(record.lastTimeMs, timeMs);
  raiseFloor(record, floor);
  if (sequence <= record.floor) return STALE;
  return sequence > record.floor + SESSION_WINDOW ? AHEAD : record;
}

function raiseFloor(record: SessionRecord, floor: number): void {
  const last = Math.min(floor, record.floor + SESSION_WINDOW);
  for (let sequence = record.floor + 1; sequence <= last; sequence++) record.kept.delete(sequence);
  record.floor = Math.max(record.floor, floor);
}

function isExpired({ idleMs, lastTimeMs }: SessionRecord, timeMs: number): boolean {
  return timeMs - lastTimeMs > idleMs;
}

function sweep(sessions: Sessions, timeMs: number): void {
  let calmUntilMs = Number.POSITIVE_INFINITY;
  for (const [id, record] of sessions.open) {
    if (isExpired(record, timeMs)) sessions.open.delete(id);
    else calmUntilMs = Math.min(calmUntilMs, record.lastTimeMs + record.idleMs);
  }
  sessions.calmUntilMs = calmUntilMs;
}
