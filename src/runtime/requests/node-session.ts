// What a session's client holds: it numbers the commands, and knows which of them are settled.
import type { Proposed, Session, SessionOutcome, WaitOptions } from '../../contracts/index.ts';
import { CoxswainError } from '../../errors.ts';
import {
  encodeFence,
  encodeSessionClose,
  encodeSessionCommand,
  type SessionAnswer,
} from '../wire/index.ts';
import type { Wait } from './requests.ts';
import { Sequences } from './sequences.ts';
import type { SessionQuestion } from './session-call.ts';

export interface NodeSessionParts<C, R> {
  /** Throws when the node has ended, or the options are no good. */
  readonly checkWait: (call: string, options: WaitOptions | undefined) => Wait;
  readonly encode: (command: C) => Uint8Array;
  readonly decode: (result: Uint8Array) => R;
  readonly call: <T>(what: SessionQuestion<T>, wait: Wait) => Promise<T>;
  readonly waitFor: (look: () => true | undefined, wait: Wait) => Promise<true>;
}

export class NodeSession<C, R> implements Session<C, R> {
  readonly id: number;
  readonly #parts: NodeSessionParts<C, R>;
  readonly #sequences = new Sequences();
  #closing: Promise<void> | undefined;
  #isClosed = false;

  constructor(id: number, parts: NodeSessionParts<C, R>) {
    this.id = id;
    this.#parts = parts;
  }

  propose(command: C, options?: WaitOptions): Promise<Proposed<R>> {
    try {
      const wait = this.#check('propose', options);
      const bytes = this.#parts.encode(command);
      const sequence = this.#sequences.take();
      const body = encodeSessionCommand(this.#name(sequence), bytes);
      const read = ({ result }: Proposed<unknown>) => this.#proposed(result as SessionAnswer);
      const entry = { kind: 'session-command', body } as const;
      return this.#call({ entry, sequence, read }, wait);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  outcome(sequence: number, options?: WaitOptions): Promise<SessionOutcome<R>> {
    try {
      const wait = this.#check('outcome', options);
      this.#sequences.ask(sequence);
      const body = encodeFence(this.#name(sequence));
      const read = ({ result }: Proposed<unknown>) => this.#outcome(result as SessionAnswer);
      return this.#call({ entry: { kind: 'fence', body }, sequence, read }, wait);
    } catch (error) {
      return Promise.reject(undecided(error, sequence));
    }
  }

  close(options?: WaitOptions): Promise<void> {
    try {
      const wait = this.#parts.checkWait('close', options);
      this.#isClosed = true;
      this.#closing ??= this.#end(wait).catch((error: unknown) => {
        this.#closing = undefined;
        throw error;
      });
      return this.#closing;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The last entry comes behind every other one that could still be waited for. */
  async #end(wait: Wait): Promise<void> {
    await this.#parts.waitFor(() => (this.#sequences.hasOpen ? undefined : true), wait);
    const entry = { kind: 'session-close', body: encodeSessionClose(this.id) } as const;
    const nothing = () => undefined;
    await this.#parts.call({ entry, sequence: undefined, read: nothing, onEnd: nothing }, wait);
  }

  #call<T>(
    what: Omit<SessionQuestion<T>, 'onEnd'> & { readonly sequence: number },
    wait: Wait,
  ): Promise<T> {
    const onEnd = (isKnown: boolean) =>
      this.#sequences.end(what.sequence, isKnown ? 'settled' : 'unknown');
    return this.#parts.call({ ...what, onEnd }, wait);
  }

  #name(sequence: number): { session: number; sequence: number; floor: number } {
    return { session: this.id, sequence, floor: this.#sequences.floor };
  }

  #proposed({ index, result, term }: SessionAnswer): Proposed<R> {
    return { result: this.#decode(result ?? new Uint8Array(0)), index, term };
  }

  /** That it was applied is certain, whatever its codec makes of the result. */
  #outcome({ applied, index, result }: SessionAnswer): SessionOutcome<R> {
    if (!applied) return { applied };
    try {
      return { applied, index, ...(result === undefined ? {} : { result: this.#decode(result) }) };
    } catch {
      return { applied, index };
    }
  }

  /** Of a copy: a codec may hand out the very bytes, and these are the table's. */
  #decode(result: Uint8Array): R {
    return this.#parts.decode(new Uint8Array(result));
  }

  #check(call: string, options: WaitOptions | undefined): Wait {
    const wait = this.#parts.checkWait(call, options);
    if (!this.#isClosed) return wait;
    throw new CoxswainError('ERR_CLOSED', `${call}: the session was closed`, {
      outcome: 'not-applied',
    });
  }
}

/** That the question was refused says nothing of the command that it was about. */
function undecided(error: unknown, sequence: number): unknown {
  if (!(error instanceof CoxswainError)) return error;
  const { cause, code, message, retryable } = error;
  return new CoxswainError(code, message, { cause, outcome: 'unknown', retryable, sequence });
}
