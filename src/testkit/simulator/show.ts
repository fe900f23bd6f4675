// How values of a user's machine appear in messages.
import { inspect } from 'node:util';

/** Characters. */
const MAX_SHOWN = 160;

/** A value as a person would write it. */
export function show(value: unknown): string {
  const text = inspect(value, { depth: 4, breakLength: Number.POSITIVE_INFINITY });
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
