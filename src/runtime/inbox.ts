// The way in for frames: what does not decode is counted, dropped, and logged once for each peer.
// So is what a store sent before it was opened again: two processes on copies of one store must not
// both be heard.
import type { Logger, MemberId } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import type { Message } from '../raft/index.ts';
import type {
  Forward,
  ForwardReply,
  FrameCodec,
  ReceivedFrame,
  Report,
  SizedEntry,
} from './wire/index.ts';

/** The store that a frame comes from, and how often it had been opened. */
export type FrameSource = Pick<ReceivedFrame, 'incarnation' | 'boot'>;

export interface InboxHooks {
  message(
    from: MemberId,
    incarnation: number,
    message: Message,
    entries: readonly SizedEntry[],
  ): void;
  forward(from: MemberId, source: FrameSource, forward: Forward): void;
  forwardReply(reply: ForwardReply): void;
  report(from: MemberId, report: Report): void;
}

/** Peers remembered as having sent a bad frame, and stores whose boots are. */
const MAX_LOGGED_PEERS = 64;
const MAX_STORES = 256;

export class Inbox {
  readonly #codec: FrameCodec;
  readonly #logger: Logger;
  readonly #hooks: InboxHooks;
  readonly #logged = new Set<MemberId>();
  /** By incarnation: the latest boot that was heard of. */
  readonly #boots = new Map<number, number>();
  #badFrames = 0;
  #staleFrames = 0;

  constructor(codec: FrameCodec, logger: Logger, hooks: InboxHooks) {
    this.#codec = codec;
    this.#logger = logger;
    this.#hooks = hooks;
  }

  get badFrames(): number {
    return this.#badFrames;
  }

  get staleFrames(): number {
    return this.#staleFrames;
  }

  receive(from: MemberId, bytes: Uint8Array): void {
    let received: ReceivedFrame;
    try {
      received = this.#codec.decode(bytes);
    } catch (error) {
      this.#refuse(from, error);
      return;
    }
    const { frame, incarnation } = received;
    if (!this.#isLatest(received)) this.#staleFrames++;
    else if (frame.type === 'forward') this.#hooks.forward(from, received, frame);
    else if (frame.type === 'forward-reply') this.#hooks.forwardReply(frame);
    else if (frame.type !== 'message') this.#hooks.report(from, frame);
    else this.#hooks.message(from, incarnation, frame.message, frame.entries);
  }

  #isLatest({ boot, incarnation }: FrameSource): boolean {
    const known = this.#boots.get(incarnation) ?? 0;
    if (boot < known) return false;
    if (boot === known) return true;
    this.#boots.delete(incarnation);
    this.#boots.set(incarnation, boot);
    if (this.#boots.size > MAX_STORES) {
      const oldest = this.#boots.keys().next();
      if (oldest.done !== true) this.#boots.delete(oldest.value);
    }
    return true;
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
