// When snapshots are taken, how much log is kept beside them, and how they travel.
import type { SnapshotOptions } from '../raft/index.ts';
import { checkInteger, checkKnown, checkObject, invalidOption } from './option-checks.ts';

export interface SnapshotSettings {
  /** A new one after so many applied entries: a count, at least 1. Default 100 000. */
  readonly everyEntries: number;
  /** Or after so many bytes of them, at least 1. Default 64 MiB. */
  readonly everyBytes: number;
  /**
   * Entries before the latest snapshot that stay in the log, for members that lag a little: a count
   * from 0. Default 10 000.
   */
  readonly keepEntries: number;
  /**
   * A leader keeps so much more of its log for members that it is sending a snapshot, so that they
   * find what comes after it: bytes from 0. Default 1 GiB.
   */
  readonly maxHeldBytes: number;
  /** Snapshots travel in pieces of that length, in bytes, at least 1. Default 256 KiB. */
  readonly chunkBytes: number;
  /** Pieces on their way to one member: a count, at least 1. Default 4. */
  readonly maxInflightChunks: number;
  /** To all members together, in bytes, at least 1. Default: as fast as they take them. */
  readonly maxBytesPerSec: number | undefined;
}

export const defaultSnapshotSettings: SnapshotSettings = {
  everyEntries: 100_000,
  everyBytes: 64 * 1024 * 1024,
  keepEntries: 10_000,
  maxHeldBytes: 1024 * 1024 * 1024,
  chunkBytes: 256 * 1024,
  maxInflightChunks: 4,
  maxBytesPerSec: undefined,
};

/** Room for what a piece says of itself, who the members are among it. */
const HEADER_ROOM_BYTES = 128 * 1024;

/** Throws ERR_INVALID_OPTION. */
export function checkSnapshotSettings(
  given: Partial<SnapshotSettings>,
  maxFrameBytes: number,
): SnapshotSettings {
  checkObject('snapshot', given);
  checkKnown('snapshot.', given, Object.keys(defaultSnapshotSettings));
  const defined = Object.entries(given).filter(([, value]) => value !== undefined);
  const settings = { ...defaultSnapshotSettings, ...Object.fromEntries(defined) };
  for (const [name, value] of Object.entries(settings)) {
    const least = name === 'keepEntries' || name === 'maxHeldBytes' ? 0 : 1;
    if (value === undefined) continue;
    checkInteger(`snapshot.${name}`, value, least, Number.MAX_SAFE_INTEGER);
  }
  const room = Math.max(maxFrameBytes - HEADER_ROOM_BYTES, Math.floor(maxFrameBytes / 2));
  if (given.chunkBytes === undefined) {
    return { ...settings, chunkBytes: Math.min(settings.chunkBytes, room) };
  }
  if (settings.chunkBytes <= room) return settings;
  const accepted = `at most ${room}: the transport carries frames of ${maxFrameBytes} bytes`;
  throw invalidOption('snapshot.chunkBytes', settings.chunkBytes, accepted);
}

/** As the core takes them. */
export function snapshotOptions({ maxBytesPerSec, ...rest }: SnapshotSettings): SnapshotOptions {
  return { ...rest, maxBytesPerSec: maxBytesPerSec ?? Number.MAX_SAFE_INTEGER };
}
