// The public object: one member of a cluster, in this process. It checks what callers pass and
// hands it to the engine, which owns everything that moves.
import { EventEmitter } from 'eventemitter3';
import type {
  Member,
  MemberId,
  Membership,
  MembershipChange,
  Proposed,
  Proposer,
  ReadOptions,
  Session,
  WaitOptions,
} from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import type { Role } from '../raft/index.ts';
import { checkChange } from './change-checks.ts';
import type { OptionChanges } from './configuring.ts';
import { checkConsistency } from './consistency-checks.ts';
import { Engine } from './engine.ts';
import type { NodeEvents } from './events.ts';
import type { MetricsSnapshot } from './metrics/index.ts';
import {
  checkBoolean,
  checkInteger,
  checkKnown,
  checkObject,
  checkText,
  invalidOption,
} from './option-checks.ts';
import { type CheckedOptions, checkOptions, type RaftNodeOptions } from './options.ts';
import type { LeaderWork, Successor, Wait } from './requests/index.ts';
import { type Startup, startUp } from './startup.ts';
import type { NodeStatus } from './status.ts';

/** What `waitFor` can wait for; it gives the status at that moment. */
export type Awaited = 'leader' | { readonly applied: number } | { readonly role: Role };

export interface ChangeOptions extends WaitOptions {
  /** The change is made only of the membership of this version. */
  readonly ifVersion?: number | undefined;
}

