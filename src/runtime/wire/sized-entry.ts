// Entries as the runtime keeps them: what a batch has in common is held once, and a received body
// stays in its frame until somebody looks at it. There may be millions of these.
import type { EntryKind, LogEntry } from '../../contracts/index.ts';
import type { Configuration } from '../../raft/index.ts';
import { decodeMembers } from './members-entry.ts';

/** What entries that were taken together share. */
export interface EntryRun {
  readonly term: number;
  readonly timeMs: number;
  readonly kind: EntryKind;
}

/** An entry whose length is known without touching its body. */
export interface SizedEntry extends LogEntry {
  /** Length of the body, in bytes. */
  readonly size: number;
  /** Of a `members` entry: what it says. */
  readonly config: Configuration | undefined;
}

/** An entry of this member's own making. */
export class OwnEntry implements SizedEntry {
  readonly index: number;
  readonly body: Uint8Array;
  readonly config: undefined = undefined;
  readonly #run: EntryRun;

  constructor(index: number, run: EntryRun, body: Uint8Array) {
    this.index = index;
    this.#run = run;
    this.body = body;
  }

  get term(): number {
    return this.#run.term;
  }

  get timeMs(): number {
    return this.#run.timeMs;
  }

  get kind(): EntryKind {
    return this.#run.kind;
  }

  get size(): number {
    return this.body.length;
  }
}

/** An entry that arrived in a frame, at `at`. */
export class ReceivedEntry implements SizedEntry {
  readonly index: number;
  readonly size: number;
  readonly #run: EntryRun;
  readonly #frame: Uint8Array;
  readonly #at: number;

  constructor(index: number, run: EntryRun, frame: Uint8Array, at: number, size: number) {
    this.index = index;
    this.size = size;
    this.#run = run;
    this.#frame = frame;
    this.#at = at;
  }

  get term(): number {
    return this.#run.term;
  }

  get timeMs(): number {
    return this.#run.timeMs;
  }

  get kind(): EntryKind {
    return this.#run.kind;
  }

  /** Throws ERR_FRAME. */
  get config(): Configuration | undefined {
    return this.kind === 'members' ? decodeMembers(this.body).config : undefined;
  }

  get body(): Uint8Array {
    const { buffer, byteOffset } = this.#frame;
    // Half the time of `subarray`, and this runs for every entry.
    return new Uint8Array(buffer, byteOffset + this.#at, this.size);
  }
}
