// Members whose stores and machines are the test's: they can be slow, crash at any call, be
// restarted on what was durable, or wiped.
import {
  type LogStore,
  MemoryStorage,
  type SnapshotInfo,
  type SnapshotSink,
  type SnapshotStore,
  type StateMachine,
  type Storage,
  type StoredSnapshot,
} from 'coxswain';
import { type Node, type Options, World } from './nodes.ts';
import { Replica } from './replica.ts';

/** Told of every call of a store before (`begin`) and after it; what it gives is waited for. */
export type Hook = (call: string, when: 'begin' | 'end') => Promise<void> | undefined;

type Machine = StateMachine<string, number, void, readonly string[]>;

const NEVER = new Promise<never>(() => undefined);

/** A store on top of another one. After a crash it answers nothing, and does nothing any more. */
export class Harbour implements Storage {
  readonly log: LogStore;
  readonly snapshots: SnapshotStore;
  readonly #inner: Storage;
  readonly #hook: Hook;
  isDead = false;

  constructor(inner: Storage, hook: Hook = () => undefined) {
    this.#inner = inner;
    this.#hook = hook;
    const { log, snapshots } = inner;
    this.log = {
      supports: log.supports,
      load: () => log.load(),
      write: (batch) => this.#call('write', () => log.write(batch)),
      read: (from, until, max) => this.#call('read', () => log.read(from, until, max)),
      close: () => log.close(),
    };
    this.snapshots = {
      save: (info, chunks, signal) => this.#save(info, chunks, signal),
      latest: () => snapshots.latest(),
      read: (id, from) => this.#read(snapshots.read(id, from)),
      receive: (snapshot) => this.#receive(snapshot),
      prune: (keep) => this.#call('prune', () => snapshots.prune(keep)),
      close: () => snapshots.close(),
    };
  }

  /** Whatever is under way is as far as it has come, and nobody is told. */
  async crash(): Promise<void> {
    this.isDead = true;
    await this.#inner.close();
  }

  async close(): Promise<void> {
    if (!this.isDead) await this.#inner.close();
  }

  async #call<T>(name: string, call: () => Promise<T>): Promise<T> {
    await this.#pass(name, 'begin');
    const value = await call();
    await this.#pass(name, 'end');
    return value;
  }

  async #pass(name: string, when: 'begin' | 'end'): Promise<void> {
    if (!this.isDead) await this.#hook(name, when);
    if (this.isDead) await NEVER;
  }

  async #save(
    info: SnapshotInfo,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<StoredSnapshot> {
    const save = this.#inner.snapshots.save(info, this.#read(chunks), signal);
    save.catch(() => undefined);
    await this.#pass('save', 'begin');
    const stored = await save;
    await this.#pass('save', 'end');
    return stored;
  }

  async *#read(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#checkAlive();
      yield chunk;
    }
    this.#checkAlive();
  }

  #checkAlive(): void {
    if (this.isDead) throw new Error('it has crashed');
  }

  async #receive(snapshot: StoredSnapshot): Promise<SnapshotSink> {
    const sink = await this.#call('receive', () => this.#inner.snapshots.receive(snapshot));
    return {
      get received() {
        return sink.received;
      },
      write: (bytes) => this.#call('chunk', () => sink.write(bytes)),
      read: () => this.#read(sink.read()),
      commit: () => this.#call('commit', () => sink.commit()),
      discard: () => this.#call('discard', () => sink.discard()),
    };
  }
}

export interface FleetOptions {
  readonly ids: string;
  readonly options?: Partial<Options>;
  readonly machine?: (id: string, fleet: Fleet) => Machine;
  /** Of the store of a member, at each of its starts. */
  readonly hook?: (id: string, fleet: Fleet) => Hook | undefined;
  readonly transport?: (id: string, fleet: Fleet) => Options['transport'];
}

export class Fleet {
  readonly world: World;
  readonly disks = new Map<string, MemoryStorage>();
  readonly harbours = new Map<string, Harbour>();
  readonly machines = new Map<string, Machine>();
  readonly #options: FleetOptions;
  readonly #joined = new Set<string>();
  #starts = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.world = new World(options.ids);
  }

  get running(): readonly string[] {
    return [...this.world.nodes.keys()];
  }

  async startAll(): Promise<void> {
    for (const id of this.world.ids) await this.world.value(this.start(id));
  }

  start(id: string, more: Partial<Options> = {}): Promise<Node> {
    const { hook, machine, options, transport } = this.#options;
    const disk = this.disks.get(id) ?? new MemoryStorage();
    this.disks.set(id, disk);
    const storage = new Harbour(disk, hook?.(id, this));
    this.harbours.set(id, storage);
    const stateMachine = machine?.(id, this) ?? new Replica({ clock: this.world.clock });
    this.machines.set(id, stateMachine);
    const seed = ++this.#starts * 100 + id.charCodeAt(0);
    const wire = transport?.(id, this) ?? this.world.network.transport(id);
    const all = { ...options, storage, stateMachine, seed, transport: wire, ...more };
    return this.#joined.has(id) ? this.world.join(id, all) : this.world.open(id, all);
  }

  /** A member that is new, or has lost its store: it waits to be added. */
  join(id: string): Promise<Node> {
    this.disks.delete(id);
    this.#joined.add(id);
    return this.start(id);
  }

  async stop(id: string): Promise<void> {
    const node = this.world.node(id);
    this.world.nodes.delete(id);
    await this.world.settled(node.close());
  }

  /** It ends as it is: what its store has not done by now is never done. */
  async crash(id: string): Promise<void> {
    // What it says of that is of no interest to anyone.
    this.world.node(id).removeAllListeners('fault');
    await this.world.settled(this.harbours.get(id)?.crash() ?? Promise.resolve());
    await this.stop(id);
  }

  /** The one leader of the highest term; time passes until there is one. */
  async leader(): Promise<Node> {
    const find = () => {
      const all = [...this.world.nodes.values()].map((node) => ({ node, at: node.status() }));
      const highest = Math.max(...all.map(({ at }) => at.term));
      return all.find(({ at }) => at.role === 'leader' && at.term === highest)?.node;
    };
    await this.world.clock.until(() => find() !== undefined);
    return find() as Node;
  }

  replica(id: string): Replica {
    return this.machines.get(id) as Replica;
  }

  /** So many commands, one after another. */
  async propose(count: number, prefix = 'c'): Promise<void> {
    for (let at = 0; at < count; at++) {
      const leader = await this.leader();
      await this.world.value(leader.propose(`${prefix}${at}`));
    }
  }

  /** All that run have applied all that is committed. */
  async inStep(): Promise<void> {
    const { commit } = (await this.leader()).status();
    const behind = () => [...this.world.nodes.values()].some((n) => n.status().applied < commit);
    await this.world.clock.until(() => !behind());
  }
}
