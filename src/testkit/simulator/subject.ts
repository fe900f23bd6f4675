// What is put into the simulated cluster: a state machine, what clients do with it, and what must
// hold for it.
import type { Codec, StateMachine } from '../../contracts/index.ts';
import type { Model } from '../checkers/index.ts';
import type { Random } from './random.ts';

/**
 * As much of a machine as takes part: snapshots do not, and `query` only when `workload.isRead`
 * says so.
 */
export type AnyMachine<C, R> = Pick<StateMachine<C, R>, 'apply' | 'digest'>;

export interface Subject<C, R, M = AnyMachine<C, R>> {
  /**
   * Makes a machine without any state: once for each member, and again at each of its restarts,
   * after which the whole log is applied to it.
   */
  readonly machine: () => M & AnyMachine<C, R>;
  readonly workload: Workload<NoInfer<C>>;
  /**
   * Asked after every command on every member: throws what is wrong, or returns false. Synchronous,
   * and changes nothing.
   */
  readonly invariant?: ((machine: M) => unknown) | undefined;
  /** What clients see must be linearizable with respect to it. */
  readonly model?: Model<unknown, NoInfer<C>, NoInfer<R>> | undefined;
  /** Every member gets a decoded copy of each command. Default: `msgpack()`. */
  readonly codec?: Codec<NoInfer<C>> | undefined;
}

/** The subject cannot be simulated at all: not a finding, but a mistake of whoever asks. */
export class SubjectError extends TypeError {}

export interface Workload<C> {
  /**
   * The next command of a client, which are numbered from 0. Its turns count from 1, those that it
   * lets pass too. Depends on nothing else: runs are repeated.
   */
  next(draw: Random, client: number, turn: number): C;
  /**
   * Does that command change nothing? Most of such are then not proposed, but asked of a machine by
   * `query(command)`, at any member and of any consistency, and the machine says there what its
   * `apply` would say. Default: none does.
   */
  isRead?(command: C): boolean;
  /** Default: as many as the seed draws, from 1 to 10. */
  readonly clients?: number | undefined;
  /**
   * Does a client that was not answered ask again with the same command, as one must that cannot
   * know whether it was applied? Default: false.
   */
  readonly retry?: boolean | undefined;
  /** Calls of one client at the same time: a count. Default: 1. */
  readonly concurrency?: number | undefined;
}
