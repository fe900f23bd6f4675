// Pieces that are in memory already are read without a pause: with these, everything else has its
// turn after every so many bytes, heartbeats first of all.
import type { Clock } from '../contracts/index.ts';

/** About a millisecond's work. */
const TURN_BYTES = 1024 * 1024;

export async function* paced(
  pieces: AsyncIterable<Uint8Array>,
  clock: Pick<Clock, 'soon'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = TURN_BYTES;
  for await (const piece of pieces) {
    yield piece;
    left -= piece.length;
    if (left > 0) continue;
    left = TURN_BYTES;
    await new Promise<void>((resolve) => clock.soon(resolve));
  }
}
