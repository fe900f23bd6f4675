// The way in for frames: what does not decode is counted, dropped, and logged once for each peer.
import type { Logger, MemberId } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import type { Message } from '../raft/index.ts';
import type { Forward, ForwardReply, FrameCodec, SizedEntry } from './wire/index.ts';

export interface InboxHooks {
  message(from: MemberId, message: Message, entries: readonly SizedEntry[]): void;
  forward(from: MemberId, forward: Forward): void;
  forwardReply(reply: ForwardReply): void;
}

/** Peers remembered as having sent a bad frame. */
const MAX_LOGGED_PEERS = 64;

export class Inbox {
  readonly #codec: FrameCodec;
  readonly #logger: Logger;
  readonly #hooks: InboxHooks;
  readonly #logged = new Set<MemberId>();
  #badFrames = 0;

  constructor(codec: FrameCodec, logger: Logger, hooks: InboxHooks) {
    this.#codec = codec;
    this.#logger = logger;
    this.#hooks = hooks;
  }

  get badFrames(): number {
    return this.#badFrames;
  }

  receive(from: MemberId, bytes: Uint8Array): void {
    let frame: ReturnType<FrameCodec['decode']>;
    try {
      frame = this.#codec.decode(bytes);
    } catch (error) {
      this.#refuse(from, error);
      return;
    }
    if (frame.type === 'message') this.#hooks.message(from, frame.message, frame.entries);
    else if (frame.type === 'forward') this.#hooks.forward(from, frame);
    else this.#hooks.forwardReply(frame);
  }

  #refuse(from: MemberId, error: unknown): void {
    if (!(error instanceof CoxswainError) || error.code !== 'ERR_FRAME') throw error;
    this.#badFrames++;
    if (this.#logged.has(from) || this.#logged.size >= MAX_LOGGED_PEERS) return;
    this.#logged.add(from);
    this.#logger.warn(
      { err: error, from },
      'a frame did not decode; further ones are only counted',
    );
  }
}
