// How members reach each other. Messages may be lost, repeated and reordered: the core expects it.
import type { MemberId } from '../raft/index.ts';

export type { MemberId } from '../raft/index.ts';

/** A member as others find it. The address means something to the transport alone. */
export interface Member {
  readonly id: MemberId;
  readonly address: string;
}

/** Who a node is to its peers. */
export interface Identity {
  /**
   * Hash of the cluster's name and first members, 16 hexadecimal digits. The last eight are zeros
   * on a member that is to join, and does not know them yet.
   */
  readonly clusterId: string;
  readonly id: MemberId;
  readonly address: string;
  /** Made at random with an empty store, 14 hexadecimal digits: a wiped member is another one. */
  readonly incarnation: string;
  /** Version of the frames that this node writes. */
  readonly protocolVersion: number;
}

/** `control` goes ahead of `entries`; `bulk` comes last. */
export type Lane = 'control' | 'entries' | 'bulk';

export interface Transport {
  /**
   * Starts to listen and hands every received frame to `receive`, with the id of the peer that
   * sent it, which the transport answers for.
   *
   * Must: call `receive` from a macrotask of its own, never inside `send` or `open`; hand each
   * frame over whole or not at all. The node keeps the frame; the transport must not reuse it.
   * Rejects with ERR_TRANSPORT. Called once.
   */
  open(self: Identity, receive: (from: MemberId, frame: Uint8Array) => void): Promise<void>;

  /** The peers to reach from now on, without the node itself. At start and when they change. */
  setPeers(peers: readonly Member[]): void;

  /**
   * Fire and forget: one frame made of `parts`, in order, to a peer or to whoever sent a frame.
   *
   * Must: not throw, not block, not call back. May drop, repeat or reorder. `parts` are not changed
   * after the call. When a bound is reached, drop. Returns false when the frame was dropped at once
   * (and will surely not arrive).
   */
  send(to: MemberId, parts: readonly Uint8Array[], lane: Lane): boolean;

  /** Must: call `receive` no more; be harmless when called twice. */
  close(): Promise<void>;

  readonly supports: TransportSupports;
}

export interface TransportSupports {
  /** Longest frame it carries, in bytes. */
  readonly maxFrameBytes: number;
}
