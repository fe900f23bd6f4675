// Snapshots for tests: of a cluster of two, with a machine that is a text.
import type { StoredSnapshot } from '../../../src/contracts/index.ts';
import { createSessions } from '../../../src/raft/index.ts';
import { encodeContent, encodeSessions } from '../../../src/runtime/wire/index.ts';
import { snapshotHeader } from './wire/frames.ts';

/** What a snapshot of that name holds, as bytes. */
export async function contentOf(id: string, machine: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const library = encodeSessions(createSessions());
  for await (const part of encodeContent(id, library, Buffer.from(machine))) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

/** Of term 5; the members are those of entry 4. */
export function storedAs(id: string, index: number, content: Uint8Array): StoredSnapshot {
  return { id, index, term: 5, header: snapshotHeader, bytes: content.length };
}

export async function* piecesOf(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}
