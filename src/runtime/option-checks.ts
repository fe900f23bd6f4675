// The checks that options share. Each failure names the option, its value and what is accepted.
import { inspect } from 'node:util';
import { CoxswainError } from '../errors.ts';

/** Characters of a refused value that its error shows. */
const MAX_SHOWN = 200;
const HALF_PAIR = /\p{Surrogate}/u;

export function invalidOption(name: string, value: unknown, accepted: string): CoxswainError {
  const shown = inspect(value, {
    depth: 1,
    breakLength: 120,
    maxArrayLength: 5,
    maxStringLength: 80,
  });
  const clipped = shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
  return new CoxswainError('ERR_INVALID_OPTION', `${name} is ${clipped}; accepted: ${accepted}`, {
    outcome: 'not-applied',
  });
}

export function checkObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw invalidOption(name, value, 'an object');
}

export function checkText(name: string, value: unknown, maxBytes: number): void {
  const accepted = `a string of 1 to ${maxBytes} bytes, of whole characters`;
  if (typeof value !== 'string' || value === '') throw invalidOption(name, value, accepted);
  if (Buffer.byteLength(value) <= maxBytes && !HALF_PAIR.test(value)) return;
  throw invalidOption(name, value, accepted);
}

export function checkInteger(name: string, value: unknown, least: number, most: number): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw invalidOption(name, value, `a whole number from ${least} to ${most}`);
}

export function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalidOption(name, value, 'true or false');
}

export function checkFunctions(name: string, value: unknown, methods: readonly string[]): void {
  checkObject(name, value);
  const missing = methods.filter(
    (method) => typeof Reflect.get(value as object, method) !== 'function',
  );
  if (missing.length > 0) {
    throw invalidOption(name, value, `an object with the methods ${methods.join(', ')}`);
  }
}

/** `prefix` is put before the name of an option that does not exist. */
export function checkKnown(prefix: string, value: object, known: readonly string[]): void {
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue;
    const accepted = `the options ${known.map((each) => prefix + each).join(', ')}`;
    throw invalidOption(prefix + name, Reflect.get(value, name), accepted);
  }
}
