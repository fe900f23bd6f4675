// One member's moving parts, put together: the loop, the log in memory, the disk, the network, the
// machine, and those who wait. Decisions are made in raft/; this file only connects.
import type { Identity, MemberId, Membership } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import { type ConfigurationAt, createState, type Propose, type RaftState } from '../raft/index.ts';
import { Announcer, type Emit } from './announcer.ts';
import { Applier } from './applier.ts';
import { ClockWarnings } from './clock-warnings.ts';
import { EffectRunner } from './effect-runner.ts';
import { EventLoop, type EventLoopHooks } from './event-loop.ts';
import { incarnationText } from './identity.ts';
import { Inbox } from './inbox.ts';
import { LogWindow } from './log-window.ts';
import { membershipOf } from './membership.ts';
import { Meter, type MetricsSnapshot, meteredTransport, snapshotOf } from './metrics/index.ts';
import type { CheckedOptions } from './options.ts';
import {
  Delegates,
  Forwarding,
  Leaderships,
  Operations,
  Proposals,
  Reads,
  Requests,
  SessionRequests,
  type Ticket,
  ticketError,
} from './requests/index.ts';
import { Roster } from './roster.ts';
import { Sender } from './sender.ts';
import { SessionApplier } from './session-applier.ts';
import type { Startup } from './startup.ts';
import { type NodeStatus, type StatusParts, statusOf } from './status.ts';
import { StoreRecord } from './store-record.ts';
import { Ticker } from './ticker.ts';
import { Tracer } from './trace.ts';
import { encodeSessionOpen, FrameCodec, PROTOCOL_VERSION } from './wire/index.ts';
import { Writer } from './writer.ts';

/** Proposals handed to the core in one step: a count. */
const MAX_STEP_PROPOSALS = 8192;

export class Engine<C, R, Q, A> {
  readonly requests: Requests<C, R>;
  readonly sessions: SessionRequests<C, R>;
  readonly reads: Reads<Q, A>;
  readonly operations: Operations;
  readonly leaderships: Leaderships;
  readonly #options: CheckedOptions<C, R, Q, A>;
  readonly #startup: Startup;
  readonly #state: RaftState;
  readonly #meter: Meter;
  readonly #tracer: Tracer | undefined;
  readonly #window: LogWindow;
  readonly #writer: Writer;
  readonly #proposals: Proposals;
  readonly #forwarding: Forwarding;
  readonly #delegates: Delegates;
  readonly #applier: Applier<C, R, Q, A>;
  readonly #sessionApplier: SessionApplier<C, R>;
  readonly #ticker: Ticker;
  readonly #inbox: Inbox;
  readonly #announcer: Announcer;
  readonly #roster: Roster;
  readonly #loop: EventLoop;
  #closing: Promise<void> | undefined;
  #fault: CoxswainError | undefined;

