// The leader's side of forwarding: takes each request of another member once, and answers when its
// fate is known. Only the leader of the very term that a request names says anything at all.
import type { MemberId, Transport } from '../../contracts/index.ts';
import { CoxswainError } from '../../errors.ts';
import type { RaftState } from '../../raft/index.ts';
import type { FrameSource } from '../inbox.ts';
import type { RequestMeter } from '../metrics/index.ts';
import { Refusal } from '../refusal.ts';
import {
  APPLIED_BYTES,
  encodeAnswer,
  type Forward,
  type ForwardedApplied,
  type ForwardedFailure,
  type ForwardedKind,
  type ForwardedRequest,
  type FrameCodec,
  failureBytes,
  SESSION_COMMAND_BYTES,
  type SessionAnswer,
} from '../wire/index.ts';
import type { Proposals } from './proposals.ts';
import { RepeatWindow } from './repeat-window.ts';
import { commandTooLarge, type Ticket, type TicketPlace } from './ticket.ts';

export interface DelegatesParts {
  readonly state: RaftState;
  readonly transport: Transport;
  readonly codec: FrameCodec;
  readonly proposals: Proposals;
  readonly encodeResult: (result: unknown) => Uint8Array;
  readonly meter: RequestMeter;
  /** Of the sessions that this leader opens. */
  readonly sessionOpening: Uint8Array;
  readonly maxCommandBytes: number;
  /** Results of one frame, together. */
  readonly maxBytes: number;
  /** Longest frame that can be sent. */
  readonly maxFrameBytes: number;
}

/** Origins remembered at once; the one that has been silent for longest is forgotten. */
const MAX_ORIGINS = 64;
/** Room for what is in a frame besides its items. */
const FRAME_ROOM_BYTES = 1024;
const MESSAGE_CHARACTERS = 500;
const NO_RESULT = new Uint8Array(0);

interface Origin {
  readonly id: MemberId;
  readonly incarnation: number;
  readonly boot: number;
  readonly seen: RepeatWindow;
  applied: ForwardedApplied[];
  failed: ForwardedFailure[];
}

export class Delegates {
  readonly #parts: DelegatesParts;
  readonly #origins = new Map<string, Origin>();
  readonly #dirty = new Set<Origin>();

  constructor(parts: DelegatesParts) {
    this.#parts = parts;
  }

  receive(from: MemberId, source: FrameSource, forward: Forward): void {
    const { meter, state } = this.#parts;
    if (state.role !== 'leader' || state.term !== forward.term) return;
    if (state.leading?.progress.has(from) !== true) return;
    const origin = this.#originOf(from, source);
    if (origin === undefined) return;
    meter.delegated(forward.requests.length);
    for (const request of forward.requests) {
      if (origin.seen.accept(request.request)) this.#take(origin, request);
    }
  }

  /** Sends what was settled since the last call. */
  flush(): void {
    for (const origin of this.#dirty) this.#answer(origin);
    this.#dirty.clear();
  }

  /** We no longer lead: what is not in the log yet will not be put there by us. */
  stepDown(): void {
    for (const ticket of [...this.#parts.proposals.queued()]) {
      if (!(ticket instanceof RemoteTicket)) continue;
      ticket.fail(
        new CoxswainError('ERR_NOT_LEADER', 'the leader stepped down before it took the command', {
          outcome: 'not-applied',
          retryable: true,
        }),
      );
    }
  }

  #take(origin: Origin, request: ForwardedRequest): void {
    const { maxCommandBytes, meter, proposals } = this.#parts;
    meter.taken();
    const isOpening = request.kind === 'session-open';
    const body = isOpening ? this.#parts.sessionOpening : request.body;
    const ticket = new RemoteTicket({ ...request, body }, origin, this);
    const { length } = body;
    const header = request.kind === 'session-command' ? SESSION_COMMAND_BYTES : 0;
    try {
      if (length > maxCommandBytes + header) throw commandTooLarge(length, maxCommandBytes);
      proposals.checkRoom(length);
      proposals.enqueue(ticket);
    } catch (error) {
      if (!(error instanceof CoxswainError)) throw error;
      this.failed(ticket, error);
    }
  }

  applied(ticket: RemoteTicket, result: unknown): void {
    const { index, origin, request, term } = ticket;
    try {
      const bytes = this.#encode(ticket.kind, result);
      origin.applied.push({ request, index, term, result: bytes });
      this.#dirty.add(origin);
    } catch (cause) {
      const message = 'applied, but its result cannot be encoded';
      const details = { cause, index, outcome: 'unknown' } as const;
      this.failed(ticket, new CoxswainError('ERR_COMMAND_ENCODING', message, details));
    }
  }

  #encode(kind: ForwardedKind, result: unknown): Uint8Array {
    const most = this.#parts.maxFrameBytes - FRAME_ROOM_BYTES;
    let bytes: Uint8Array = NO_RESULT;
    if (kind === 'command') bytes = this.#parts.encodeResult(result);
    else if (kind === 'session-command' || kind === 'fence') {
      const answer = result as SessionAnswer;
      bytes = encodeAnswer(answer);
      // That it was applied can be told, whatever came of it.
      if (kind === 'fence' && bytes.length > most) {
        bytes = encodeAnswer({ ...answer, result: undefined });
      }
    }
    if (bytes.length > most) throw new RangeError('larger than a frame');
    return bytes;
  }

