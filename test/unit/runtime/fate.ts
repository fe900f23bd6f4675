// What has become of a promise so far, for tests that must see it wait.
import { macrotask } from './deferred.ts';

export const WAITS = 'waits';

/** Its value, its error, or WAITS. */
export function fateOf(promise: Promise<unknown>): Promise<unknown> {
  const settled = promise.catch((error: unknown) => error);
  return Promise.race([settled, macrotask().then(() => WAITS)]);
}
