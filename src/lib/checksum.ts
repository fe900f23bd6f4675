// 64 bits that tell damaged bytes from sound ones (XXH64). Against accidents, not an adversary.
import xxhash from 'xxhash-wasm';

/** A whole number below 2^64. The same bytes give another one for another `seed`. */
export type Checksum = (bytes: Uint8Array, seed: bigint) => bigint;

/** Compiled once, for everybody. */
const checksum: PromiseLike<Checksum> = xxhash().then(({ h64Raw }) => h64Raw);

/** Its memory grows to the longest input there was, and stays so: give it blocks. */
export function loadChecksum(): PromiseLike<Checksum> {
  return checksum;
}
