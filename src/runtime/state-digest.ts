// What members compare: the machine's own digest, and the library's part of the state with it.
import { createHash } from 'node:crypto';
import type { Sessions } from '../raft/index.ts';
import type { AppliedAt } from './applied-point.ts';
import { DIGEST_BYTES } from './wire/index.ts';

/**
 * Equal for equal states after the same entries, whoever computes it. What sessions keep of results
 * is left out: a machine that has kept its state over a restart has lost some of them.
 */
export function stateDigest(machine: string, at: AppliedAt, { open }: Sessions): string {
  const { index, machineVersion, members, term, timeMs } = at;
  const hash = createHash('sha256');
  const add = (...numbers: readonly number[]) => hash.update(`${numbers.join()};`);
  add(index, term, timeMs, machineVersion, members?.index ?? 0, machine.length);
  hash.update(machine);
  hash.update(members?.body ?? '');
  for (const [id, { floor, idleMs, kept, lastTimeMs }] of open) {
    add(id, idleMs, lastTimeMs, floor, kept.size);
    for (const [sequence, each] of kept) add(sequence, each.index, each.term, each.checksum);
  }
  return hash.digest('hex').slice(0, 2 * DIGEST_BYTES);
}