  constructor(given: CheckedOptions<C, R, Q, A>, startup: Startup, emit: Emit) {
    const { clock, codec, limits, logger, storage } = given;
    const { identity } = startup;
    const record = new StoreRecord(identity);
    const roster = new Roster(startup.roster);
    const { maxAppendBytes, maxCommandBytes } = limits;
    const state = createState({ ...startup.init, now: clock.now() });
    const origin = { cluster: given.cluster, member: given.id };
    const meter = new Meter(state, clock, origin);
    const transport = meteredTransport(given.transport, meter.counting, origin);
    const options = { ...given, transport };
    const store = storage.log;
    const failed = (cause: unknown) => this.#fail(cause);
    const window = new LogWindow(state.log.last + 1, limits.memoryWindowBytes);
    const frames = new FrameCodec(identity, (clusterId) => record.joined(clusterId));
    const proposals = new Proposals(limits);
    const sender = new Sender({
      ...{ state, transport, codec: frames, window, store, maxAppendBytes, failed },
    });
    this.#options = options;
    this.#startup = startup;
    this.#state = state;
    this.#meter = meter;
    this.#tracer = options.trace && new Tracer(state, options.trace, logger);
    this.#window = window;
    this.#writer = this.#createWriter(record);
    this.#proposals = proposals;
    this.#roster = roster;
    this.#announcer = new Announcer(state, emit, logger, () => this.members(), origin);
    this.#sessionApplier = this.#createSessionApplier();
    this.#ticker = new Ticker({ state, clock, proposals, wake: () => this.#loop.wake() });
    this.#applier = this.#createApplier();
    this.#forwarding = this.#createForwarding(frames);
    const opening = encodeSessionOpen(options.sessions);
    this.#delegates = this.#createDelegates(frames, opening);
    this.#inbox = this.#createInbox(frames);
    const runner = new EffectRunner({
      ...{ window, writer: this.#writer, sender, proposals, roster },
      membersChanged: (configs) => this.#membersChanged(configs),
      apply: (upTo) => this.#apply(upTo),
      readIndex: (effect) => this.reads.grant(effect),
      roleChanged: () => this.#roleChanged(),
    });
    this.#loop = this.#createLoop(runner);
    this.requests = new Requests({
      ...{ state, clock, codec: codec.command, maxCommandBytes, proposals },
      ...{ forwarding: this.#forwarding, meter: meter.requests, wake: () => this.#loop.wake() },
    });
    this.reads = new Reads({
      ...{ state, clock, applier: this.#applier, maxQueuedReads: limits.maxQueuedReads },
      meter: meter.requests,
      startDeadline: (call, wait) => this.requests.startDeadline(call, wait),
      wake: () => this.#loop.wake(),
    });
    this.sessions = new SessionRequests({
      ...{ requests: this.requests, codec, clock, opening, options: state.options },
    });
    this.operations = new Operations({
      ...{ state, roster, clock, maxMembers: limits.maxMembers },
      push: (event) => this.#loop.push(event),
      waitFor: (look, wait) => this.requests.waitFor(look, wait),
      startDeadline: (call, wait) => this.requests.startDeadline(call, wait),
    });
    this.leaderships = new Leaderships(state);
  }

  /** Opens the transport and takes the first step. */
  async open(): Promise<void> {
    const { address, id, transport } = this.#options;
    const { identity } = this.#startup;
    const { clusterId, incarnation } = identity;
    const self: Identity = {
      clusterId,
      id,
      address,
      incarnation: incarnationText(incarnation),
      protocolVersion: PROTOCOL_VERSION,
    };
    try {
      await transport.open(self, (from, frame) => this.#receive(from, frame));
    } catch (cause) {
      this.#loop.stop();
      await Promise.allSettled([transport.close(), this.#options.storage.close()]);
      if (cause instanceof CoxswainError) throw cause;
      const details = { cause, retryable: true };
      throw new CoxswainError('ERR_TRANSPORT', 'the transport could not be opened', details);
    }
    this.#setPeers();
    this.#warnOfSize();
    this.#loop.push({ type: 'start' });
  }

  /** Throws what ended this node, if anything did. */
  checkOpen(): void {
    if (this.#fault !== undefined) throw unappliedError(this.#fault);
    if (this.#closing !== undefined) throw closedError();
  }

  members(): Membership {
    return membershipOf(this.#state, this.#roster);
  }

  /** A turn will come in which what was begun is looked at. */
  wake(): void {
    this.#loop.wake();
  }

  campaign(): void {
    this.#loop.push({ type: 'campaign' });
  }

  status(): NodeStatus {
    return statusOf(this.#state, this.#standing());
  }

  metrics(): MetricsSnapshot {
    const ended = { isClosed: this.#closing !== undefined, fault: this.#fault };
    return snapshotOf(this.#state, this.#meter, { ...this.#standing(), ...ended });
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  /** What its parts say of themselves. */
  #standing(): StatusParts {
    return {
      applied: this.#applier.applied,
      waiting: this.#proposals.waiting,
      sessions: this.#sessionApplier.count,
      waitingReads: this.reads.waiting,
      badFrames: this.#inbox.badFrames,
      staleFrames: this.#inbox.staleFrames,
      nowMs: this.#options.clock.now(),
    };
  }

  #createWriter(record: StoreRecord): Writer {
    const { clock, electionMinMs, storage } = this.#options;
    return new Writer(storage.log, this.#window, {
      meta: (known) => {
        if (clock.now() >= this.#state.silentUntilMs) record.promise(electionMinMs);
        return record.take(known);
      },
      begun: (batch) => this.#meter.writeBegun(batch),
      written: (event) => {
        this.#meter.writeEnded();
        this.#loop.push(event);
      },
      failed: (cause) => this.#fail(cause),
    });
  }

  #createApplier(): Applier<C, R, Q, A> {
    const { clock, codec, limits, stateMachine, storage } = this.#options;
    const { maxAppendBytes, maxApplyBatch, maxQueuedReads } = limits;
    const store = storage.log;
    return new Applier(
      {
        ...{ machine: stateMachine, codec: codec.command, window: this.#window, store, clock },
        ...{ maxApplyBatch, maxReadBytes: maxAppendBytes, maxQueries: maxQueuedReads },
        sessions: this.#sessionApplier,
        isLeading: () => this.#state.role === 'leader',
        due: (wallMs) => this.#ticker.due(wallMs),
        settled: ({ index, term }, result) => this.#proposals.apply(index, term, result),
        advanced: (index) => {
          this.#meter.applied(index);
          this.#loop.push({ type: 'applied', index });
        },
        failed: (cause) => this.#fail(cause),
      },
      this.#startup.init.applied,
    );
  }

  #createSessionApplier(): SessionApplier<C, R> {
    const { codec, stateMachine } = this.#options;
    const { command, result } = codec;
    return new SessionApplier({ machine: stateMachine, command, result });
  }

  #createLoop(runner: EffectRunner): EventLoop {
    const { checkInvariants, clock } = this.#options;
    const hooks: EventLoopHooks = {
      run: (effects, event) => {
        this.#meter.look(event, effects);
        this.#tracer?.look(event, effects);
        runner.run(effects, event);
        this.operations.handled(event);
      },
      takeProposals: () => this.#takeProposals(),
      takeReads: () => this.reads.take(),
      endTurn: (lateMs) => this.#endTurn(lateMs),
      expire: (nowMs) => {
        this.requests.expire(nowMs);
        this.#forwarding.expire(nowMs);
        this.leaderships.check(nowMs);
        this.#ticker.expire(nowMs);
      },
      nextExpiry: () => {
        const { leaderships, requests } = this;
        const waits = Math.min(requests.nextExpiry(), this.#forwarding.nextExpiry());
        return Math.min(waits, leaderships.nextExpiry(), this.#ticker.nextExpiry());
      },
      failed: (cause) => this.#fail(cause),
    };
    return new EventLoop(this.#state, clock, hooks, checkInvariants);
  }

  #createForwarding(frames: FrameCodec): Forwarding {
    const { clock, codec, limits, transport } = this.#options;
    return new Forwarding({
      state: this.#state,
      clock,
      meter: this.#meter.requests,
      identity: this.#startup.identity,
      transport,
      codec: frames,
      proposals: this.#proposals,
      maxBytes: limits.maxAppendBytes,
      decodeResult: (bytes) => codec.result.decode(bytes),
    });
  }

  #createDelegates(frames: FrameCodec, sessionOpening: Uint8Array): Delegates {
    const { codec, limits, transport } = this.#options;
    return new Delegates({
      state: this.#state,
      transport,
      codec: frames,
      proposals: this.#proposals,
      maxCommandBytes: limits.maxCommandBytes,
      maxBytes: limits.maxAppendBytes,
      maxFrameBytes: transport.supports.maxFrameBytes,
      encodeResult: (result) => codec.result.encode(result as R),
      sessionOpening,
      meter: this.#meter.requests,
    });
  }

  #createInbox(frames: FrameCodec): Inbox {
    const { logger } = this.#options;
    const warnings = new ClockWarnings(this.#state, logger);
    return new Inbox(frames, logger, {
      message: (from, incarnation, message, entries) => {
        warnings.look(from, message);
        this.#loop.push({ type: 'receive', from, incarnation, message, entries });
      },
      forward: (from, source, forward) => {
        this.#delegates.receive(from, source, forward);
        this.#loop.wake();
      },
      forwardReply: (reply) => this.#forwarding.receive(reply),
    });
  }

  #receive(from: MemberId, frame: Uint8Array): void {
    if (this.#closing !== undefined || from === this.#options.id) return;
    this.#meter.received(from, frame.length);
    try {
      this.#inbox.receive(from, frame);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #takeProposals(): Propose | undefined {
    const { leading } = this.#state;
    if (leading === undefined || leading.handover !== undefined) return undefined;
    const queued = this.#proposals.queued();
    if (queued.length === 0) return undefined;
    const some = queued.length > MAX_STEP_PROPOSALS ? queued.slice(0, MAX_STEP_PROPOSALS) : queued;
    const bodies = some.map((ticket) => ticket.body);
    return {
      type: 'propose',
      bodies,
      wallMs: Math.max(0, Math.floor(this.#options.clock.wallMs())),
    };
  }

  #apply(upTo: number): void {
    this.#meter.applicable(upTo);
    this.#applier.advance(upTo);
  }

  #endTurn(lateMs: number): void {
    this.#meter.endTurn(lateMs);
    this.#writer.flush();
    this.#forwarding.flush();
    this.#delegates.flush();
    this.#window.evict(this.#state.log.durable + 1);
    this.requests.check();
    this.reads.check();
    this.operations.check();
    this.#announcer.endTurn();
  }

  #roleChanged(): void {
    const { leader, role, term } = this.#state;
    this.#options.logger.info({ role, term, leader }, 'role changed');
    this.#forwarding.leaderChanged();
    if (role === 'leader') return;
    this.#delegates.stepDown();
    this.#ticker.stepDown();
  }

  #membersChanged(configs: readonly ConfigurationAt[]): void {
    this.#roster.keep(configs);
    this.#setPeers();
    this.#announcer.membersChanged();
    const { config, index } = configs.at(-1) ?? { config: this.#state.config, index: 0 };
    const { joining, learners, outgoing, voters } = config;
    const isCommitted = index <= this.#state.commit;
    const change = { version: index, voters, outgoing, learners, joining, isCommitted };
    this.#options.logger.info(change, 'members changed');
    if (isCommitted) this.#warnOfSize();
  }

  #setPeers(): void {
    const { id, transport } = this.#options;
    transport.setPeers(this.#roster.members.filter((member) => member.id !== id));
  }

  #warnOfSize(): void {
    const count = this.#state.config.voters.length;
    const { logger } = this.#options;
    if (count === 0) return;
    if (count > 7)
      logger.warn({ count }, 'more than 7 voters: every commit waits for more of them');
    if (count % 2 === 0) {
      logger.warn(
        { count },
        'an even number of voters survives no more failures than one voter less',
      );
    }
  }

  #fail(cause: unknown): void {
    if (this.#closing !== undefined) return;
    const text = cause instanceof Error ? cause.message : String(cause);
    const fault =
      cause instanceof CoxswainError
        ? cause
        : new CoxswainError('ERR_INVARIANT', `unexpected: ${text}`, { cause, outcome: 'unknown' });
    this.#fault = fault;
    this.#meter.failed(fault);
    this.#options.logger.error({ err: fault }, 'the node stops');
    this.#closing = this.#shutDown();
    this.#announcer.announce('fault', fault);
  }

  async #shutDown(): Promise<void> {
    const fault = this.#fault;
    this.#loop.stop();
    const ended = fault === undefined ? closedError() : unappliedError(fault);
    this.reads.failAll(ended);
    const machineIdle = this.#applier.stop();
    const errorOf = (ticket: Ticket) =>
      fault === undefined
        ? ticketError(ticket, 'ERR_CLOSED', 'the node was closed')
        : ticketError(ticket, fault.code, fault.message, fault);
    this.#proposals.failAll(errorOf);
    this.#forwarding.failAll(errorOf);
    this.requests.failAll(ended);
    this.sessions.failAll(ended);
    this.operations.failAll(ended);
    this.leaderships.failAll(ended);
    const { clock, requestTimeoutMs, storage, transport } = this.#options;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(requestTimeoutMs, resolve);
      const idle = Promise.all([machineIdle, this.#writer.stop()]);
      void idle.finally(cancel).then(() => resolve());
    });
    const closed = await Promise.allSettled([transport.close(), storage.close()]);
    for (const result of closed) {
      if (result.status === 'rejected') {
        this.#options.logger.error({ err: result.reason }, 'a part did not close');
      }
    }
    this.#announcer.announce('closed');
  }
}

/** What a call that changes nothing learns of the fault that ended its node. */
function unappliedError(fault: CoxswainError): CoxswainError {
  const { code, message } = fault;
  return new CoxswainError(code, message, { cause: fault, outcome: 'not-applied' });
}

function closedError(): CoxswainError {
  return new CoxswainError('ERR_CLOSED', 'the node is closed', { outcome: 'not-applied' });
}
