// Sends pieces of snapshots: reads them from the store, one after another for each follower, and
// puts them behind everything else that is to leave.
import type { MemberId, SnapshotStore, Transport } from '../contracts/index.ts';
import type { RaftState, SnapshotChunk } from '../raft/index.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { storeError } from './store-call.ts';
import type { FrameCodec } from './wire/index.ts';

export interface ChunkSenderParts {
  readonly state: RaftState;
  readonly transport: Pick<Transport, 'send'>;
  readonly codec: Pick<FrameCodec, 'encodeChunk'>;
  readonly store: SnapshotStore;
  /** What the runtime has written about the snapshot of that name. */
  readonly headerOf: (id: string) => Uint8Array | undefined;
  readonly failed: (cause: unknown) => void;
}

export class ChunkSender {
  readonly #parts: ChunkSenderParts;
  /** Those whose pieces are being read, and what waits; the core bounds how much. */
  readonly #queues = new Map<MemberId, SnapshotChunk[]>();

  constructor(parts: ChunkSenderParts) {
    this.#parts = parts;
  }

  send(to: MemberId, chunk: SnapshotChunk): void {
    const queue = this.#queues.get(to);
    if (queue !== undefined) {
      queue.push(chunk);
      return;
    }
    const begun = [chunk];
    this.#queues.set(to, begun);
    this.#drain(to, begun).catch(this.#parts.failed);
  }

  async #drain(to: MemberId, queue: SnapshotChunk[]): Promise<void> {
    const reader = new SnapshotReader(this.#parts.store);
    try {
      for (let chunk = queue[0]; chunk !== undefined; chunk = queue[0]) {
        await this.#sendOne(reader, to, chunk);
        queue.shift();
      }
    } finally {
      this.#queues.delete(to);
      await reader.close();
    }
  }

  async #sendOne(reader: SnapshotReader, to: MemberId, chunk: SnapshotChunk): Promise<void> {
    const { from, head, until } = chunk;
    let bytes: Uint8Array = new Uint8Array(0);
    try {
      if (!this.#isWanted(to, chunk)) return;
      if (until > from) bytes = await reader.read(head.id, from, until);
    } catch (cause) {
      // It may have been given up meanwhile, and removed.
      if (this.#isWanted(to, chunk)) throw storeError('read a snapshot', cause);
      return;
    }
    const { codec, headerOf, transport } = this.#parts;
    const header = headerOf(head.id);
    if (header === undefined || !this.#isWanted(to, chunk)) return;
    if (bytes.length !== until - from) {
      const message = `snapshot ${head.id} has no bytes [${from}, ${until})`;
      throw storeError('read a snapshot', new Error(message));
    }
    const frame = codec.encodeChunk(chunk, header);
    transport.send(to, bytes.length === 0 ? [frame] : [frame, bytes], 'bulk');
  }

  #isWanted(to: MemberId, chunk: SnapshotChunk): boolean {
    const { state } = this.#parts;
    if (state.role !== 'leader' || state.term !== chunk.term) return false;
    const progress = state.leading?.progress.get(to);
    return progress?.stream === chunk.stream && progress.sending?.head.id === chunk.head.id;
  }
}
