import { describe, expect, it } from 'vitest';
import { assert, unreachable } from '../../../src/lib/assert.ts';

const broken = (message: string) => expect.objectContaining({ code: 'ERR_INVARIANT', message });

describe('an assertion', () => {
  it('passes what holds and names what does not', () => {
    expect(() => assert(true, 'water is wet')).not.toThrow();
    expect(() => assert(false, 'water is dry')).toThrow(broken('invariant violated: water is dry'));
  });

  it('that a place is never reached shows what reached it', () => {
    expect(() => unreachable({ type: 'odd' } as never)).toThrow(
      broken('unreachable: {"type":"odd"}'),
    );
  });
});
