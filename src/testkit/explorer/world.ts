// A state of the whole cluster, as numbers of the catalog, and as text for a set of those seen.

export interface World {
  readonly members: readonly number[];
  readonly history: number;
  readonly spent: Spent;
  /** Messages under way, in ascending order: their order of sending does not count. */
  readonly network: readonly number[];
}

/** How much of what is bounded was used. */
export interface Spent {
  readonly proposals: number;
  readonly crashes: number;
  readonly repeats: number;
  readonly heartbeats: number;
  /** Bit i: the change at place i. */
  readonly changes: number;
  readonly transfers: number;
  readonly reads: number;
}

export const NOTHING_SPENT: Spent = {
  ...{ proposals: 0, crashes: 0, repeats: 0, heartbeats: 0 },
  ...{ changes: 0, transfers: 0, reads: 0 },
};

/** One text for each world, two units for each number: exact, where a hash could err. */
export function encodeWorld({ history, members, network, spent }: World): string {
  const { changes, crashes, heartbeats, proposals, reads, repeats, transfers } = spent;
  const bounded = proposals + 16 * crashes + 256 * repeats + 4096 * heartbeats;
  const units: number[] = [bounded, changes + 256 * transfers + 4096 * reads];
  for (const number of members) units.push(number & 0xffff, number >>> 16);
  units.push(history & 0xffff, history >>> 16);
  for (const number of network) units.push(number & 0xffff, number >>> 16);
  return String.fromCharCode(...units);
}

export function decodeWorld(text: string, size: number): World {
  const bounded = text.charCodeAt(0);
  const reconfigured = text.charCodeAt(1);
  const numberAt = (at: number) => text.charCodeAt(at) + text.charCodeAt(at + 1) * 0x1_0000;
  const members: number[] = [];
  let at = 2;
  for (; members.length < size; at += 2) members.push(numberAt(at));
  const history = numberAt(at);
  const network: number[] = [];
  for (at += 2; at < text.length; at += 2) network.push(numberAt(at));
  const spent = {
    proposals: bounded & 15,
    crashes: (bounded >>> 4) & 15,
    repeats: (bounded >>> 8) & 15,
    heartbeats: bounded >>> 12,
    changes: reconfigured & 255,
    transfers: (reconfigured >>> 8) & 15,
    reads: reconfigured >>> 12,
  };
  return { members, history, spent, network };
}
