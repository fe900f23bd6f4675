import { beforeAll, describe, expect, it } from 'vitest';
import { type Checksum, loadChecksum } from '../../../src/lib/checksum.ts';

let checksum: Checksum;

beforeAll(async () => {
  checksum = await loadChecksum();
});

describe('a checksum', () => {
  it('is loaded once: later nodes open without waiting for it', async () => {
    expect(loadChecksum()).toBe(loadChecksum());
    expect(await loadChecksum()).toBe(checksum);
  });

  it('is XXH64, as its reference gives it', () => {
    expect(checksum(new Uint8Array(0), 0n)).toBe(0xef46_db37_51d8_e999n);
    expect(checksum(Buffer.from('a'), 0n)).toBe(0xd24e_c4f1_a98c_6e5bn);
    expect(checksum(Buffer.from('abc'), 0n)).toBe(0x44bc_2cf5_ad77_0999n);
  });

  it('differs by the seed, by each bit and by the length', () => {
    const sums = new Set<bigint>();
    for (let seed = 0n; seed < 100n; seed++) sums.add(checksum(new Uint8Array(40), seed));
    for (let bit = 0; bit < 320; bit++) {
      const bytes = new Uint8Array(40);
      bytes[bit >> 3] = 1 << (bit & 7);
      sums.add(checksum(bytes, 0n));
    }
    for (let length = 0; length < 40; length++) sums.add(checksum(new Uint8Array(length), 0n));
    expect(sums.size).toBe(100 + 320 + 40);
  });

  it('takes a seed of all 64 bits, and views in the midst of a buffer', () => {
    const bytes = Uint8Array.of(9, 1, 2, 3, 9);
    const seed = 0xffff_ffff_ffff_ffffn;
    expect(checksum(bytes.subarray(1, 4), seed)).toBe(checksum(Uint8Array.of(1, 2, 3), seed));
    expect(checksum(bytes, seed)).not.toBe(checksum(bytes, seed >> 1n));
  });
});
