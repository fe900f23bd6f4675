// Storage without a disk, for tests and examples: nothing of it outlives the process.
import type { LogStore, Storage } from '../contracts/index.ts';
import { MemoryLogStore } from './memory-log-store.ts';

export class MemoryStorage implements Storage {
  readonly log: LogStore = new MemoryLogStore();

  close(): Promise<void> {
    return this.log.close();
  }
}
