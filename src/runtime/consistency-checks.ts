// What `read` accepts as its consistency.
import type { Consistency } from '../contracts/index.ts';
import { checkInteger, checkKnown, invalidOption } from './option-checks.ts';

const NAMES: readonly unknown[] = ['linearizable', 'lease', 'local'] satisfies Consistency[];
const ACCEPTED = `${NAMES.join(', ')}, { maxStalenessMs } or { atLeastIndex }`;

/** Throws ERR_INVALID_OPTION. */
export function checkConsistency(consistency: Consistency): void {
  if (NAMES.includes(consistency)) return;
  const name = 'read: consistency';
  if (typeof consistency !== 'object' || consistency === null) {
    throw invalidOption(name, consistency, ACCEPTED);
  }
  checkKnown(`${name}.`, consistency, ['maxStalenessMs', 'atLeastIndex']);
  const [[key, value] = [], second] = Object.entries(consistency);
  if (key === undefined || second !== undefined) throw invalidOption(name, consistency, ACCEPTED);
  const most = key === 'atLeastIndex' ? Number.MAX_SAFE_INTEGER : 2 ** 31 - 1;
  checkInteger(`${name}.${key}`, value, 0, most);
}
