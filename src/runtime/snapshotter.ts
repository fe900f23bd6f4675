// Takes, receives, keeps and restores snapshots when the core says so, and tells it what came of
// that. Each of these takes its time; the core decides what it still means when it is done.
import type { Clock, SnapshotStore, StoredSnapshot } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import { assert } from '../lib/assert.ts';
import type { SnapshotEvent, SnapshotHead } from '../raft/index.ts';
import type { AppliedAt } from './applied-point.ts';
import { IncomingSnapshot } from './incoming-snapshot.ts';
import type { Captured, MachineState } from './machine-state.ts';
import { paced } from './paced.ts';
import { storeError } from './store-call.ts';
import { Watched } from './watched.ts';
import {
  decodeContent,
  decodeMembers,
  decodeSnapshotHeader,
  encodeContent,
  encodeMembers,
  encodeSnapshotHeader,
  headOf,
} from './wire/index.ts';

export interface SnapshotterParts {
  readonly store: SnapshotStore;
  readonly clock: Pick<Clock, 'soon'>;
  readonly machine: Pick<MachineState, 'capture' | 'restore'>;
  /** What makes the names of this run's snapshots unlike all others. */
  readonly origin: string;
  readonly latest: StoredSnapshot | undefined;
  readonly push: (event: SnapshotEvent) => void;
  /** Somebody else's is in the place of the log: who was where is in its header. */
  readonly received: (head: SnapshotHead, header: Uint8Array) => void;
  /** The machine is where a snapshot stands. */
  readonly restored: (index: number) => void;
  readonly failed: (cause: unknown) => void;
}

/** Thrown into a snapshot that nobody needs any more. */
const GIVEN_UP = Symbol('given up');

export class Snapshotter {
  readonly #parts: SnapshotterParts;
  /** Headers, by name, of those that the core may speak of. */
  readonly #headers = new Map<string, Uint8Array>();
  /** Stops the one that is being taken. */
  #taking: AbortController | undefined;
  #incoming: IncomingSnapshot | undefined;
  #taken = 0;
  #stopped = false;
  /** The store removes what is old: it is not given anything to keep until that is over. */
  #pruning: Promise<void> | undefined;
  /** What has begun and is not over. */
  readonly #pending = new Set<Promise<void>>();

  constructor(parts: SnapshotterParts) {
    this.#parts = parts;
    if (parts.latest !== undefined) this.#headers.set(parts.latest.id, parts.latest.header);
  }

  headerOf(id: string): Uint8Array | undefined {
    return this.#headers.get(id);
  }

  take(): void {
    const taking = new AbortController();
    this.#taking = taking;
    this.#run(() => this.#take(taking));
  }

  /** The one that is being taken, if any, is not to be kept. */
  giveUp(): void {
    this.#taking?.abort(GIVEN_UP);
  }

  receive(head: SnapshotHead, header: Uint8Array): void {
    const { index, term } = head;
    const { clock, store } = this.#parts;
    const snapshot = { id: head.id, index, term, header, bytes: head.bytes };
    const incoming = new IncomingSnapshot({ store, clock }, snapshot, head, this.#incoming);
    this.#incoming = incoming;
    this.#run(async () => this.#progress(incoming, await incoming.open()));
  }

  /** The next bytes of the one that comes in. */
  store(bytes: Uint8Array): void {
    const incoming = this.#incoming;
    if (incoming === undefined) return;
    this.#run(async () => this.#progress(incoming, await incoming.write(bytes)));
  }

  /** All of them are here. */
  keep(): void {
    const incoming = this.#incoming;
    if (incoming === undefined) return;
    const { head, snapshot } = incoming;
    const { id } = head;
    this.#run(async () => {
      const isSound = await this.#afterPruning(() => incoming.commit());
      if (this.#stopped) return;
      this.#incoming = undefined;
      if (!isSound) return this.#parts.push({ type: 'snapshot-refused', id });
      this.#headers.set(id, snapshot.header);
      this.#parts.received(head, snapshot.header);
      this.#parts.push({ type: 'snapshot-received', id });
    });
  }

