// What the simulated future holds.
import type { DrawnFamily, Fault, Link } from './faults.ts';
import type { Read } from './read-oracle.ts';
import type { Letter, SimMember } from './sim-member.ts';
import type { SnapshotWork } from './sim-snapshot.ts';

export type Flap = Extract<Fault, { type: 'flap' }>;

/** What befalls one member, in the life that it was planned for. */
export type Own =
  | { readonly type: 'deliver'; readonly envelope: Letter; readonly sentUs: number }
  | { readonly type: 'written'; readonly member: SimMember; readonly life: number }
  | {
      readonly type: 'applied';
      readonly member: SimMember;
      readonly life: number;
      readonly upTo: number;
      readonly run: number;
    }
  | {
      readonly type: 'snapshot';
      readonly member: SimMember;
      readonly life: number;
      readonly work: SnapshotWork;
    }
  | {
      readonly type: 'queried';
      readonly member: SimMember;
      readonly life: number;
      readonly read: Read;
      /** What the machine said, when it had applied so many entries. */
      readonly answer: unknown;
      readonly applied: number;
    }
  /** A client wants to read. */
  | {
      readonly type: 'asked';
      readonly member: SimMember;
      readonly life: number;
      readonly place: number;
    };

export type Happening =
  | Own
  | { readonly type: 'timer'; readonly member: SimMember; readonly life: number }
  | { readonly type: 'wake'; readonly member: SimMember; readonly life: number }
  /** Does it stall by now? */
  | { readonly type: 'look'; readonly member: SimMember; readonly life: number }
  | { readonly type: 'restart'; readonly member: SimMember }
  | { readonly type: 'client'; readonly client: number }
  /** Has the call been answered by now? */
  | { readonly type: 'patience'; readonly place: number; readonly attempt: number }
  | { readonly type: 'draw'; readonly family: DrawnFamily }
  | { readonly type: 'restore'; readonly links: readonly Link[] }
  | { readonly type: 'flap'; readonly flap: Flap; readonly left: number };

/** When the calm began: installs of each member, entries committed, terms with a leader. */
export interface Calm {
  readonly before: readonly number[];
  readonly committed: number;
  readonly reigns: number;
}
