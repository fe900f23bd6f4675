// An entry of a scripted member's log.
import type { Configuration } from '../../../src/raft/index.ts';

export interface Entry {
  readonly term: number;
  readonly timeMs: number;
  readonly size: number;
  readonly name: string;
  /** Of a members entry, and of the first. */
  readonly config?: Configuration | undefined;
}