  prune(keep: readonly string[]): void {
    for (const id of this.#headers.keys()) if (!keep.includes(id)) this.#headers.delete(id);
    this.#run(() => {
      const pruned = this.#afterPruning(() => this.#parts.store.prune(keep));
      const end = () => {
        if (this.#pruning === over) this.#pruning = undefined;
      };
      const over = pruned.then(end, end);
      this.#pruning = over;
      return pruned;
    });
  }

  /** Puts the machine where the snapshot stands. One that is being taken is not needed any more. */
  restore(head: SnapshotHead, isRepair: boolean): void {
    this.giveUp();
    const { clock, machine, push, restored, store } = this.#parts;
    const header = this.#headers.get(head.id);
    if (header === undefined) return;
    this.#run(async () => {
      const open = async () => decodeContent(head.id, paced(store.read(head.id), clock));
      await machine.restore(open, appliedAt(head, header), isRepair);
      if (this.#stopped) return;
      restored(head.index);
      push({ type: 'restored', index: head.index });
    });
  }

  /** Begins nothing more, gives up what can be, and waits for the rest. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.giveUp();
    await Promise.allSettled(this.#pending);
  }

  async #take(taking: AbortController): Promise<void> {
    const { machine, push } = this.#parts;
    const captured = await machine.capture().catch((cause: unknown) => {
      throw machineError(cause);
    });
    const machineDurable = captured.durable?.index ?? Number.POSITIVE_INFINITY;
    const head = taking.signal.aborted ? undefined : await this.#save(captured, taking.signal);
    if (this.#taking === taking) this.#taking = undefined;
    if (!this.#stopped) push({ type: 'snapshot-taken', head, machineDurable });
  }

  /** Undefined when it was given up. */
  async #save(captured: Captured, signal: AbortSignal): Promise<SnapshotHead | undefined> {
    const { at, library, machine } = captured;
    const { clock, origin, store } = this.#parts;
    const { index, term } = at;
    const id = `${index}-${term}-${origin}-${++this.#taken}`;
    const header = headerAt(at);
    const content = new Watched(paced(encodeContent(id, library, machine), clock));
    try {
      const info = { id, index, term, header };
      const stored = await this.#afterPruning(() => store.save(info, content, signal));
      this.#headers.set(id, header);
      return headOf(stored);
    } catch (cause) {
      if (signal.aborted) return undefined;
      throw content.failure === undefined ? cause : machineError(content.failure.cause, index);
    }
  }

  /** At once, if nothing is being removed. */
  #afterPruning<T>(call: () => Promise<T>): Promise<T> {
    return this.#pruning === undefined ? call() : this.#pruning.then(call);
  }

  #progress(incoming: IncomingSnapshot, stored: number | undefined): void {
    if (stored === undefined || this.#stopped || incoming !== this.#incoming) return;
    this.#parts.push({ type: 'snapshot-progress', id: incoming.head.id, stored });
  }

  #run(work: () => Promise<void>): void {
    if (this.#stopped) return;
    const done = work().catch((cause: unknown) => {
      const isOfMachine = cause instanceof CoxswainError && cause.code === 'ERR_STATE_MACHINE';
      if (this.#stopped) return;
      this.#parts.failed(isOfMachine ? cause : storeError('keep a snapshot', cause));
    });
    this.#pending.add(done);
    void done.finally(() => this.#pending.delete(done));
  }
}

function machineError(cause: unknown, index?: number): CoxswainError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const at = index === undefined ? '' : ` at index ${index}`;
  const message = `the state machine could not give a snapshot${at}: ${text}`;
  const details = { cause, outcome: 'unknown', ...(index === undefined ? {} : { index }) } as const;
  return new CoxswainError('ERR_STATE_MACHINE', message, details);
}

function headerAt({ machineVersion, members, timeMs }: AppliedAt): Uint8Array {
  assert(members !== undefined, 'the first entry of a log says who the members are');
  const { body, index: configIndex } = members;
  return encodeSnapshotHeader({
    ...{ timeMs, machineVersion, configIndex },
    members: decodeMembers(body),
  });
}

function appliedAt({ index, term }: SnapshotHead, header: Uint8Array): AppliedAt {
  const { configIndex, machineVersion, members, timeMs } = decodeSnapshotHeader(header);
  const body = encodeMembers(members);
  return { index, term, timeMs, machineVersion, members: { index: configIndex, body } };
}
