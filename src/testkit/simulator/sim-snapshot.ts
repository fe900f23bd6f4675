// A simulated snapshot holds what it stands for: the entries up to its index. Its bytes are only
// counted, but each piece of it on its way says which snapshot it is a piece of.
import type { SnapshotHead } from '../../raft/index.ts';
import type { SimEntry } from './sim-entry.ts';

export interface SimSnapshot {
  readonly head: SnapshotHead;
  /** Entry i is at place i - 1. */
  readonly prefix: readonly SimEntry[];
}

/** As a disk has it. */
export interface KeptSnapshot {
  readonly snapshot: SimSnapshot;
  /** Its bytes are damaged: whoever is sent them finds that out. */
  readonly isRotten: boolean;
  /** It was taken of a machine that is not what it should be. */
  isBad: boolean;
}

/** The first bytes of one that comes in. */
export interface Reception {
  readonly snapshot: SimSnapshot;
  stored: number;
  isDamaged: boolean;
}

/** What a chunk carries. */
export interface Piece {
  readonly snapshot: SimSnapshot;
  readonly isDamaged: boolean;
}

/** What takes a member's disk or its machine some time. */
export type SnapshotWork =
  | { readonly kind: 'saved'; readonly kept: KeptSnapshot; readonly machineDurable: number }
  | { readonly kind: 'given-up' }
  | { readonly kind: 'opened'; readonly visit: number }
  | {
      readonly kind: 'stored';
      readonly visit: number;
      readonly piece: Piece;
      readonly from: number;
      readonly until: number;
    }
  | { readonly kind: 'kept'; readonly visit: number }
  | { readonly kind: 'restored'; readonly kept: KeptSnapshot; readonly run: number };
