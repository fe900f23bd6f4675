// The public object: one member of a cluster, in this process. It checks what callers pass and
// hands it to the engine, which owns everything that moves.
import { EventEmitter } from 'eventemitter3';
import type { MemberId, Proposed, Proposer, ReadOptions, WaitOptions } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import type { Role } from '../raft/index.ts';
import { Engine } from './engine.ts';
import type { NodeEvents } from './events.ts';
import { checkInteger, checkKnown, checkObject, invalidOption } from './option-checks.ts';
import { type CheckedOptions, checkOptions, type RaftNodeOptions } from './options.ts';
import type { Wait } from './requests/index.ts';
import { type Startup, startUp } from './startup.ts';
import type { NodeStatus } from './status.ts';

/** What `waitFor` can wait for; it gives the status at that moment. */
export type Awaited = 'leader' | { readonly applied: number } | { readonly role: Role };

const roles: readonly string[] = [
  'follower',
  'pre-candidate',
  'candidate',
  'leader',
] satisfies Role[];

/**
 * One member of a Raft cluster. Generic in the command `C`, its result `R`, the query `Q` and its
 * answer `A` of the host's state machine.
 */
export class RaftNode<C, R, Q = never, A = never>
  extends EventEmitter<NodeEvents>
  implements Proposer<C, R, Q, A>, AsyncDisposable
{
  /** This member's id. */
  readonly id: MemberId;
  readonly #engine: Engine<C, R, Q, A>;
  readonly #defaultWait: Wait;

  private constructor(options: CheckedOptions<C, R, Q, A>, startup: Startup) {
    super();
    this.id = options.id;
    this.#engine = new Engine(options, startup, (event, ...args) => {
      this.emit(event, ...args);
    });
    this.#defaultWait = { signal: undefined, timeoutMs: options.requestTimeoutMs };
  }

  /**
   * Loads the store, opens the transport and takes part. The node uses and closes the storage and
   * transport that it is given, also when opening fails after the store was loaded.
   *
   * Rejects with ERR_INVALID_OPTION (then nothing was touched), ERR_WRONG_CLUSTER,
   * ERR_STORE_FAILED, ERR_STORE_CORRUPT, ERR_STORE_FORMAT, ERR_STORE_LOCKED or ERR_TRANSPORT.
   */
  static async open<C, R, Q = never, A = never>(
    options: RaftNodeOptions<C, R, Q, A>,
  ): Promise<RaftNode<C, R, Q, A>> {
    const checked = checkOptions(options);
    const startup = await startUp(checked);
    const node = new RaftNode(checked, startup);
    await node.#engine.open();
    return node;
  }

  /**
   * Replicates one command and gives its result once this member's leader has applied it. May be
   * called on any member: another than the leader hands it on, once. While no leader is known it
   * waits.
   *
   * Rejects with ERR_COMMAND_ENCODING, ERR_COMMAND_TOO_LARGE, ERR_QUEUE_FULL, ERR_NO_LEADER,
   * ERR_NOT_LEADER, ERR_LEADERSHIP_LOST, ERR_TIMEOUT, ERR_ABORTED, ERR_CLOSED or what stopped the
   * node; `outcome` tells whether the command may have been applied.
   */
  propose(command: C, options?: WaitOptions): Promise<Proposed<R>> {
    try {
      const wait = this.#checkWait('propose', options, ['signal', 'timeoutMs']);
      return this.#engine.requests.propose(command, wait);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Asks the state machine. `linearizable` (the default) writes a mark to the log and answers once
   * this member has applied it; `local` answers from what this member has applied so far.
   *
   * Rejects as `propose` does (never with outcome `unknown`: a read changes nothing), and with
   * whatever the machine's `query` throws.
   */
  async read(query: Q, options: ReadOptions = {}): Promise<A> {
    const wait = this.#checkWait('read', options, ['consistency', 'signal', 'timeoutMs']);
    const { consistency = 'linearizable' } = options;
    if (consistency !== 'linearizable' && consistency !== 'local') {
      throw invalidOption('read: consistency', consistency, "'linearizable' or 'local'");
    }
    return this.#engine.requests.read(query, consistency, wait);
  }

  status(): NodeStatus {
    return this.#engine.status();
  }

  /**
   * Resolves with the status as soon as a leader is known, an index is applied here, or this member
   * has a role. Rejects with ERR_TIMEOUT, ERR_ABORTED or ERR_CLOSED.
   */
  async waitFor(what: Awaited, options: WaitOptions = {}): Promise<NodeStatus> {
    const wait = this.#checkWait('waitFor', options, ['signal', 'timeoutMs']);
    const holds = conditionOf(what);
    return this.#engine.requests.waitFor(() => {
      const status = this.#engine.status();
      return holds(status) ? status : undefined;
    }, wait);
  }

  /** Asks this member to stand for election now. A live leader's followers will refuse it. */
  campaign(): void {
    this.#engine.campaign();
  }

  /** Settles every waiting call, stops, and closes the transport and storage. May be repeated. */
  close(): Promise<void> {
    return this.#engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkWait(call: string, options: WaitOptions | undefined, known: readonly string[]): Wait {
    this.#engine.checkOpen();
    if (options === undefined) return this.#defaultWait;
    checkObject(`${call}: options`, options);
    checkKnown(`${call}: `, options, known);
    const { signal, timeoutMs = this.#defaultWait.timeoutMs } = options;
    checkInteger(`${call}: timeoutMs`, timeoutMs, 1, 2 ** 31 - 1);
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw invalidOption(`${call}: signal`, signal, 'an AbortSignal');
    }
    if (signal?.aborted === true) {
      throw new CoxswainError('ERR_ABORTED', `${call}: the signal was aborted before the call`, {
        outcome: 'not-applied',
        retryable: true,
        cause: signal.reason,
      });
    }
    return { signal, timeoutMs };
  }
}

function conditionOf(what: Awaited): (status: NodeStatus) => boolean {
  if (what === 'leader') return (status) => status.leader !== undefined;
  const accepted = "'leader', { applied: index } or { role }";
  if (typeof what !== 'object' || what === null) throw invalidOption('waitFor', what, accepted);
  if ('applied' in what && Number.isInteger(what.applied)) {
    const { applied } = what;
    return (status) => status.applied >= applied;
  }
  if ('role' in what && roles.includes(what.role)) {
    const { role } = what;
    return (status) => status.role === role;
  }
  throw invalidOption('waitFor', what, accepted);
}
