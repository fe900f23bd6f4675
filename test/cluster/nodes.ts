// Real nodes on one manual clock, each with store, transport and machine of the test's choice.
import {
  type LogStore,
  MemoryNetwork,
  MemoryStorage,
  RaftNode,
  type RaftNodeOptions,
  type Storage,
  type Transport,
} from 'coxswain';
import { ManualClock } from 'coxswain/testkit';
import { Recorder } from './harness.ts';

export type Node = RaftNode<string, number, void, readonly string[]>;
export type Options = RaftNodeOptions<string, number, void, readonly string[]>;

export class World {
  readonly clock = new ManualClock();
  readonly network: MemoryNetwork;
  readonly nodes = new Map<string, Node>();
  readonly faults: unknown[] = [];
  readonly ids: readonly string[];

  constructor(ids: string, maxFrameBytes?: number) {
    this.ids = [...ids];
    const { clock } = this;
    this.network = new MemoryNetwork(
      maxFrameBytes === undefined ? { clock } : { clock, maxFrameBytes },
    );
  }

  /** A member on an empty store, that waits to be added. */
  join(id: string, more: Partial<Options> = {}): Promise<Node> {
    return this.#open(id, { join: true, ...more });
  }

  /** One of the first members. */
  open(id: string, more: Partial<Options> = {}): Promise<Node> {
    const bootstrap = this.ids.map((each) => ({ id: each, address: each }));
    return this.#open(id, { bootstrap, ...more });
  }

  async #open(id: string, more: Partial<Options>): Promise<Node> {
    const node = await RaftNode.open<string, number, void, readonly string[]>({
      ...{ cluster: 'world', id, address: id, clock: this.clock, checkInvariants: true },
      stateMachine: new Recorder(),
      storage: new MemoryStorage(),
      transport: this.network.transport(id),
      ...{ heartbeatMs: 20, electionTimeoutMs: [150, 300], seed: id.charCodeAt(0) },
      ...more,
    });
    node.on('fault', (fault) => void this.faults.push(fault));
    this.nodes.set(id, node);
    return node;
  }

  node(id: string): Node {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`${id} does not run`);
    return node;
  }

  /** Makes `id` the leader: the others are slower to stand. */
  async elect(id: string): Promise<Node> {
    const node = this.node(id);
    for (let round = 0; node.status().role !== 'leader'; round++) {
      if (round > 50) throw new Error(`${id} is not elected`);
      await this.clock.advance(160);
      node.campaign();
      await this.clock.advance(10);
    }
    return node;
  }

  async settled<T>(promise: Promise<T>, limitMs = 60_000): Promise<PromiseSettledResult<T>> {
    let result: PromiseSettledResult<T> | undefined;
    void Promise.allSettled([promise]).then(([only]) => {
      result = only;
    });
    await this.clock.until(() => result !== undefined, limitMs);
    return result as PromiseSettledResult<T>;
  }

  async value<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    const result = await this.settled(promise, limitMs);
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  }

  async close(): Promise<void> {
    await this.settled(Promise.all([...this.nodes.values()].map((node) => node.close())));
  }
}

/** Whether it is settled without any time passing. */
export async function isInstant(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void Promise.allSettled([promise]).then(() => {
    settled = true;
  });
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  return settled;
}

/** A storage whose log store has some of its functions replaced. */
export function storageWith(storage: Storage, changes: Partial<LogStore>): Storage {
  const { log } = storage;
  return {
    log: {
      supports: log.supports,
      load: () => log.load(),
      write: (batch) => log.write(batch),
      read: (from, until, maxBytes) => log.read(from, until, maxBytes),
      close: () => log.close(),
      ...changes,
    },
    snapshots: storage.snapshots,
    close: () => storage.close(),
  };
}

/** A transport whose `entries` lane is slower than its `control` lane: big frames queue up. */
export function slowEntries(
  inner: Transport,
  clock: ManualClock,
  delayMs: (to: string) => number,
): Transport {
  return transportWith(inner, (to, parts, lane) => {
    if (lane !== 'entries' || delayMs(to) === 0) return inner.send(to, parts, lane);
    const frame = Uint8Array.from(Buffer.concat(parts));
    clock.after(delayMs(to), () => void inner.send(to, [frame], lane));
    return true;
  });
}

/** A transport that sends in another way. */
export function transportWith(inner: Transport, send: Transport['send']): Transport {
  return {
    supports: inner.supports,
    open: (self, receive) => inner.open(self, receive),
    setPeers: (peers) => inner.setPeers(peers),
    close: () => inner.close(),
    send,
  };
}
