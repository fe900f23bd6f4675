// What the log says at the last applied entry: a snapshot taken there carries it.
import type { LogEntry } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import { readStored } from './read-stored.ts';
import { decodeVersion, type VersionEntry } from './wire/index.ts';

/** What the log says up to some entry. */
export interface AppliedAt {
  readonly index: number;
  readonly term: number;
  /** Log time: `timeMs` of that entry. */
  readonly timeMs: number;
  /** What `context.machineVersion` is. */
  readonly machineVersion: number;
  /** The last `members` entry; undefined when there was none. */
  readonly members: { readonly index: number; readonly body: Uint8Array } | undefined;
}

/** Before the first entry of a log. */
export const BEGINNING: AppliedAt = Object.freeze({
  ...{ index: 0, term: 0, timeMs: 0, machineVersion: 1, members: undefined },
});

/** What this build knows of the entries that the library itself writes. */
export const FEATURES = 1;

export class AppliedPoint {
  index = 0;
  #term = 0;
  #timeMs = 0;
  #machineVersion = 1;
  #members: AppliedAt['members'];

  constructor(at: AppliedAt) {
    this.moveTo(at);
  }

  get machineVersion(): number {
    return this.#machineVersion;
  }

  at(): AppliedAt {
    return {
      ...{ index: this.index, term: this.#term, timeMs: this.#timeMs },
      ...{ machineVersion: this.#machineVersion, members: this.#members },
    };
  }

  moveTo({ index, machineVersion, members, term, timeMs }: AppliedAt): void {
    this.index = index;
    this.#term = term;
    this.#timeMs = timeMs;
    this.#machineVersion = machineVersion;
    this.#members = members;
  }

  /** The next entry was applied. */
  pass(entry: LogEntry): void {
    const { index, kind } = entry;
    this.index = index;
    this.#term = entry.term;
    this.#timeMs = entry.timeMs;
    // A copy: the body may be a view of a whole frame, which this would keep.
    if (kind === 'members') this.#members = { index, body: new Uint8Array(entry.body) };
  }

  /** Follows a `version` entry. Throws when the machine, or this build, cannot. */
  raise({ body, index }: LogEntry, supported = 1): void {
    const wanted = readStored('version', index, () => decodeVersion(body));
    checkVersion(wanted, supported, index);
    this.#machineVersion = Math.max(this.#machineVersion, wanted.machineVersion);
  }
}

/** Throws ERR_VERSION_UNSUPPORTED for what this build, or a machine of that version, lacks. */
export function checkVersion(wanted: VersionEntry, supported: number, index: number): void {
  const { features, machineVersion } = wanted;
  if (features <= FEATURES && machineVersion <= supported) return;
  const message =
    features > FEATURES
      ? `the log uses features ${features} from entry ${index} on; this build has ${FEATURES}`
      : `the log wants the machine at version ${machineVersion} from entry ${index} on; ` +
        `this one has ${supported}`;
  throw new CoxswainError('ERR_VERSION_UNSUPPORTED', message, { index, outcome: 'unknown' });
}
