import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../../src/lib/fingerprint.ts';

describe('a fingerprint', () => {
  it('is a whole number of at most 53 bits, the same for the same bytes', () => {
    for (let length = 0; length < 100; length++) {
      const bytes = new Uint8Array(length).fill(length);
      const print = fingerprint(bytes);
      expect(Number.isSafeInteger(print)).toBe(true);
      expect(print).toBeGreaterThanOrEqual(0);
      expect(fingerprint(Uint8Array.from(bytes))).toBe(print);
    }
  });

  it('differs for a change of one byte, for more zeros, and for another order', () => {
    const prints = new Set<number>();
    for (let length = 0; length <= 20; length++) prints.add(fingerprint(new Uint8Array(length)));
    for (let at = 0; at < 20; at++) {
      for (let byte = 1; byte < 256; byte++) {
        const bytes = new Uint8Array(20);
        bytes[at] = byte;
        prints.add(fingerprint(bytes));
      }
    }
    expect(prints.size).toBe(21 + 20 * 255);
    expect(fingerprint(Uint8Array.of(1, 2))).not.toBe(fingerprint(Uint8Array.of(2, 1)));
  });
});
