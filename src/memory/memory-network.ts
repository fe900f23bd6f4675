// A network within the process. Frames are copied, delivered by macrotask, and suffer what a test
// asks for: cut links, loss, repeats, delay.
import type {
  Clock,
  Identity,
  Lane,
  Member,
  MemberId,
  Transport,
  TransportSupports,
} from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import { createPrng, nextFloat, type Prng } from '../lib/prng.ts';
import { systemClock } from '../runtime/index.ts';

export interface MemoryNetworkOptions {
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Seed of loss, repeats and delay. Default 1. */
  readonly seed?: number;
  /** Longest frame, in bytes. Default 8 MiB. */
  readonly maxFrameBytes?: number;
  /** Frames on their way over one link; further ones are dropped. Default 4096. */
  readonly maxLinkFrames?: number;
}

type Receive = (from: MemberId, frame: Uint8Array) => void;

interface Delivery {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly frame: Uint8Array;
}

export class MemoryNetwork {
  /** Share of frames that are lost, from 0 to 1. */
  drop = 0;
  /** Share of frames that arrive twice, from 0 to 1. */
  duplicate = 0;
  /** How long a frame takes, in ms: drawn evenly from [min, max]; unequal bounds reorder frames. */
  delayMs: readonly [min: number, max: number] = [0, 0];
  readonly maxFrameBytes: number;
  readonly #clock: Clock;
  readonly #maxLinkFrames: number;
  readonly #prng: Prng;
  readonly #open = new Map<MemberId, Receive>();
  readonly #cuts = new Set<string>();
  readonly #onTheWay = new Map<string, number>();
  #due: Delivery[] = [];
  #scheduled = false;

  constructor(options: MemoryNetworkOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#prng = createPrng(options.seed ?? 1);
    this.maxFrameBytes = options.maxFrameBytes ?? 8 * 1024 * 1024;
    this.#maxLinkFrames = options.maxLinkFrames ?? 4096;
  }

  /** The transport of one member. One at a time may be open for each id. */
  transport(id: MemberId): Transport {
    return new MemoryTransport(this, id);
  }

  /** Nothing passes between `a` and `b`, in either direction. */
  cut(a: MemberId, b: MemberId): void {
    this.cutOneWay(a, b);
    this.cutOneWay(b, a);
  }

  /** Nothing passes from `from` to `to`. */
  cutOneWay(from: MemberId, to: MemberId): void {
    this.#cuts.add(linkOf(from, to));
  }

  /** Cuts `id` off from every other member that has a transport open. */
  isolate(id: MemberId): void {
    for (const other of this.#open.keys()) if (other !== id) this.cut(id, other);
  }

  /** Restores every link, or only those of `id`. What was lost stays lost. */
  heal(id?: MemberId): void {
    for (const link of this.#cuts) {
      if (id === undefined || link.split('\n').includes(id)) this.#cuts.delete(link);
    }
  }

  /** For this folder's transports. */
  attach(id: MemberId, receive: (from: MemberId, frame: Uint8Array) => void): void {
    if (this.#open.has(id)) {
      throw new CoxswainError('ERR_TRANSPORT', `member ${id} is on this network already`);
    }
    this.#open.set(id, receive);
  }

  /** For this folder's transports. */
  detach(id: MemberId): void {
    this.#open.delete(id);
  }

  /** For this folder's transports. */
  carry(from: MemberId, to: MemberId, parts: readonly Uint8Array[]): boolean {
    const link = linkOf(from, to);
    const waiting = this.#onTheWay.get(link) ?? 0;
    if (!this.#open.has(from) || waiting >= this.#maxLinkFrames) return false;
    if (this.drop > 0 && nextFloat(this.#prng) < this.drop) return true;
    const frame = joinParts(parts);
    if (frame.length > this.maxFrameBytes) return false;
    const repeats = this.duplicate > 0 && nextFloat(this.#prng) < this.duplicate;
    const copies = repeats && waiting + 1 < this.#maxLinkFrames ? 2 : 1;
    this.#onTheWay.set(link, waiting + copies);
    for (let copy = 0; copy < copies; copy++) this.#start({ from, to, frame });
    return true;
  }

  #start(delivery: Delivery): void {
    const [min, max] = this.delayMs;
    const delay = max > min ? min + nextFloat(this.#prng) * (max - min) : min;
    if (delay > 0) {
      this.#clock.after(delay, () => this.#deliver(delivery));
      return;
    }
    this.#due.push(delivery);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.soon(() => this.#deliverDue());
  }

  #deliverDue(): void {
    this.#scheduled = false;
    const due = this.#due;
    this.#due = [];
    for (const delivery of due) this.#deliver(delivery);
  }

  /** A cut counts when a frame would arrive: what is on the way is lost too. */
  #deliver({ from, to, frame }: Delivery): void {
    const link = linkOf(from, to);
    this.#onTheWay.set(link, (this.#onTheWay.get(link) ?? 1) - 1);
    if (!this.#cuts.has(link)) this.#open.get(to)?.(from, frame);
  }
}

class MemoryTransport implements Transport {
  readonly supports: TransportSupports;
  readonly #network: MemoryNetwork;
  readonly #id: MemberId;
  #peers = new Set<MemberId>();
  /** Whoever sent a frame may be answered: a new member has not been told of its peers. */
  readonly #heard = new Set<MemberId>();
  #opened = false;

  constructor(network: MemoryNetwork, id: MemberId) {
    this.#network = network;
    this.#id = id;
    this.supports = { maxFrameBytes: network.maxFrameBytes };
  }

  async open(_self: Identity, receive: Receive): Promise<void> {
    this.#network.attach(this.#id, (from, frame) => {
      this.#heard.add(from);
      receive(from, frame);
    });
    this.#opened = true;
  }

  setPeers(peers: readonly Member[]): void {
    this.#peers = new Set(peers.map((peer) => peer.id));
  }

  send(to: MemberId, parts: readonly Uint8Array[], _lane: Lane): boolean {
    if (!this.#opened || !(this.#peers.has(to) || this.#heard.has(to))) return false;
    return this.#network.carry(this.#id, to, parts);
  }

  async close(): Promise<void> {
    if (this.#opened) this.#network.detach(this.#id);
    this.#opened = false;
  }
}

function linkOf(from: MemberId, to: MemberId): string {
  return `${from}\n${to}`;
}

function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const frame = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}
