// Bodies of entries, as the store gives them back.
import { CoxswainError } from '../errors.ts';

/** Received entries were read before they entered the log: a bad one was spoilt in the store. */
export function readStored<T>(what: string, index: number, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const message = `the ${what} entry at index ${index} of the store is damaged`;
    throw new CoxswainError('ERR_STORE_CORRUPT', message, { cause, index, outcome: 'unknown' });
  }
}
