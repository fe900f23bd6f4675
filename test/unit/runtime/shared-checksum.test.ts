import { expect, it } from 'vitest';
import { sharedChecksum } from '../../../src/runtime/shared-checksum.ts';

it('one checksum serves all nodes of a process, so that only the first waits', async () => {
  expect(sharedChecksum()).toBe(sharedChecksum());
  expect((await sharedChecksum())(new Uint8Array(0), 0n)).toBe(0xef46_db37_51d8_e999n);
});
