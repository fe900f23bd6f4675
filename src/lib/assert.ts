// A programmer error stops the replica it happens in; it is never a value to handle.
import { CoxswainError } from '../errors.ts';

/** Throws ERR_INVARIANT unless `condition` holds. `message` says what must hold. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new CoxswainError('ERR_INVARIANT', `invariant violated: ${message}`);
}

/** For the default branch of an exhaustive switch: the compiler proves it is never reached. */
export function unreachable(value: never): never {
  throw new CoxswainError('ERR_INVARIANT', `unreachable: ${JSON.stringify(value)}`);
}
