// Snapshots of a scripted member: those on its disk, the one that comes in, and what was asked of
// the store and the machine and is not done yet.
import { assert } from '../../../src/lib/assert.ts';
import type { Effect, SnapshotEvent, SnapshotHead } from '../../../src/raft/index.ts';
import type { Entry } from './entry.ts';

export interface Snapshot {
  readonly head: SnapshotHead;
  /** What it stands for: every entry up to its own. */
  readonly entries: readonly Entry[];
}

/** On disk. */
export interface SnapshotDisk {
  whole: Snapshot[];
  incoming: { readonly head: SnapshotHead; stored: number } | undefined;
}

export interface Done {
  readonly event: SnapshotEvent;
  /** In the words of the trace. */
  readonly what: string;
}

const JOBS: readonly Effect['type'][] = [
  ...(['take-snapshot', 'receive-snapshot', 'store-chunk', 'keep-snapshot', 'restore'] as const),
];

/** Every snapshot has that many bytes. */
const BYTES = 300;

/** Of any member: a copy of a snapshot has the content of the original. */
const contents = new Map<string, readonly Entry[]>();

export class ScriptedSnapshots {
  readonly #disk: SnapshotDisk;
  #jobs: Effect[] = [];

  constructor(disk: SnapshotDisk) {
    this.#disk = disk;
  }

  get latest(): Snapshot | undefined {
    return this.#disk.whole.at(-1);
  }

  at(index: number): Snapshot {
    const found = this.#disk.whole.find(({ head }) => head.index === index);
    assert(found !== undefined, `there is a snapshot of entry ${index}`);
    return found;
  }

  note(effect: Effect): void {
    if (effect.type === 'prune-snapshots') {
      this.#disk.whole = this.#disk.whole.filter(({ head }) => effect.keep.includes(head.id));
    } else if (JOBS.includes(effect.type)) this.#jobs.push(effect);
  }

  crash(): void {
    this.#jobs = [];
  }

  /** The oldest of what was asked for; a snapshot is taken of what `take` says. */
  work(take: () => Snapshot, isDamaged: boolean): Done | undefined {
    const job = this.#jobs.shift();
    switch (job?.type) {
      case 'take-snapshot':
        return this.#taken(take());
      case 'receive-snapshot': {
        const { head } = job;
        if (this.#disk.incoming?.head.id !== head.id) this.#disk.incoming = { head, stored: 0 };
        return this.#progress();
      }
      case 'store-chunk':
        assert(this.#disk.incoming?.stored === job.from, 'bytes are stored in order');
        this.#disk.incoming.stored = job.until;
        return this.#progress();
      case 'keep-snapshot':
        return this.#kept(job.id, isDamaged);
      case 'restore': {
        const { index } = job.head;
        return { event: { type: 'restored', index }, what: `has its machine at ${index}` };
      }
      default:
        return undefined;
    }
  }

  #taken({ entries, head: named }: Snapshot): Done {
    // A second one of the same entry has a name of its own.
    const isAgain = this.#disk.whole.some(({ head }) => head.id === named.id);
    const head = isAgain ? { ...named, id: `${named.id}-again` } : named;
    contents.set(head.id, entries);
    this.#disk.whole.push({ head, entries });
    const machineDurable = Number.POSITIVE_INFINITY;
    return {
      event: { type: 'snapshot-taken', head, machineDurable },
      what: `has taken snapshot ${head.id}`,
    };
  }

  #progress(): Done | undefined {
    const { incoming } = this.#disk;
    if (incoming === undefined) return undefined;
    const { head, stored } = incoming;
    return {
      event: { type: 'snapshot-progress', id: head.id, stored },
      what: `has ${stored} bytes of snapshot ${head.id}`,
    };
  }

  #kept(id: string, isDamaged: boolean): Done {
    const head = this.#disk.incoming?.head;
    this.#disk.incoming = undefined;
    if (isDamaged || head === undefined) {
      return { event: { type: 'snapshot-refused', id }, what: `finds snapshot ${id} damaged` };
    }
    this.#disk.whole.push({ head, entries: contents.get(id) ?? [] });
    return { event: { type: 'snapshot-received', id }, what: `has snapshot ${id} on disk` };
  }
}

/** Of what `id` has applied, named by it and the entry. */
export function snapshotOf(id: string, log: readonly Entry[], index: number): Snapshot {
  const entries = log.slice(0, index);
  const term = entries.at(-1)?.term ?? 0;
  const at = entries.findLastIndex(({ config }) => config !== undefined);
  const config = entries[at]?.config;
  assert(config !== undefined, 'a member that has applied something has members');
  const timeMs = entries.at(-1)?.timeMs ?? 0;
  const inForce = { index: at + 1, config };
  const head = { id: `${id}${index}`, index, term, timeMs, config: inForce, bytes: BYTES };
  return { head, entries };
}