export interface CloseOptions {
  /** A leader hands over first, if it can within the time for a request. Default false. */
  readonly transfer?: boolean;
  /** Aborting means not to wait for that. */
  readonly signal?: AbortSignal | undefined;
}

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
  readonly #options: CheckedOptions<C, R, Q, A>;
  #defaultWait: Wait;

  private constructor(options: CheckedOptions<C, R, Q, A>, startup: Startup) {
    super();
    this.id = options.id;
    this.#options = options;
    this.#engine = new Engine(options, startup, (event, ...args) => {
      this.emit(event, ...args);
    });
    this.#defaultWait = { signal: undefined, timeoutMs: options.requestTimeoutMs };
  }

  /**
   * Loads the store, opens the transport and takes part. The node uses and closes the storage and
   * transport that it is given, also when opening fails after the store was loaded.
   *
   * Rejects with ERR_INVALID_OPTION, ERR_WRONG_CLUSTER,
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
   * Asks the state machine, on any member; `consistency` says what the answer is sure to show
   * (default `linearizable`). Nothing is written for it.
   *
   * Rejects with ERR_QUEUE_FULL, ERR_NO_LEADER, ERR_TIMEOUT, ERR_ABORTED, ERR_CLOSED or what
   * stopped the node (never with outcome `unknown`: a read changes nothing), and with whatever the
   * machine's `query` throws.
   */
  read(query: Q, options: ReadOptions = {}): Promise<A> {
    try {
      const wait = this.#checkWait('read', options, ['consistency', 'signal', 'timeoutMs']);
      const { consistency = 'linearizable' } = options;
      checkConsistency(consistency);
      return this.#engine.reads.read(query, consistency, wait);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Opens a session, whose commands are applied exactly once. See `Session`.
   *
   * Rejects as `propose` does; with ERR_QUEUE_FULL when there are `sessions.max` of them. Where
   * frames or leaders are lost, and when it fails, a session may be left that expires by itself.
   */
  async openSession(options?: WaitOptions): Promise<Session<C, R>> {
    const known = ['signal', 'timeoutMs'];
    const wait = this.#checkWait('openSession', options, known);
    const check = (call: string, more: WaitOptions | undefined) =>
      this.#checkWait(call, more, known);
    return this.#engine.sessions.open(check, wait);
  }

  status(): NodeStatus {
    return this.#engine.status();
  }

  /**
   * What this node has counted and measured since it was opened, how it is now, and how well. Made
   * when it is asked for; also of a node that is closed.
   */
  metrics(): MetricsSnapshot {
    return this.#engine.metrics();
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

  /**
   * Takes a snapshot of all that is applied here, unless there is one, and lets go of the log
   * before it as far as `snapshot.keepEntries` says. Resolves once it is durable, with the index of
   * the last entry that it holds. Rejects with ERR_TIMEOUT, ERR_ABORTED, ERR_CLOSED or what stopped
   * the node.
   */
  async takeSnapshot(options: WaitOptions = {}): Promise<{ readonly index: number }> {
    const wait = this.#checkWait('takeSnapshot', options, ['signal', 'timeoutMs']);
    return { index: await this.#engine.takeSnapshot(wait) };
  }

  /** Asks this member to stand for election now. A live leader's followers will refuse it. */
  campaign(): void {
    this.#engine.campaign();
  }

  /** The members as this one knows them. */
  members(): Membership {
    return this.#engine.members();
  }

  /**
   * Adds, promotes, demotes, removes and replaces members, together if more than one; on the
   * leader. Resolves when all of it is committed and who is to become a voter is one. A change that
   * is under way when the call ends, or the leader, is completed by whoever leads then.
   *
   * Rejects with ERR_NOT_LEADER, ERR_MEMBERS_BUSY (another change is not committed yet),
   * ERR_MEMBERS_CHANGED (it is not at `ifVersion`), ERR_LEADERSHIP_LOST, ERR_TIMEOUT, ERR_ABORTED.
   */
  async changeMembers(change: MembershipChange, options: ChangeOptions = {}): Promise<Membership> {
    const wait = this.#checkWait('changeMembers', options, ['ifVersion', 'signal', 'timeoutMs']);
    checkChange(change);
    const { ifVersion } = options;
    if (ifVersion !== undefined)
      checkInteger('changeMembers: ifVersion', ifVersion, 0, 2 ** 53 - 1);
    return this.#engine.operations.changeMembers(change, ifVersion, wait);
  }

  /** A new member that follows, serves local reads and decides nothing. See `changeMembers`. */
  addLearner(member: Member, options?: ChangeOptions): Promise<Membership> {
    return this.changeMembers({ learners: [member] }, options);
  }

  /** A learner becomes a voter as soon as it has caught up. See `changeMembers`. */
  promote(id: MemberId, options?: ChangeOptions): Promise<Membership> {
    return this.changeMembers({ promote: [id] }, options);
  }

  /** A voter becomes a learner. See `changeMembers`. */
  demote(id: MemberId, options?: ChangeOptions): Promise<Membership> {
    return this.changeMembers({ demote: [id] }, options);
  }

  removeMember(id: MemberId, options?: ChangeOptions): Promise<Membership> {
    return this.changeMembers({ remove: [id] }, options);
  }

  /** `id` leaves in the moment in which `by` has caught up. See `changeMembers`. */
  replaceMember(id: MemberId, by: Member, options?: ChangeOptions): Promise<Membership> {
    return this.changeMembers({ replace: [{ id, by }] }, options);
  }

  /**
   * Hands leadership to `to`, by default the voter that is most up to date; on the leader. Takes no
   * proposals until that is settled: they wait. Resolves with who leads then.
   *
   * Rejects with ERR_NOT_LEADER, ERR_INVALID_OPTION (not a voter), ERR_TIMEOUT (this member leads
   * on), ERR_ABORTED or ERR_CLOSED.
   */
  async transferLeadership(to?: MemberId, options: WaitOptions = {}): Promise<Successor> {
    const wait = this.#checkWait('transferLeadership', options, ['signal', 'timeoutMs']);
    if (to !== undefined) checkText('transferLeadership: to', to, 255);
    return this.#engine.operations.transfer(to, wait);
  }

  /**
   * Does `work` while this member leads: begins it then, aborts its signal when this member is
   * not sure to lead any more, and begins it anew at the next time, as soon as the last run has
   * ended. By their own clocks no two members have work that was not told to stop, as long as
   * none runs faster by more than `lease.maxClockDrift`; see `fencingToken` for a process that was
   * paused.
   * Settles as the first run does that was not told to stop.
   *
   * Rejects with what `work` throws, ERR_ABORTED (`options.signal`) or ERR_CLOSED.
   */
  async whileLeader<T>(
    work: LeaderWork<T>,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    const { signal } = this.#checkWait('whileLeader', options, ['signal']);
    if (typeof work !== 'function') throw invalidOption('whileLeader: work', work, 'a function');
    const result = this.#engine.leaderships.run(work, signal);
    this.#engine.wake();
    return result;
  }

  /**
   * Changes options while the node runs, all that are given or none. Throws ERR_INVALID_OPTION, or
   * ERR_CLOSED.
   */
  configure(changes: OptionChanges): void {
    this.#engine.configure(changes);
    this.#defaultWait = { signal: undefined, timeoutMs: this.#options.requestTimeoutMs };
  }

  /** Settles every waiting call, stops, and closes the transport and storage. May be repeated. */
  async close(options: CloseOptions = {}): Promise<void> {
    checkObject('close: options', options);
    checkKnown('close: ', options, ['transfer', 'signal']);
    const { transfer = false } = options;
    checkBoolean('close: transfer', transfer);
    if (transfer) await this.#handOver(options.signal);
    await this.#engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Closing goes on whatever comes of it. */
  async #handOver(signal: AbortSignal | undefined): Promise<void> {
    if (this.status().role !== 'leader') return;
    await this.transferLeadership(undefined, { signal }).catch(() => undefined);
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
