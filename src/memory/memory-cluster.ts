// A whole cluster in one process, for tests, examples and a first look.
import type { Clock, Logger, MachineCodec, MemberId, StateMachine } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import {
  checkInteger,
  checkKnown,
  type Limits,
  type NodeStatus,
  RaftNode,
  type RaftNodeOptions,
  type SessionLimits,
  type SnapshotSettings,
  type StallLimits,
  systemClock,
} from '../runtime/index.ts';
import { MemoryNetwork } from './memory-network.ts';
import { MemoryStorage } from './memory-storage.ts';

export interface MemoryClusterOptions<C, R, Q = never, A = never>
  extends Pick<RaftNodeOptions<C, R, Q, A>, 'lease' | 'maxClockOffsetMs' | 'trace'> {
  /** How many members, at least 1. Default 3. */
  readonly size?: number;
  /** Makes one member's state machine: at the start and at every restart. */
  readonly stateMachine: (id: MemberId) => StateMachine<C, R, Q, A>;
  readonly codec?: MachineCodec<C, R>;
  /** Default 20 ms, as everything is near. */
  readonly heartbeatMs?: number;
  /** Default [150, 300]. */
  readonly electionTimeoutMs?: readonly [min: number, max: number];
  readonly requestTimeoutMs?: number;
  readonly limits?: Partial<Limits>;
  readonly sessions?: Partial<SessionLimits>;
  readonly snapshot?: Partial<SnapshotSettings>;
  /** Default 10 000 ms each: members that share one event loop stall together, and nobody gains. */
  readonly stall?: Partial<StallLimits>;
  readonly verifyEveryEntries?: number;
  /** Seed of every random choice, a whole number below 2^32. Default 1. */
  readonly seed?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly checkInvariants?: boolean;
}

export class MemoryCluster<C, R, Q = never, A = never> implements AsyncDisposable {
  readonly network: MemoryNetwork;
  readonly #ids: MemberId[];
  readonly #first: readonly MemberId[];
  readonly #options: MemoryClusterOptions<C, R, Q, A>;
  readonly #storages = new Map<MemberId, MemoryStorage>();
  readonly #nodes = new Map<MemberId, RaftNode<C, R, Q, A>>();
  readonly #machines = new Map<MemberId, StateMachine<C, R, Q, A>>();
  #starts = 0;

  /** Use `createMemoryCluster`. */
  constructor(options: MemoryClusterOptions<C, R, Q, A>, ids: readonly MemberId[]) {
    const { clock, seed = 1 } = options;
    this.#options = options;
    this.#ids = [...ids];
    this.#first = [...ids];
    this.network = new MemoryNetwork(clock === undefined ? { seed } : { seed, clock });
    for (const id of ids) this.#storages.set(id, new MemoryStorage());
  }

  /** The ids that the cluster began with, then those that joined. */
  get ids(): readonly MemberId[] {
    return this.#ids;
  }

