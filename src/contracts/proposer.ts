// What a host's own code needs of a replicated machine: change it, ask it. A RaftNode is one.

/**
 * `linearizable`: the answer reflects every command that was acknowledged, anywhere, before the
 * call. `local`: the answer reflects some earlier moment, as far as this member has come.
 */
export type Consistency = 'linearizable' | 'local';

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
