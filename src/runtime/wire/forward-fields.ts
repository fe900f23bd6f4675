// Proposals on their way to the leader, and its answers, as bytes after the header.
import type { EntryKind } from '../../contracts/index.ts';
import type { ErrorCode, Outcome } from '../../errors.ts';
import { type ByteReader, type ByteWriter, frameError } from '../../lib/bytes.ts';
import { checkSessionEntry } from './session-entries.ts';
import { readText, textBytes, writeText } from './text.ts';

/** Entries that a member can ask its leader for. */
export type ForwardedKind = Extract<
  EntryKind,
  'command' | 'session-open' | 'session-close' | 'session-command' | 'fence'
>;

/** Numbers are part of the format and are never used again. */
const kindNumbers: Readonly<Record<ForwardedKind, number>> = {
  command: 1,
  'session-open': 2,
  'session-close': 3,
  'session-command': 4,
  fence: 5,
};

const kindsByNumber: ReadonlyMap<number, ForwardedKind> = new Map(
  Object.entries(kindNumbers).map(([kind, number]) => [number, kind as ForwardedKind]),
);

export interface ForwardedRequest {
  /** Number of the request, ascending within one boot of its origin. */
  readonly request: number;
  readonly kind: ForwardedKind;
  readonly body: Uint8Array;
}

/** Taken only by the leader of `term`, and each request once for each store and boot. */
export interface Forward {
  readonly type: 'forward';
  readonly term: number;
  readonly requests: readonly ForwardedRequest[];
}

export interface ForwardedApplied {
  readonly request: number;
  readonly index: number;
  readonly term: number;
  /** The encoded result or answer; empty when there is none. */
  readonly result: Uint8Array;
}

export interface ForwardedFailure {
  readonly request: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly outcome: Outcome;
  readonly retryable: boolean;
  /** 0 when no log accepted it. */
  readonly index: number;
}

export interface ForwardReply {
  readonly type: 'forward-reply';
  /** Incarnation and boot that the requests came with. */
  readonly incarnation: number;
  readonly boot: number;
  readonly applied: readonly ForwardedApplied[];
  readonly failed: readonly ForwardedFailure[];
}

/** Bytes of one request before its body, and of one answer before its result. */
export const REQUEST_BYTES: number = 8 + 1 + 4;
export const APPLIED_BYTES: number = 8 + 8 + 8 + 4;

export function forwardBytes(forward: Forward): number {
  let bytes = 8 + 4;
  for (const { body } of forward.requests) bytes += REQUEST_BYTES + body.length;
  return bytes;
}

export function writeForward(writer: ByteWriter, forward: Forward): void {
  writer.u53(forward.term);
  writer.u32(forward.requests.length);
  for (const { request, kind, body } of forward.requests) {
    writer.u53(request);
    writer.u8(kindNumbers[kind]);
    writer.u32(body.length);
    writer.bytes(body);
  }
}

export function readForward(reader: ByteReader): Forward {
  const term = reader.u53();
  const requests: ForwardedRequest[] = [];
  for (let count = reader.count(REQUEST_BYTES); count > 0; count--) {
    const request = reader.u53();
    const kind = kindsByNumber.get(reader.u8());
    if (kind === undefined) throw frameError('a request of unknown kind');
    const body = reader.bytes(reader.u32());
    checkSessionEntry(kind, body);
    requests.push({ request, kind, body });
  }
  return { type: 'forward', term, requests };
}

/** Bytes of one failure. */
export function failureBytes({ code, message }: ForwardedFailure): number {
  return 8 + 8 + 1 + textBytes(code) + 4 + Buffer.byteLength(message);
}

export function forwardReplyBytes(reply: ForwardReply): number {
  let bytes = 8 + 8 + 4 + 4;
  for (const { result } of reply.applied) bytes += APPLIED_BYTES + result.length;
  for (const failure of reply.failed) bytes += failureBytes(failure);
  return bytes;
}

export function writeForwardReply(writer: ByteWriter, reply: ForwardReply): void {
  writer.u53(reply.incarnation);
  writer.u53(reply.boot);
  writer.u32(reply.applied.length);
  for (const { request, index, term, result } of reply.applied) {
    writer.u53(request);
    writer.u53(index);
    writer.u53(term);
    writer.u32(result.length);
    writer.bytes(result);
  }
  writer.u32(reply.failed.length);
  for (const failure of reply.failed) {
    writer.u53(failure.request);
    writer.u53(failure.index);
    writer.u8((failure.outcome === 'unknown' ? 1 : 0) | (failure.retryable ? 2 : 0));
    writeText(writer, failure.code);
    const message = Buffer.from(failure.message);
    writer.u32(message.length);
    writer.bytes(message);
  }
}

export function readForwardReply(reader: ByteReader): ForwardReply {
  const incarnation = reader.u53();
  const boot = reader.u53();
  const applied: ForwardedApplied[] = [];
  for (let count = reader.count(APPLIED_BYTES); count > 0; count--) {
    const [request, index, term] = [reader.u53(), reader.u53(), reader.u53()];
    applied.push({ request, index, term, result: reader.bytes(reader.u32()) });
  }
  const failed: ForwardedFailure[] = [];
  for (let count = reader.count(8 + 8 + 1 + 1 + 4); count > 0; count--) {
    const [request, index, flags] = [reader.u53(), reader.u53(), reader.u8()];
    const code = readText(reader);
    if (!code.startsWith('ERR_')) throw frameError('an error without a code');
    if (flags > 3) throw frameError(`an error with the flags ${flags}`);
    failed.push({
      request,
      index,
      outcome: (flags & 1) === 1 ? 'unknown' : 'not-applied',
      retryable: (flags & 2) === 2,
      code: code as ErrorCode,
      message: Buffer.from(reader.bytes(reader.u32())).toString(),
    });
  }
  return { type: 'forward-reply', incarnation, boot, applied, failed };
}