  /** The members that run, in the order of `ids`. */
  get nodes(): readonly RaftNode<C, R, Q, A>[] {
    return this.ids.flatMap((id) => (this.#runs(id) ? this.node(id) : []));
  }

  /** One that has stopped by itself, too; throws for one that was stopped. */
  node(id: MemberId): RaftNode<C, R, Q, A> {
    const node = this.#nodes.get(id);
    if (node === undefined) throw invalidMember(id, 'that runs');
    return node;
  }

  /** The state machine of a member that runs, as the host sees it. */
  machine(id: MemberId): StateMachine<C, R, Q, A> {
    const machine = this.#machines.get(id);
    if (machine === undefined) throw invalidMember(id, 'that runs');
    return machine;
  }

  /**
   * Waits until a member that runs leads in the highest term that any of them has seen. Rejects
   * with ERR_TIMEOUT after `timeoutMs`, by default 10 000.
   */
  leader({ timeoutMs = 10_000 }: { timeoutMs?: number } = {}): Promise<RaftNode<C, R, Q, A>> {
    return new Promise((resolve, reject) => {
      const nodes = this.nodes;
      const end = () => {
        cancel();
        for (const node of nodes) node.off('role', look);
      };
      const look = () => {
        const terms = nodes.map((node) => node.status().term);
        const found = nodes.find((node) => leadsIn(node.status(), Math.max(...terms)));
        if (found === undefined) return;
        end();
        resolve(found);
      };
      const cancel = (this.#options.clock ?? systemClock).after(timeoutMs, () => {
        end();
        reject(new CoxswainError('ERR_TIMEOUT', `no leader within ${timeoutMs} ms`));
      });
      for (const node of nodes) node.on('role', look);
      look();
    });
  }

  /** Starts a member that does not run on its own storage, with a new machine. */
  async start(id: MemberId): Promise<RaftNode<C, R, Q, A>> {
    const storage = this.#storages.get(id);
    if (storage === undefined || this.#runs(id)) throw invalidMember(id, 'that is stopped');
    await this.#nodes.get(id)?.close();
    const isFirst = this.#first.includes(id);
    const bootstrap = this.#first.map((each) => ({ id: each, address: each }));
    return this.#open(id, storage, isFirst ? { bootstrap } : { join: true });
  }

  /**
   * Starts a member on an empty storage, which waits until a leader adds it: a new one, or one that
   * was stopped and removed.
   */
  async join(id: MemberId): Promise<RaftNode<C, R, Q, A>> {
    if (this.#runs(id)) throw invalidMember(id, 'that does not run');
    await this.#nodes.get(id)?.close();
    const storage = new MemoryStorage();
    this.#storages.set(id, storage);
    if (!this.ids.includes(id)) this.#ids.push(id);
    return this.#open(id, storage, { join: true });
  }

  #runs(id: MemberId): boolean {
    return this.#nodes.get(id)?.status().running ?? false;
  }

  async #open(
    id: MemberId,
    storage: MemoryStorage,
    beginning: Pick<RaftNodeOptions<C, R, Q, A>, 'bootstrap' | 'join'>,
  ): Promise<RaftNode<C, R, Q, A>> {
    const { size: _size, stall, stateMachine, seed = 1, ...rest } = this.#options;
    const machine = stateMachine(id);
    const node = await RaftNode.open<C, R, Q, A>({
      heartbeatMs: 20,
      electionTimeoutMs: [150, 300],
      ...rest,
      stall: typeof stall === 'object' ? { ...patient, ...stall } : (stall ?? patient),
      cluster: 'memory',
      id,
      address: id,
      ...beginning,
      stateMachine: machine,
      storage,
      transport: this.network.transport(id),
      seed: seed * 1000 + ++this.#starts,
    });
    this.#nodes.set(id, node);
    this.#machines.set(id, machine);
    return node;
  }

  /** Stops a member at once: it says nothing any more to anyone. Its storage stays. */
  async stop(id: MemberId): Promise<void> {
    const node = this.node(id);
    this.#nodes.delete(id);
    this.#machines.delete(id);
    await node.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.close()));
    this.#nodes.clear();
    this.#machines.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const known = [
  ...['size', 'stateMachine', 'codec', 'heartbeatMs', 'electionTimeoutMs', 'requestTimeoutMs'],
  ...['limits', 'sessions', 'snapshot', 'stall', 'seed', 'clock', 'logger', 'checkInvariants'],
  ...['verifyEveryEntries', 'lease', 'maxClockOffsetMs', 'trace'],
];
const patient: StallLimits = { storeMs: 10_000, applyMs: 10_000, loopMs: 10_000 };

/** A cluster of members named `a`, `b`, `c`, …, all started. */
export async function createMemoryCluster<C, R, Q = never, A = never>(
  options: MemoryClusterOptions<C, R, Q, A>,
): Promise<MemoryCluster<C, R, Q, A>> {
  const { size = 3, seed = 1 } = options;
  checkKnown('', options, known);
  checkInteger('size', size, 1, 26);
  checkInteger('seed', seed, 0, 2 ** 32 - 1);
  const ids = Array.from({ length: size }, (_, at) => String.fromCharCode(97 + at));
  const cluster = new MemoryCluster(options, ids);
  try {
    for (const id of ids) await cluster.start(id);
  } catch (cause) {
    await cluster.close();
    throw cause;
  }
  return cluster;
}

function leadsIn({ role, term }: NodeStatus, highest: number): boolean {
  return role === 'leader' && term === highest;
}

function invalidMember(id: MemberId, accepted: string): CoxswainError {
  const message = `member is ${JSON.stringify(id)}; accepted: one ${accepted}`;
  return new CoxswainError('ERR_INVALID_OPTION', message);
}