  failed({ origin, request }: RemoteTicket, error: CoxswainError): void {
    origin.failed.push({
      request,
      code: error.code,
      message: error.message.slice(0, MESSAGE_CHARACTERS),
      outcome: error.outcome ?? 'unknown',
      retryable: error.retryable,
      index: error.index ?? 0,
    });
    this.#dirty.add(origin);
  }

  settled(ticket: RemoteTicket): void {
    this.#parts.proposals.settled(ticket);
  }

  #answer(origin: Origin): void {
    const { codec, transport } = this.#parts;
    const { boot, id, incarnation } = origin;
    while (origin.applied.length + origin.failed.length > 0) {
      const applied = this.#takeSome(origin.applied, (each) => APPLIED_BYTES + each.result.length);
      // Failures travel on their own, so that neither kind makes a frame too long for the other.
      const failed = applied.length > 0 ? [] : this.#takeSome(origin.failed, failureBytes);
      const reply = { type: 'forward-reply', incarnation, boot, applied, failed } as const;
      transport.send(id, [codec.encodeForwardReply(reply)], 'entries');
    }
  }

  /** Removes and returns what fits into a frame; one item at least. */
  #takeSome<T>(items: T[], bytesOf: (item: T) => number): T[] {
    const most = Math.min(this.#parts.maxBytes, this.#parts.maxFrameBytes - FRAME_ROOM_BYTES);
    let bytes = 0;
    const over = items.findIndex((item, at) => {
      bytes += bytesOf(item);
      return bytes > most && at > 0;
    });
    return items.splice(0, over === -1 ? items.length : over);
  }

  /** Undefined for what an earlier run of that member left in the network. */
  #originOf(from: MemberId, { incarnation, boot }: FrameSource): Origin | undefined {
    const key = `${incarnation}/${from}`;
    const known = this.#origins.get(key);
    if (known !== undefined && boot < known.boot) return undefined;
    const fresh = {
      id: from,
      incarnation,
      boot,
      seen: new RepeatWindow(),
      applied: [],
      failed: [],
    };
    const origin = known?.boot === boot ? known : fresh;
    this.#origins.delete(key);
    this.#origins.set(key, origin);
    if (this.#origins.size > MAX_ORIGINS) {
      const oldest = this.#origins.keys().next();
      if (oldest.done !== true) this.#origins.delete(oldest.value);
    }
    return origin;
  }
}

/** The ticket of a caller at another member. Its deadline and signal are kept there. */
class RemoteTicket implements Ticket {
  readonly kind: ForwardedRequest['kind'];
  readonly body: Uint8Array;
  readonly origin: Origin;
  place: TicketPlace = 'queued';
  index = 0;
  term = 0;
  request: number;
  settled = false;
  readonly #delegates: Delegates;

  constructor(request: ForwardedRequest, origin: Origin, delegates: Delegates) {
    this.kind = request.kind;
    this.body = request.body;
    this.request = request.request;
    this.origin = origin;
    this.#delegates = delegates;
  }

  applied(result: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.#delegates.settled(this);
    if (result instanceof Refusal) this.#delegates.failed(this, result.error);
    else this.#delegates.applied(this, result);
  }

  fail(error: CoxswainError): void {
    if (this.settled) return;
    this.settled = true;
    this.#delegates.settled(this);
    this.#delegates.failed(this, error);
  }
}
