// A machine that remembers every command, and can be slow, lazy, in batches or durable; it says so
// when it is not left alone while it is at work, or given an entry twice.
import type {
  ApplyContext,
  Clock,
  Committed,
  LogPosition,
  SnapshotMeta,
  SnapshotSource,
  StateMachine,
} from 'coxswain';
import type { Applied } from './harness.ts';

export interface Ways {
  readonly clock: Clock;
  /** How long the next call takes, in ms; 0: it is over when it returns. */
  readonly delayMs?: () => number;
  /** A snapshot is read bit by bit, each of which takes a while. */
  readonly isLazy?: boolean;
}

export class Replica implements StateMachine<string, number, void, readonly string[]> {
  applied: Applied[] = [];
  readonly restores: SnapshotMeta[] = [];
  readonly contexts: { index: number; timeMs: number; machineVersion: number }[] = [];
  readonly #ways: Ways;
  #isBusy = false;

  constructor(ways: Ways) {
    this.#ways = ways;
  }

  apply(
    command: string,
    { index, machineVersion, timeMs }: ApplyContext,
  ): number | Promise<number> {
    if (index <= (this.applied.at(-1)?.index ?? 0)) throw new Error(`${index} comes twice`);
    this.contexts.push({ index, timeMs, machineVersion });
    this.applied = [...this.applied, { command, index }];
    return this.work(this.applied.length);
  }

  query(): readonly string[] {
    return this.applied.map(({ command }) => command);
  }

  snapshot(): SnapshotSource | Promise<SnapshotSource> {
    const bytes = Buffer.from(JSON.stringify(this.applied));
    return this.work(this.#ways.isLazy === true ? this.#slowly(bytes) : bytes);
  }

  async restore(chunks: AsyncIterable<Uint8Array>, meta: SnapshotMeta): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(Uint8Array.from(chunk));
    this.applied = await this.work(JSON.parse(String(Buffer.concat(parts))));
    this.restores.push(meta);
  }

  /** The value, later if this machine is slow. Nothing else may be asked of it until then. */
  protected work<T>(value: T): T | Promise<T> {
    if (this.#isBusy) throw new Error('it is not left alone');
    const delayMs = this.#ways.delayMs?.() ?? 0;
    if (delayMs === 0) return value;
    this.#isBusy = true;
    return new Promise((resolve) => {
      this.#ways.clock.after(delayMs, () => {
        this.#isBusy = false;
        resolve(value);
      });
    });
  }

  async *#slowly(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 100) {
      const delayMs = this.#ways.delayMs?.() ?? 0;
      if (delayMs > 0) await new Promise<void>((go) => void this.#ways.clock.after(delayMs, go));
      yield bytes.subarray(at, at + 100);
    }
  }
}

/** Takes many commands at once. */
export class BatchReplica extends Replica {
  applyBatch(
    entries: readonly Committed<string>[],
  ): readonly number[] | Promise<readonly number[]> {
    const results: number[] = [];
    for (const { command, context } of entries) {
      if (context.index <= (this.applied.at(-1)?.index ?? 0)) throw new Error('it comes twice');
      this.applied = [...this.applied, { command, index: context.index }];
      results.push(this.applied.length);
    }
    return this.work(results);
  }
}

/** What a durable machine has on its own disk: it outlives the machine. */
export interface Disk {
  position: LogPosition;
  applied: Applied[];
}

/** Keeps its state itself, as of every `every`th command. */
export class DurableReplica extends Replica {
  readonly disk: Disk;
  readonly every: number;

  constructor(ways: Ways, disk: Disk, every = 1) {
    super(ways);
    this.disk = disk;
    this.every = every;
    this.applied = disk.applied;
  }

  override apply(command: string, context: ApplyContext): number | Promise<number> {
    const result = super.apply(command, context);
    if (this.applied.length % this.every === 0) this.store(context);
    return result;
  }

  override async restore(chunks: AsyncIterable<Uint8Array>, meta: SnapshotMeta): Promise<void> {
    await super.restore(chunks, meta);
    this.store(meta);
  }

  lastApplied(): LogPosition {
    return this.disk.position;
  }

  store({ index, term }: LogPosition): void {
    this.disk.position = { index, term };
    this.disk.applied = this.applied;
  }
}
