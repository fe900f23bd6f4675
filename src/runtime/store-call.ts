// Calls of a host's store: whatever it throws, the runtime sees an error with a code.
import { CoxswainError } from '../errors.ts';

/** Rejects with the store's own ERR_STORE_… or, for anything else, with ERR_STORE_FAILED. */
export async function storeCall<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw storeError(what, cause);
  }
}

export function storeError(what: string, cause: unknown): CoxswainError {
  if (cause instanceof CoxswainError && cause.code.startsWith('ERR_STORE')) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const message = `the log store failed to ${what}: ${text}`;
  return new CoxswainError('ERR_STORE_FAILED', message, { cause, outcome: 'unknown' });
}
