// What callers learn of a node that has ended.
import { CoxswainError } from '../errors.ts';

export function closedError(): CoxswainError {
  return new CoxswainError('ERR_CLOSED', 'the node is closed', { outcome: 'not-applied' });
}

/** What a call that changes nothing learns of the fault that ended its node. */
export function unappliedError(fault: CoxswainError): CoxswainError {
  const { code, message } = fault;
  return new CoxswainError(code, message, { cause: fault, outcome: 'not-applied' });
}

/** Whatever was thrown, as what ends the node. */
export function faultOf(cause: unknown): CoxswainError {
  if (cause instanceof CoxswainError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  return new CoxswainError('ERR_INVARIANT', `unexpected: ${text}`, { cause, outcome: 'unknown' });
}
