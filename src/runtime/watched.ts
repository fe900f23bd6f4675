// Pieces of a snapshot on their way to a reader, who may hide that they could not be had.

export class Watched implements AsyncIterable<Uint8Array> {
  failure: { readonly cause: unknown } | undefined;
  readonly #pieces: AsyncIterable<Uint8Array>;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    try {
      yield* this.#pieces;
    } catch (cause) {
      this.failure = { cause };
      throw cause;
    }
  }
}
