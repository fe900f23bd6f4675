// Commands and results as bytes.

export interface Codec<T> {
  /** Must: be such that `decode` gives an equal value. A throw refuses the value. */
  encode(value: T): Uint8Array;

  /** Must: throw on bytes that `encode` did not make. May keep views of `bytes`. */
  decode(bytes: Uint8Array): T;
}

/** How one machine's commands and results travel. The same on every member. */
export interface MachineCodec<C, R> {
  readonly command: Codec<C>;
  readonly result: Codec<R>;
}
