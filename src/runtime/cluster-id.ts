// Which cluster: 16 hexadecimal digits, of which the first half stands for the name alone. A member
// that is to join knows no more than that; zeros stand for the rest.
import { createHash } from 'node:crypto';
import type { Member } from '../contracts/index.ts';

/** Hash of the name and the ids of the first members: two clusters never mix by accident. */
export function clusterIdOf(name: string, bootstrap: readonly Member[]): string {
  const ids = bootstrap.map((member) => member.id).sort();
  return digest([name]) + digest([name, ids]);
}

/** As much of a cluster's id as its name tells. */
export function joinerClusterId(name: string): string {
  return digest([name]) + UNKNOWN_HALF;
}

export function isJoinerClusterId(clusterId: string): boolean {
  return clusterId.endsWith(UNKNOWN_HALF);
}

/** Could both be ids of the same cluster? */
export function isSameCluster(one: string, other: string): boolean {
  if (!isJoinerClusterId(one) && !isJoinerClusterId(other)) return one === other;
  return one.slice(0, HALF) === other.slice(0, HALF);
}

const HALF = 8;
const UNKNOWN_HALF = '0'.repeat(HALF);

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, HALF);
}
