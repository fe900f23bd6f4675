// One frame of every kind, for the tests of the wire.
import {
  createConfiguration,
  type Message,
  type SnapshotChunk,
} from '../../../../src/raft/index.ts';
import {
  type CodecIdentity,
  type Frame,
  FrameCodec,
} from '../../../../src/runtime/wire/frame-codec.ts';
import {
  encodeFence,
  encodeSessionClose,
  encodeSessionCommand,
  encodeSessionOpen,
  type ForwardedKind,
} from '../../../../src/runtime/wire/index.ts';
import { encodeMembers, type MembersEntry } from '../../../../src/runtime/wire/members-entry.ts';
import type { PlainMessage } from '../../../../src/runtime/wire/message-fields.ts';
import { OwnEntry } from '../../../../src/runtime/wire/sized-entry.ts';
import type { ReceivedChunk } from '../../../../src/runtime/wire/snapshot-chunk.ts';
import { encodeSnapshotHeader, headOf } from '../../../../src/runtime/wire/snapshot-header.ts';

export const origin: CodecIdentity = {
  ...{ clusterId: '00ff10203040a0b1', incarnation: 0x1a_bbcc_ddee_ff01, boot: 2 ** 40 + 3 },
};

/** Of a member that knows its cluster: it joins none. */
export function codecOf(changes: Partial<CodecIdentity> = {}): FrameCodec {
  return new FrameCodec({ ...origin, ...changes }, (clusterId) => {
    throw new Error(`joined ${clusterId}`);
  });
}

export const codec = codecOf();

/** What is in a frame, whatever store it comes from. */
export function decodeFrame(bytes: Uint8Array): Frame {
  return codec.decode(bytes).frame;
}

const LARGE = 2 ** 53 - 2;

export const messages: readonly Exclude<PlainMessage, { type: 'append' }>[] = [
  { type: 'pre-vote-request', wallMs: 5, term: 1, campaign: 2, lastIndex: 3, lastTerm: 4 },
  { type: 'pre-vote-reply', term: 1, campaign: 2, granted: true },
  {
    type: 'vote-request',
    wallMs: 0,
    forced: false,
    term: LARGE,
    lastIndex: LARGE,
    lastTerm: LARGE,
  },
  { type: 'vote-reply', term: 1, granted: false },
  { type: 'append-ack', term: 1, stream: 2, match: 3 },
  { type: 'append-reject', term: 1, stream: 2, prevIndex: 3, hintIndex: 4, hintTerm: 5 },
  { type: 'heartbeat', term: 1, stream: 2, round: 3, commit: 4, sent: 5 },
  {
    type: 'heartbeat-ack',
    patienceMs: 7,
    wallMs: 8,
    term: 1,
    stream: 2,
    round: 3,
    sent: 4,
    received: 5,
    match: 6,
  },
  { type: 'commit-notice', term: 1, commit: 2 },
  { type: 'stale-term', term: 2 ** 32 + 1 },
  { type: 'timeout-now', term: 1, round: 2 },
  { type: 'read-request', term: 1, boot: 2, upTo: 3, atMs: 4 },
  { type: 'read-reply', term: 1, incarnation: LARGE, boot: 2, upTo: 3, atMs: 4, index: 5 },
  {
    type: 'snapshot-ack',
    term: 1,
    stream: 2,
    stored: LARGE,
    next: 3,
    answers: 0,
    refused: true,
  },
  { type: 'snapshot-request', term: 1, index: 2 },
  { type: 'greeting', term: 3 },
  { type: 'greeting-reply', term: 1, incarnation: LARGE, known: true },
];

export const append: Extract<Message, { type: 'append' }> = {
  ...{ type: 'append', term: 7, stream: 2, prevIndex: 10, prevTerm: 5 },
  ...{ from: 11, until: 16, commit: 9 },
};

export const entries: readonly OwnEntry[] = [
  new OwnEntry(11, { term: 5, timeMs: 2 ** 41, kind: 'command' }, Uint8Array.of(1, 2, 3)),
  new OwnEntry(12, { term: 5, timeMs: 2 ** 41, kind: 'command' }, new Uint8Array(0)),
  new OwnEntry(13, { term: 7, timeMs: 2 ** 41, kind: 'noop' }, new Uint8Array(0)),
  new OwnEntry(14, { term: 7, timeMs: 2 ** 41, kind: 'command' }, Uint8Array.of(9)),
  new OwnEntry(15, { term: 7, timeMs: 2 ** 41 + 1, kind: 'command' }, new Uint8Array(300).fill(7)),
];

export const members: MembersEntry = {
  members: [
    { id: 'a', address: 'a:1' },
    { id: 'b', address: 'b:1' },
  ],
  config: createConfiguration({
    ...{ voters: ['a'], learners: ['b'], joining: [{ id: 'b', replaces: 'a' }] },
    incarnations: new Map([['a', 2 ** 53 - 1]]),
  }),
};

/** The entry at `index` that holds `body`, by default the members above. */
export function membersEntry(index: number, body = encodeMembers(members)): OwnEntry {
  return new OwnEntry(index, { term: 7, timeMs: 5, kind: 'members' }, body);
}

