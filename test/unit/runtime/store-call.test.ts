import { describe, expect, it } from 'vitest';
import { CoxswainError } from '../../../src/errors.ts';
import { storeCall } from '../../../src/runtime/store-call.ts';

describe('a call of the store', () => {
  it('gives what the store gives', async () => {
    expect(await storeCall('read', () => Promise.resolve(5))).toBe(5);
  });

  it('hands an error of a store on as it is', async () => {
    const error = new CoxswainError('ERR_STORE_LOCKED', 'open elsewhere', { retryable: true });
    await expect(storeCall('load', () => Promise.reject(error))).rejects.toBe(error);
  });

  it.each([
    ['an error of the system', new Error('EIO')],
    ['an error of another kind of ours', new CoxswainError('ERR_FRAME', 'EIO')],
    ['a text', 'EIO'],
  ])('takes %s for a failure of the store, and says of what', async (_, cause) => {
    const failed = expect.objectContaining({
      ...{ code: 'ERR_STORE_FAILED', outcome: 'unknown', retryable: false, cause },
      message: expect.stringMatching(/failed to read: EIO/),
    });
    await expect(storeCall('read', () => Promise.reject(cause))).rejects.toEqual(failed);
  });

  it('takes a store that throws like one that rejects', async () => {
    const call = () => {
      throw new Error('at once');
    };
    await expect(storeCall('write', call)).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
  });
});
