// Opens sessions, and keeps track of what their calls wait for.
import type { Clock, MachineCodec, Proposed, Session, WaitOptions } from '../../contracts/index.ts';
import type { CoxswainError } from '../../errors.ts';
import type { RaftOptions } from '../../raft/index.ts';
import { NodeSession, type NodeSessionParts } from './node-session.ts';
import type { Requests, Wait } from './requests.ts';
import { SessionCall, type SessionCallParts, type SessionQuestion } from './session-call.ts';

export interface SessionRequestsParts<C, R> {
  readonly requests: Requests<C, R>;
  readonly codec: MachineCodec<C, R>;
  readonly clock: Clock;
  /** Body of the entry that opens a session, should this member be the leader. */
  readonly opening: Uint8Array;
  /** Those of the core, as they are now. */
  readonly options: Pick<RaftOptions, 'heartbeatMs' | 'electionMaxMs'>;
}

type CheckWait = (call: string, options: WaitOptions | undefined) => Wait;

export class SessionRequests<C, R> {
  readonly #parts: SessionRequestsParts<C, R>;
  readonly #callParts: SessionCallParts;
  readonly #calls = new Set<Pick<SessionCall<never>, 'end'>>();
  /** Why there is nobody any more who could answer. */
  #ended: CoxswainError | undefined;

  constructor(parts: SessionRequestsParts<C, R>) {
    const { requests } = parts;
    this.#parts = parts;
    this.#callParts = {
      enqueue: (entry, init, timeoutMs) => requests.enqueue(entry, init, timeoutMs),
      later: (item, delayMs) => requests.later(item, delayMs),
      knowsLeader: () => requests.knowsLeader(),
      get firstAttemptMs() {
        return parts.options.electionMaxMs;
      },
      get pauseMs() {
        return parts.options.heartbeatMs;
      },
    };
  }

  async open(checkWait: CheckWait, wait: Wait): Promise<Session<C, R>> {
    const { codec, opening, requests } = this.#parts;
    const entry = { kind: 'session-open', body: opening } as const;
    const read = ({ index }: Proposed<unknown>) => index;
    const onEnd = () => undefined;
    const id = await this.#call({ entry, sequence: undefined, read, onEnd }, wait);
    const parts: NodeSessionParts<C, R> = {
      checkWait,
      encode: (command) => requests.encode(command),
      decode: (result) => codec.result.decode(result),
      call: (what, until) => this.#call(what, until),
      waitFor: (look, until) => requests.waitFor(look, until),
    };
    return new NodeSession(id, parts);
  }

  failAll(error: CoxswainError): void {
    this.#ended = error;
    for (const call of [...this.#calls]) call.end(error);
  }

  #call<T>(what: SessionQuestion<T>, wait: Wait): Promise<T> {
    return new Promise((resolve, reject) => {
      const onEnd = (isKnown: boolean) => {
        this.#calls.delete(call);
        what.onEnd(isKnown);
      };
      const init = { ...what, resolve, reject, signal: wait.signal, onEnd };
      const call = new SessionCall<T>(init, this.#callParts);
      this.#calls.add(call);
      // Whoever waited before calling may come late, and no turn would ever end this wait.
      if (this.#ended !== undefined) return call.end(this.#ended);
      this.#parts.requests.startDeadline(call, wait);
      call.attempt();
    });
  }
}
