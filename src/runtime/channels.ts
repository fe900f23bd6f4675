// What a node publishes with `node:diagnostics_channel`: every channel, and the shape of its
// messages. Where nobody has subscribed no message is made. A subscriber is called at once, in the
// midst of the node's work; what it throws becomes an uncaught exception of the process.
import { type Channel, channel } from 'node:diagnostics_channel';
import type { EventEmitter } from 'eventemitter3';
import type { Lane, MemberId } from '../contracts/index.ts';
import type { NodeEvents } from './events.ts';

/** Whose message it is: there may be many nodes in one process. */
export interface MessageOrigin {
  /** Name of the cluster. */
  readonly cluster: string;
  readonly member: MemberId;
}

/** What listeners of the node's event get; at the end of a turn, as they do. */
export interface EventMessage<E extends keyof NodeEvents> extends MessageOrigin {
  readonly event: EventEmitter.EventArgs<NodeEvents, E>[0];
}

/** The machine has settled a run of entries. */
export interface ApplyMessage extends MessageOrigin {
  /** Index of the last of them. */
  readonly upTo: number;
  readonly entries: number;
  /** Since they could be applied and the machine was free, in ms. */
  readonly tookMs: number;
}

/** A write of the log store is durable. */
export interface StoreWriteMessage extends MessageOrigin {
  readonly entries: number;
  readonly bytes: number;
  readonly tookMs: number;
}

/** A frame was handed to the transport. */
export interface SendMessage extends MessageOrigin {
  readonly to: MemberId;
  readonly lane: Lane;
  readonly bytes: number;
  /** False: the transport dropped it at once. */
  readonly accepted: boolean;
}

/** The transport handed over a frame; nothing of it is decoded yet. */
export interface ReceiveMessage extends MessageOrigin {
  readonly from: MemberId;
  readonly bytes: number;
}

/** The channels by name: `subscribe(name, (message) => …)` of `node:diagnostics_channel`. */
export interface ChannelMessages {
  'coxswain:role': EventMessage<'role'>;
  'coxswain:leader': EventMessage<'leader'>;
  'coxswain:members': EventMessage<'members'>;
  'coxswain:commit': EventMessage<'committed'>;
  'coxswain:fault': EventMessage<'fault'>;
  'coxswain:closed': EventMessage<'closed'>;
  'coxswain:snapshot': EventMessage<'snapshot'>;
  'coxswain:stall': EventMessage<'stall'>;
  'coxswain:divergence': EventMessage<'divergence'>;
  'coxswain:apply': ApplyMessage;
  'coxswain:store-write': StoreWriteMessage;
  'coxswain:send': SendMessage;
  'coxswain:receive': ReceiveMessage;
}

const named = (name: keyof ChannelMessages): Channel => channel(name);

/** One for every event, so that none can be forgotten. */
const eventChannels: Readonly<Record<keyof NodeEvents, Channel>> = {
  role: named('coxswain:role'),
  leader: named('coxswain:leader'),
  members: named('coxswain:members'),
  committed: named('coxswain:commit'),
  snapshot: named('coxswain:snapshot'),
  stall: named('coxswain:stall'),
  divergence: named('coxswain:divergence'),
  fault: named('coxswain:fault'),
  closed: named('coxswain:closed'),
};

const applyChannel = named('coxswain:apply');
const storeWriteChannel = named('coxswain:store-write');
const sendChannel = named('coxswain:send');
const receiveChannel = named('coxswain:receive');

/** Makes the messages; asked only where somebody listens. */
export const messages: {
  event(origin: MessageOrigin, event: unknown): object;
  apply(origin: MessageOrigin, upTo: number, entries: number, tookMs: number): ApplyMessage;
  storeWrite(origin: MessageOrigin, entries: number, bytes: number, tookMs: number): object;
  send(origin: MessageOrigin, to: MemberId, lane: Lane, bytes: number, accepted: boolean): object;
  receive(origin: MessageOrigin, from: MemberId, bytes: number): ReceiveMessage;
} = {
  event: (origin, event) => ({ ...origin, event }),
  apply: (origin, upTo, entries, tookMs) => ({ ...origin, upTo, entries, tookMs }),
  storeWrite: (origin, entries, bytes, tookMs): StoreWriteMessage => {
    return { ...origin, entries, bytes, tookMs };
  },
  send: (origin, to, lane, bytes, accepted): SendMessage => {
    return { ...origin, to, lane, bytes, accepted };
  },
  receive: (origin, from, bytes) => ({ ...origin, from, bytes }),
};

export function publishEvent(origin: MessageOrigin, name: keyof NodeEvents, event: unknown): void {
  const to = eventChannels[name];
  if (to.hasSubscribers) to.publish(messages.event(origin, event));
}

export function publishApply(
  origin: MessageOrigin,
  upTo: number,
  entries: number,
  tookMs: number,
): void {
  if (!applyChannel.hasSubscribers) return;
  applyChannel.publish(messages.apply(origin, upTo, entries, tookMs));
}

export function publishStoreWrite(
  origin: MessageOrigin,
  entries: number,
  bytes: number,
  tookMs: number,
): void {
  if (!storeWriteChannel.hasSubscribers) return;
  storeWriteChannel.publish(messages.storeWrite(origin, entries, bytes, tookMs));
}

export function publishSend(
  origin: MessageOrigin,
  to: MemberId,
  lane: Lane,
  bytes: number,
  accepted: boolean,
): void {
  if (!sendChannel.hasSubscribers) return;
  sendChannel.publish(messages.send(origin, to, lane, bytes, accepted));
}

export function publishReceive(origin: MessageOrigin, from: MemberId, bytes: number): void {
  if (!receiveChannel.hasSubscribers) return;
  receiveChannel.publish(messages.receive(origin, from, bytes));
}
