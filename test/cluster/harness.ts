// A cluster of real nodes on a manual clock, with a machine that remembers what it was given.

import type { ApplyContext, StateMachine } from 'coxswain';
import {
  createMemoryCluster,
  type MemoryCluster,
  type MemoryClusterOptions,
  type RaftNode,
} from 'coxswain';
import { ManualClock } from 'coxswain/testkit';

export interface Applied {
  readonly command: string;
  readonly index: number;
}

/** Remembers every command; the result is how many there were; the query gives them all. */
export class Recorder implements StateMachine<string, number, void, readonly string[]> {
  readonly applied: Applied[] = [];

  apply(command: string, context: ApplyContext): number | Promise<number> {
    this.applied.push({ command, index: context.index });
    return this.applied.length;
  }

  query(): readonly string[] {
    return this.applied.map(({ command }) => command);
  }

  snapshot(): Uint8Array {
    return Buffer.from(JSON.stringify(this.applied));
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(Uint8Array.from(chunk));
    this.applied.splice(0, Number.POSITIVE_INFINITY, ...JSON.parse(String(Buffer.concat(parts))));
  }
}

export type Node = RaftNode<string, number, void, readonly string[]>;
export type Cluster = MemoryCluster<string, number, void, readonly string[]>;
type Options = Partial<MemoryClusterOptions<string, number, void, readonly string[]>>;

export interface Harness {
  readonly clock: ManualClock;
  readonly cluster: Cluster;
  readonly machines: ReadonlyMap<string, Recorder>;
  /** The one leader of the highest term; time passes until there is one. */
  leader(): Promise<Node>;
  /** Time passes until the promise is settled. */
  settled<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>>;
  /** As `settled`, and it must be fulfilled. */
  value<T>(promise: Promise<T>): Promise<T>;
}

export async function startCluster(options: Options = {}): Promise<Harness> {
  const clock = new ManualClock();
  const machines = new Map<string, Recorder>();
  const cluster: Cluster = await createMemoryCluster({
    stateMachine: (id) => {
      const machine = new Recorder();
      machines.set(id, machine);
      return machine;
    },
    clock,
    checkInvariants: true,
    ...options,
  });
  const findLeader = () => {
    const all = cluster.nodes.map((node) => ({ node, status: node.status() }));
    const highest = Math.max(...all.map(({ status }) => status.term));
    return all.find(({ status }) => status.role === 'leader' && status.term === highest)?.node;
  };
  const settled = async <T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> => {
    let result: PromiseSettledResult<T> | undefined;
    void Promise.allSettled([promise]).then(([only]) => {
      result = only;
    });
    await clock.until(() => result !== undefined);
    return result as PromiseSettledResult<T>;
  };
  return {
    clock,
    cluster,
    machines,
    leader: async () => {
      await clock.until(() => findLeader() !== undefined);
      return findLeader() as Node;
    },
    settled,
    value: async (promise) => {
      const result = await settled(promise);
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    },
  };
}

export function follower(cluster: Cluster): Node {
  const found = cluster.nodes.find((node) => node.status().role === 'follower');
  if (found === undefined) throw new Error('no follower');
  return found;
}
