export { ContentReader } from './content-blocks.ts';
export type {
  Forward,
  ForwardedApplied,
  ForwardedFailure,
  ForwardedKind,
  ForwardedRequest,
  ForwardReply,
} from './forward-fields.ts';
export { APPLIED_BYTES, failureBytes, REQUEST_BYTES } from './forward-fields.ts';
export { type CodecIdentity, FrameCodec, type ReceivedFrame } from './frame-codec.ts';
export { PROTOCOL_VERSION } from './header.ts';
export { decodeMembers, encodeMembers, firstMembers } from './members-entry.ts';
export {
  type Capabilities,
  type DigestAt,
  MAX_DIGESTS,
  type Report,
} from './report-fields.ts';
export {
  decodeAnswer,
  decodeFence,
  decodeSessionClose,
  decodeSessionCommand,
  decodeSessionOpen,
  encodeAnswer,
  encodeFence,
  encodeSessionClose,
  encodeSessionCommand,
  encodeSessionOpen,
  SESSION_COMMAND_BYTES,
  type SessionAnswer,
  type SessionCommand,
} from './session-entries.ts';
export { decodeSessions, encodeSessions } from './sessions-table.ts';
export { type EntryRun, OwnEntry, type SizedEntry } from './sized-entry.ts';

export type { ReceivedChunk } from './snapshot-chunk.ts';
export { decodeContent, encodeContent, type SnapshotContent } from './snapshot-content.ts';

export {
  decodeSnapshotHeader,
  encodeSnapshotHeader,
  headOf,
  type SnapshotHeader,
} from './snapshot-header.ts';
export { readText, textBytes, writeText } from './text.ts';
export {
  type Comparison,
  DIGEST_BYTES,
  decodeVerify,
  encodeVerify,
} from './verify-entry.ts';
export { decodeVersion, encodeVersion, type VersionEntry } from './version-entry.ts';
