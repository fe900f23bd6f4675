// Time, and the order in which callbacks run: everything a test or simulator wants to own.

export interface Clock {
  /** Monotonic milliseconds since any origin; never goes back, whatever the wall clock does. */
  now(): number;

  /** Milliseconds since 1970, as the host believes. Stamped on entries, trusted for no more. */
  wallMs(): number;

  /**
   * Calls back once, `delayMs` or more from now, from a macrotask. Returns what cancels it.
   */
  after(delayMs: number, callback: () => void): Cancel;

  /**
   * Calls back once, soon, from a macrotask: what has arrived by then is seen first.
   *
   * Must: run callbacks in the order of the calls.
   */
  soon(callback: () => void): void;
}

/** Must: be harmless when called late or twice. */
export type Cancel = () => void;
