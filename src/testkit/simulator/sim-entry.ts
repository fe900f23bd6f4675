// An entry of a simulated log: whose attempt it is, in place of its bytes.
import type { Configuration } from '../../raft/index.ts';

export interface SimEntry {
  readonly term: number;
  readonly timeMs: number;
  readonly size: number;
  /** Number of the client's attempt; 0 for what the core made itself. */
  readonly serial: number;
  readonly config?: Configuration | undefined;
}
