// Storage without a disk, for tests and examples: nothing of it outlives the process.
import type { LogStore, SnapshotStore, Storage } from '../contracts/index.ts';
import { MemoryLogStore } from './memory-log-store.ts';
import { MemorySnapshotStore } from './memory-snapshot-store.ts';

export class MemoryStorage implements Storage {
  readonly log: LogStore;
  readonly snapshots: SnapshotStore;

  constructor() {
    const snapshots = new MemorySnapshotStore();
    // To load the log is to open the storage again: a snapshot store has no call of its own for it.
    this.log = new MemoryLogStore(() => snapshots.open());
    this.snapshots = snapshots;
  }

  async close(): Promise<void> {
    await Promise.all([this.log.close(), this.snapshots.close()]);
  }
}
