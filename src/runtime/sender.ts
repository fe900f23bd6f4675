// Turns the core's messages into frames: holds those that wait for a write, adds the entries of
// appends.
import type { LogEntry, LogStore, MemberId, Transport } from '../contracts/index.ts';
import type { Append, RaftState, Send } from '../raft/index.ts';
import type { ChunkSender } from './chunk-sender.ts';
import type { LogWindow } from './log-window.ts';
import type { Limits } from './options.ts';
import { storeError } from './store-call.ts';
import type { FrameCodec } from './wire/index.ts';

export interface SenderParts {
  readonly state: RaftState;
  readonly transport: Transport;
  readonly codec: FrameCodec;
  readonly window: LogWindow;
  readonly store: LogStore;
  readonly limits: Pick<Limits, 'maxAppendBytes'>;
  readonly chunks: Pick<ChunkSender, 'send'>;
  readonly failed: (cause: unknown) => void;
}

/** Messages that wait for a write: a count. */
const MAX_HELD = 4096;

export class Sender {
  readonly #parts: SenderParts;
  #held: Send[] = [];
  #completed = 0;
  /** Appends whose entries are in the store only, in order for each follower. */
  readonly #cold = new Map<MemberId, Append[]>();
  /** The entries encoded last: other followers mostly need the very same. */
  #section: { from: number; until: number; bytes: Uint8Array } | undefined;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  send(effect: Send): void {
    if (effect.after <= this.#completed) return this.#transmit(effect);
    // A network may lose messages, so a bound may: the oldest say the least.
    if (this.#held.length === MAX_HELD) this.#held.shift();
    this.#held.push(effect);
  }

  /** Writes up to `write` are durable: what waited for them leaves now, in order. */
  release(write: number): void {
    this.#completed = write;
    if (this.#held.length === 0) return;
    const held = this.#held;
    this.#held = held.filter((effect) => effect.after > write);
    for (const effect of held) if (effect.after <= write) this.#transmit(effect);
  }

  /** Entries from here on are others now. */
  truncated(): void {
    this.#section = undefined;
  }

  #transmit({ to, message }: Send): void {
    const { chunks, codec, transport } = this.#parts;
    if (message.type === 'snapshot-chunk') return chunks.send(to, message);
    if (message.type !== 'append') {
      transport.send(to, [codec.encodeMessage(message)], 'control');
      return;
    }
    const cold = this.#cold.get(to);
    if (cold !== undefined) {
      cold.push(message);
      return;
    }
    const section = this.#sectionOf(message);
    if (section === undefined) {
      this.#cold.set(to, [message]);
      this.#readAndSend(to).catch(this.#parts.failed);
    } else {
      this.#sendAppend(to, message, section);
    }
  }

  /** The encoded entries of an append; undefined when some of them are in the store only. */
  #sectionOf({ from, until }: Append): Uint8Array | undefined {
    if (this.#section?.from === from && this.#section.until === until) return this.#section.bytes;
    const entries = this.#parts.window.slice(from, until);
    if (entries === undefined) return undefined;
    const bytes = this.#parts.codec.encodeEntries(entries);
    this.#section = { from, until, bytes };
    return bytes;
  }

  #sendAppend(to: MemberId, append: Append, section: Uint8Array): void {
    const head = this.#parts.codec.encodeMessage(append);
    const parts = section.length === 0 ? [head] : [head, section];
    this.#parts.transport.send(to, parts, 'entries');
  }

  /** Sends the cold appends of one follower, one after another, each only if it is still wanted. */
  async #readAndSend(to: MemberId): Promise<void> {
    const queue = this.#cold.get(to) ?? [];
    for (let append = queue[0]; append !== undefined; append = queue[0]) {
      const entries = this.#isCurrent(to, append) ? await this.#read(to, append) : [];
      // Anything may have happened meanwhile: another term, another stream, a truncation.
      if (this.#isCurrent(to, append)) {
        this.#sendAppend(to, append, this.#parts.codec.encodeEntries(entries));
      }
      queue.shift();
    }
    this.#cold.delete(to);
  }

  /** Fails only while the entries are wanted: a truncation may have removed them. */
  async #read(to: MemberId, append: Append): Promise<readonly LogEntry[]> {
    const { from, until } = append;
    const { limits, store, window } = this.#parts;
    const entries: LogEntry[] = [];
    for (let next = from; next < until; next = from + entries.length) {
      const recent = window.slice(next, until);
      // What is still in memory may not be in the store yet.
      const stored = Math.min(until, window.first);
      try {
        entries.push(...(recent ?? (await store.read(next, stored, limits.maxAppendBytes))));
      } catch (cause) {
        if (this.#isCurrent(to, append)) throw storeError('read', cause);
        return entries;
      }
    }
    return entries;
  }

  #isCurrent(to: MemberId, append: Append): boolean {
    const { state } = this.#parts;
    if (state.role !== 'leader' || state.term !== append.term) return false;
    // What it says has become part of a snapshot: the follower will be sent that.
    if (append.from <= state.log.base.index) return false;
    return state.leading?.progress.get(to)?.stream === append.stream;
  }
}