/** What a snapshot of these members says of itself. */
export const snapshotHeader: Uint8Array = encodeSnapshotHeader({
  ...{ timeMs: 2 ** 41, machineVersion: 3, configIndex: 4, members },
});

/** A piece of a snapshot of entry 9, with bytes of its own. */
export const chunk: SnapshotChunk = {
  ...{ type: 'snapshot-chunk', term: 7, stream: 2, ask: 0, from: 1000, until: 1005 },
  head: headOf({ id: '9-5-0f-1', index: 9, term: 5, header: snapshotHeader, bytes: 2 ** 40 }),
};
export const piece: Uint8Array = Uint8Array.of(1, 2, 3, 4, 5);

const sequence = { session: 2 ** 40, sequence: 2 ** 53 - 1, floor: 7 };

/** One of each kind of entry that belongs to a session. */
export const sessionBodies: readonly (readonly [ForwardedKind, Uint8Array])[] = [
  ['session-open', encodeSessionOpen({ idleMs: 2 ** 40, max: 2 ** 32 - 1 })],
  ['session-close', encodeSessionClose(5)],
  ['session-command', encodeSessionCommand(sequence, Uint8Array.of(1, 2))],
  ['fence', encodeFence(sequence)],
];

export const forward: Extract<Frame, { type: 'forward' }> = {
  ...{ type: 'forward', term: 7 },
  requests: [
    { request: 1, kind: 'command', body: Uint8Array.of(1, 2, 3) },
    { request: 2 ** 40, kind: 'session-close', body: encodeSessionClose(9) },
    ...sessionBodies.map(([kind, body], at) => ({ request: at, kind, body })),
  ],
};

export const forwardReply: Extract<Frame, { type: 'forward-reply' }> = {
  ...{ type: 'forward-reply', incarnation: 2 ** 52 + 1, boot: 3 },
  applied: [
    { request: 1, index: 5, term: 7, result: Uint8Array.of(4, 5) },
    { request: 2, index: 6, term: 7, result: new Uint8Array(0) },
  ],
  failed: [
    {
      ...{ request: 3, code: 'ERR_QUEUE_FULL', message: 'fülled', index: 0 },
      ...{ outcome: 'not-applied', retryable: true },
    },
    {
      ...{ request: 4, code: 'ERR_TIMEOUT', message: '', index: 9 },
      ...{ outcome: 'unknown', retryable: false },
    },
  ],
};

export const digestReport: Extract<Frame, { type: 'digest-report' }> = {
  type: 'digest-report',
  digests: [
    { index: 2 ** 40, digest: '00112233445566778899aabbccddeeff' },
    { index: 2 ** 53 - 1, digest: 'f'.repeat(32) },
  ],
};

export const capabilities: Extract<Frame, { type: 'capabilities' }> = {
  ...{ type: 'capabilities', features: 1, machineVersion: 2 ** 32 - 1 },
};

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export function appendFrame(message = append, body = entries): Uint8Array {
  return join(codec.encodeMessage(message), codec.encodeEntries(body));
}

export function chunkFrame(message = chunk, bytes = piece, header = snapshotHeader): Uint8Array {
  return join(codec.encodeChunk(message, header), bytes);
}

export function withU32(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  new DataView(changed.buffer).setUint32(at, value);
  return changed;
}

/** Every frame by name, as bytes. */
export const frames: readonly (readonly [string, Uint8Array])[] = [
  ...messages.map((message) => [message.type, join(codec.encodeMessage(message))] as const),
  ['append', appendFrame()],
  ['empty append', appendFrame({ ...append, until: 11 }, [])],
  ['members append', appendFrame({ ...append, until: 12 }, [membersEntry(11)])],
  ['snapshot-chunk', chunkFrame()],
  ['empty snapshot-chunk', chunkFrame({ ...chunk, from: 0, until: 0 }, new Uint8Array(0))],
  ['forward', join(codec.encodeForward(forward))],
  ['forward-reply', join(codec.encodeForwardReply(forwardReply))],
  ['digest-report', join(codec.encodeReport(digestReport))],
  ['capabilities', join(codec.encodeReport(capabilities))],
];

/** What decodes, as plain data that can be compared: entries with their bodies. */
export function plain(frame: Frame): unknown {
  if (frame.type !== 'message') return frame;
  const entries = frame.entries.map(({ index, term, timeMs, kind, size, body }) => {
    return { index, term, timeMs, kind, size, body };
  });
  return { ...frame, entries };
}

/** The frame once more, from what was read of it. */
export function encodeAgain(frame: Frame): Uint8Array {
  if (frame.type === 'forward') return join(codec.encodeForward(frame));
  if (frame.type === 'forward-reply') return join(codec.encodeForwardReply(frame));
  if (frame.type !== 'message') return join(codec.encodeReport(frame));
  const { message } = frame;
  if (message.type === 'snapshot-chunk') {
    const { bytes, header } = message as ReceivedChunk;
    return chunkFrame(message, bytes, header);
  }
  return join(codec.encodeMessage(message), codec.encodeEntries(frame.entries));
}
