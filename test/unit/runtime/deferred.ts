// A promise that the test settles when it likes, and a store that answers with such promises.
import type { LogEntry, LogStore, LogWrite, StoredLog } from '../../../src/contracts/index.ts';

export class Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (cause: unknown) => void;

  constructor() {
    let resolve: (value: T) => void = () => undefined;
    let reject: (cause: unknown) => void = () => undefined;
    this.promise = new Promise<T>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    this.resolve = resolve;
    this.reject = reject;
  }
}

/** Every promise that is settled has told those who wait. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

export interface AskedWrite extends Deferred<void> {
  readonly batch: LogWrite;
}

export interface AskedRead extends Deferred<readonly LogEntry[]> {
  readonly from: number;
  readonly until: number;
  readonly maxBytes: number;
}

/** A log store that notes what it is asked, and answers when the test says so. */
export class DeferredStore implements LogStore {
  readonly supports = { durable: false };
  readonly writes: AskedWrite[] = [];
  readonly reads: AskedRead[] = [];

  load(): Promise<StoredLog> {
    throw new Error('not asked for in this test');
  }

  write(batch: LogWrite): Promise<void> {
    const asked = Object.assign(new Deferred<void>(), { batch });
    this.writes.push(asked);
    return asked.promise;
  }

  read(from: number, until: number, maxBytes: number): Promise<readonly LogEntry[]> {
    const asked = Object.assign(new Deferred<readonly LogEntry[]>(), { from, until, maxBytes });
    this.reads.push(asked);
    return asked.promise;
  }

  async close(): Promise<void> {}
}
