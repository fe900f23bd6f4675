// What a host's own code needs of a replicated machine: change it, ask it. A RaftNode is one.

/**
 * What an answer is sure to show.
 *
 * - `linearizable`: every command that was acknowledged, anywhere, before the call (thesis §6.4). A
 *   majority confirms that the leader leads: a round trip, shared by all reads that wait.
 * - `lease`: the same, as long as no member's clock runs faster than another's by more than
 *   `lease.maxClockDrift`: a leader that was heard a short while ago asks nobody (§6.4.1). On other
 *   members, and when there is no lease, as `linearizable`.
 * - `{ maxStalenessMs }`: every command that was acknowledged so long before the call, by this
 *   member's own clock. Answered here if that is known, else as `linearizable`.
 * - `{ atLeastIndex }`: the command at that index and all before it, once they are applied here:
 *   what a caller has seen or done itself, on whichever member.
 * - `local`: whatever this member has applied; nothing is waited for but its own machine.
 */
export type Consistency =
  | 'linearizable'
  | 'lease'
  | 'local'
  | { readonly maxStalenessMs: number }
  | { readonly atLeastIndex: number };

export interface WaitOptions {
  /** Aborting means "stop waiting", not "undo". */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait, in ms, at least 1. Default: the node's `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
}

export interface ReadOptions extends WaitOptions {
  /** Default: `linearizable`. */
  readonly consistency?: Consistency | undefined;
}

/** A command that was applied. */
export interface Proposed<R> {
  readonly result: R;
  readonly index: number;
  readonly term: number;
}

export interface Proposer<C, R, Q = never, A = never> {
  propose(command: C, options?: WaitOptions): Promise<Proposed<R>>;
  read(query: Q, options?: ReadOptions): Promise<A>;
}
