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
export { type EntryRun, OwnEntry, type SizedEntry } from './sized-entry.ts';
export { readText, textBytes, writeText } from './text.ts';
export { decodeVersion, encodeVersion, type VersionEntry } from './version-entry.ts';
