import { describe, expect, it } from 'vitest';
import { paced } from '../../../src/runtime/paced.ts';

const MIB = 1024 * 1024;

async function* piecesOf(count: number, length: number) {
  for (let at = 0; at < count; at++) yield new Uint8Array(length);
}

/** How many pieces come between the turns of others. */
async function runs(pieces: AsyncIterable<Uint8Array>): Promise<readonly number[]> {
  const lengths = [0];
  const soon = (next: () => void) => {
    lengths.push(0);
    next();
  };
  for await (const _ of paced(pieces, { soon })) lengths.push((lengths.pop() ?? 0) + 1);
  return lengths;
}

describe('pieces that are read', () => {
  it('leave others their turn after every MiB', async () => {
    expect(await runs(piecesOf(9, MIB / 4))).toEqual([4, 4, 1]);
    expect(await runs(piecesOf(2, 3 * MIB))).toEqual([1, 1, 0]);
  });

  it('do not wait for anybody while they are few', async () => {
    expect(await runs(piecesOf(3, MIB / 4))).toEqual([3]);
    expect(await runs(piecesOf(0, 1))).toEqual([0]);
  });

  it('are let go of by who stops early', async () => {
    let isLeft = false;
    async function* source() {
      try {
        yield* piecesOf(10, MIB);
      } finally {
        isLeft = true;
      }
    }
    for await (const _ of paced(source(), { soon: (next) => next() })) break;
    expect(isLeft).toBe(true);
  });
});
