// A member that does not lead sends its proposals to the one that does, once each; the leader's
// answer settles them. Answering for others is in delegates.ts.
import type { Clock, MemberId, Transport } from '../../contracts/index.ts';
import { CoxswainError } from '../../errors.ts';
import { assert } from '../../lib/assert.ts';
import type { RaftState } from '../../raft/index.ts';
import type { StoreIdentity } from '../identity.ts';
import type { RequestMeter } from '../metrics/index.ts';
import {
  decodeAnswer,
  type ForwardedRequest,
  type ForwardReply,
  type FrameCodec,
  REQUEST_BYTES,
} from '../wire/index.ts';
import type { Proposals } from './proposals.ts';
import { type Ticket, ticketError } from './ticket.ts';

export interface ForwardingParts {
  readonly state: RaftState;
  readonly clock: Clock;
  readonly identity: Pick<StoreIdentity, 'incarnation' | 'boot'>;
  readonly transport: Transport;
  readonly codec: FrameCodec;
  readonly proposals: Proposals;
  readonly decodeResult: (bytes: Uint8Array) => unknown;
  readonly meter: RequestMeter;
  /** Bodies of one frame, together; a single larger one still travels, alone. */
  readonly maxBytes: number;
}

interface Orphan {
  readonly ticket: Ticket;
  readonly dueMs: number;
}

/** How long an old leader's answer is waited for. */
const GRACE_HEARTBEATS = 2;

export class Forwarding {
  readonly #parts: ForwardingParts;
  readonly #outstanding = new Map<number, Ticket>();
  /** Were sent to a leader that leads no more, and when they are given up. */
  readonly #orphans = new Map<number, Orphan>();
  #nextRequest = 1;
  /** To whom, and in which term, the outstanding requests went. */
  #leader: MemberId | undefined;
  #term = 0;

  constructor(parts: ForwardingParts) {
    this.#parts = parts;
  }

  /** Sends what is queued to the leader, if another one is known. */
  flush(): void {
    const { proposals, state } = this.#parts;
    const { leader } = state;
    if (leader === undefined || leader === state.id) return;
    let queued = proposals.queued();
    while (queued.length > 0) {
      const count = this.#sendSome(leader, queued);
      if (count === 0) return;
      queued = proposals.queued();
    }
  }

  /**
   * The leader or the term is another: whether the old leader took them cannot be known here. It
   * may know: one that handed over answers yet, so they wait for that a little.
   */
  leaderChanged(): void {
    const { clock, state } = this.#parts;
    if (state.leader === this.#leader && state.term === this.#term) return;
    this.#leader = state.leader;
    this.#term = state.term;
    const dueMs = clock.now() + GRACE_HEARTBEATS * state.options.heartbeatMs;
    for (const [request, ticket] of this.#outstanding)
      this.#orphans.set(request, { ticket, dueMs });
    this.#outstanding.clear();
  }

  /** Gives up what an old leader did not answer in time. */
  expire(nowMs: number): void {
    for (const [request, { dueMs, ticket }] of this.#orphans) {
      if (dueMs > nowMs) return;
      this.#orphans.delete(request);
      const message = 'the leader it was sent to no longer leads';
      ticket.fail(ticketError(ticket, 'ERR_LEADERSHIP_LOST', message));
    }
  }

  nextExpiry(): number {
    const next = this.#orphans.values().next();
    return next.done === true ? Number.POSITIVE_INFINITY : next.value.dueMs;
  }

  receive(reply: ForwardReply): void {
    const { identity } = this.#parts;
    if (reply.boot !== identity.boot || reply.incarnation !== identity.incarnation) return;
    for (const { request, index, term, result } of reply.applied) {
      const ticket = this.#take(request);
      if (ticket === undefined) continue;
      try {
        ticket.applied(this.#decode(ticket, result), index, term);
      } catch (cause) {
        ticket.fail(undecodable(index, cause));
      }
    }
    for (const { request, code, message, outcome, retryable, index } of reply.failed) {
      const details = { outcome, retryable, ...(index > 0 ? { index } : {}) };
      this.#take(request)?.fail(new CoxswainError(code, message, details));
    }
  }

  #decode({ kind }: Ticket, result: Uint8Array): unknown {
    if (kind === 'command') return this.#parts.decodeResult(result);
    return kind === 'session-command' || kind === 'fence' ? decodeAnswer(result) : undefined;
  }

  failAll(errorOf: (ticket: Ticket) => CoxswainError): void {
    const orphans = [...this.#orphans.values()].map(({ ticket }) => ticket);
    const tickets = [...orphans, ...this.#outstanding.values()];
    this.#orphans.clear();
    this.#outstanding.clear();
    for (const ticket of tickets) ticket.fail(errorOf(ticket));
  }

  /** The caller no longer waits: the answer, if one comes, has nobody to go to. */
  forget(ticket: Ticket): void {
    this.#outstanding.delete(ticket.request);
    this.#orphans.delete(ticket.request);
  }

  #sendSome(leader: MemberId, queued: readonly Ticket[]): number {
    const { codec, maxBytes, meter, proposals, state, transport } = this.#parts;
    const requests: ForwardedRequest[] = [];
    let bytes = 0;
    for (const { kind, body } of queued) {
      const isOwn = kind === 'tick' || kind === 'verify' || kind === 'version';
      assert(!isOwn, 'only a leader has such entries to log');
      bytes += REQUEST_BYTES + body.length;
      if (bytes > maxBytes && requests.length > 0) break;
      requests.push({ request: this.#nextRequest + requests.length, kind, body });
    }
    const { term } = state;
    const frame = codec.encodeForward({ type: 'forward', term, requests });
    if (!transport.send(leader, [frame], 'entries')) return 0;
    for (const [at, { request }] of requests.entries()) {
      const ticket = queued[at];
      if (ticket === undefined) continue;
      ticket.request = request;
      this.#outstanding.set(request, ticket);
    }
    this.#nextRequest += requests.length;
    proposals.forward(requests.length);
    meter.forwarded(requests.length);
    return requests.length;
  }

  #take(request: number): Ticket | undefined {
    const ticket = this.#outstanding.get(request) ?? this.#orphans.get(request)?.ticket;
    this.#outstanding.delete(request);
    this.#orphans.delete(request);
    return ticket;
  }
}

function undecodable(index: number, cause: unknown): CoxswainError {
  return new CoxswainError(
    'ERR_COMMAND_ENCODING',
    `applied at index ${index}, but its result cannot be decoded`,
    { cause, index, outcome: 'unknown' },
  );
}
