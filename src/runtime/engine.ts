// One member's moving parts, put together: the loop, the log in memory, the disk, the network, the
// machine, and those who wait. Decisions are made in raft/; this file only connects.
import type { Identity, MemberId, Membership } from '../contracts/index.ts';
import { CoxswainError } from '../errors.ts';
import { createState, type RaftState } from '../raft/index.ts';
import { Announcer, type Emit } from './announcer.ts';
import { ChunkSender } from './chunk-sender.ts';
import { ClockWarnings } from './clock-warnings.ts';
import { changeOptions, type OptionChanges } from './configuring.ts';
import { EffectRunner } from './effect-runner.ts';
import { closedError, faultOf, unappliedError } from './endings.ts';
import { EventLoop, type EventLoopHooks } from './event-loop.ts';
import { incarnationText, originOf } from './identity.ts';
import { Inbox } from './inbox.ts';
import { LogWindow } from './log-window.ts';
import { MachineHost } from './machine-host.ts';
import { membershipOf } from './membership.ts';
import { Meter, type MetricsSnapshot, meteredTransport, snapshotOf } from './metrics/index.ts';
import type { CheckedOptions } from './options.ts';
import { Peers } from './peers.ts';
import {
  Delegates,
  Forwarding,
  Leaderships,
  nextProposals,
  Operations,
  Proposals,
  Reads,
  Requests,
  SessionRequests,
  type Ticket,
  ticketError,
  type Wait,
} from './requests/index.ts';
import { Roster } from './roster.ts';
import { Sender } from './sender.ts';
import { Stalls } from './stalls.ts';
import { coreOptions, type Startup } from './startup.ts';
import { type NodeStatus, type StatusParts, statusOf } from './status.ts';
import { StoreRecord } from './store-record.ts';
import { Tracer } from './trace.ts';
import { Upkeep } from './upkeep.ts';
import { encodeSessionOpen, FrameCodec, PROTOCOL_VERSION } from './wire/index.ts';
import { Writer } from './writer.ts';

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
  readonly #machine: MachineHost<C, R, Q, A>;
  readonly #upkeep: Upkeep;
  readonly #inbox: Inbox;
  readonly #announcer: Announcer;
  readonly #stalls: Stalls;
  readonly #roster: Roster;
  readonly #peers: Peers;
  readonly #loop: EventLoop;
  #closing: Promise<void> | undefined;
  #fault: CoxswainError | undefined;

  constructor(given: CheckedOptions<C, R, Q, A>, startup: Startup, emit: Emit) {
    const { clock, codec, limits, logger } = given;
    const { identity } = startup;
    const record = new StoreRecord(identity);
    const roster = new Roster(startup.roster);
    const { maxCommandBytes } = limits;
    const state = createState({ ...startup.init, now: clock.now() });
    const origin = { cluster: given.cluster, member: given.id };
    const meter = new Meter(state, clock, origin);
    const transport = meteredTransport(given.transport, meter.counting, origin);
    // The one object of options, which `configure` changes in place.
    const options = Object.assign(given, { transport });
    const window = new LogWindow(state.log.last + 1, limits);
    const frames = new FrameCodec(identity, (clusterId) => record.joined(clusterId));
    const proposals = new Proposals(limits);
    this.#options = options;
    this.#startup = startup;
    this.#state = state;
    this.#meter = meter;
    this.#tracer = options.trace && new Tracer(state, options.trace, logger);
    this.#window = window;
    this.#writer = this.#createWriter(record);
    this.#proposals = proposals;
    this.#roster = roster;
    this.#peers = new Peers({ id: options.id, state, roster, transport, logger });
    const name = originOf(identity);
    const isOwn = (snapshotId: string) => snapshotId.includes(name);
    const members = () => this.members();
    this.#announcer = new Announcer({ state, emit, logger, members, isOwn, origin });
    this.#upkeep = this.#createUpkeep(frames, record);
    this.#machine = this.#createMachine();
    this.#forwarding = this.#createForwarding(frames);
    this.#delegates = this.#createDelegates(frames);
    this.#stalls = this.#createStalls();
    this.#inbox = this.#createInbox(frames);
    this.#loop = this.#createLoop(this.#createRunner(frames));
    this.requests = new Requests({
      ...{ state, clock, codec: codec.command, maxCommandBytes, proposals },
      ...{ forwarding: this.#forwarding, meter: meter.requests, wake: () => this.#loop.wake() },
    });
    this.reads = this.#createReads();
    this.sessions = this.#createSessions();
    this.operations = new Operations({
      ...{ state, roster, clock },
      get maxMembers() {
        return limits.maxMembers;
      },
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
    this.#peers.begin();
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

  /** Resolves with the index of a snapshot that holds all that is applied here now. */
  takeSnapshot(wait: Wait): Promise<number> {
    const { snapshots } = this.#state;
    const wanted = Math.max(1, this.#machine.applier.applied);
    this.#loop.push({ type: 'take-snapshot', index: wanted });
    return this.requests.waitFor(() => {
      const index = snapshots.latest?.index ?? 0;
      return index >= wanted ? index : undefined;
    }, wait);
  }

  /** All of it or, when it throws, nothing. */
  configure(changes: OptionChanges): void {
    this.checkOpen();
    changeOptions(this.#options, changes);
    this.#loop.push({ type: 'configure', options: coreOptions(this.#options) });
  }

  campaign(): void {
    this.#loop.push({ type: 'campaign' });
  }

  status(): NodeStatus {
    return statusOf(this.#state, this.#standing());
  }

  metrics(): MetricsSnapshot {
    return snapshotOf(this.#state, this.#meter, { ...this.#standing(), fault: this.#fault });
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  /** What its parts say of themselves. */
  #standing(): StatusParts {
    return {
      running: this.#fault === undefined && this.#closing === undefined,
      applied: this.#machine.applier.applied,
      machineVersion: this.#machine.applier.machineVersion,
      waiting: this.#proposals.waiting,
      sessions: this.#machine.sessions.count,
      waitingReads: this.reads.waiting,
      badFrames: this.#inbox.badFrames,
      staleFrames: this.#inbox.staleFrames,
      nowMs: this.#options.clock.now(),
    };
  }

  #createRunner(frames: FrameCodec): EffectRunner {
    const { limits, storage, transport } = this.#options;
    const state = this.#state;
    const window = this.#window;
    const store = storage.log;
    const failed = (cause: unknown) => this.#fail(cause);
    const { applier, snapshotter } = this.#machine;
    const chunks = new ChunkSender({
      ...{ state, transport, codec: frames, store: storage.snapshots, failed },
      headerOf: (id) => snapshotter.headerOf(id),
    });
    const sender = new Sender({
      ...{ state, transport, codec: frames, window, store, limits, chunks, failed },
    });
    return new EffectRunner({
      ...{ window, writer: this.#writer, sender, snapshots: snapshotter },
      ...{ proposals: this.#proposals, roster: this.#roster },
      applier: { advance: (upTo) => this.#apply(upTo), skip: (index) => applier.skip(index) },
      membersChanged: (configs) => {
        this.#peers.changed(configs);
        this.#announcer.membersChanged();
      },
      readIndex: (effect) => this.reads.grant(effect),
      roleChanged: () => this.#roleChanged(),
    });
  }

  #createWriter(record: StoreRecord): Writer {
    const { clock, electionMinMs, storage } = this.#options;
    return new Writer(storage.log, this.#window, {
      now: () => clock.now(),
      meta: (known) => {
        if (clock.now() >= this.#state.silentUntilMs) record.promise(electionMinMs);
        record.distrust(this.#state.snapshots.repairFrom);
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

  #createMachine(): MachineHost<C, R, Q, A> {
    const { identity, keptUpTo, snapshot } = this.#startup;
    return new MachineHost({
      options: this.#options,
      ...{ state: this.#state, window: this.#window, snapshot, keptUpTo },
      origin: originOf(identity),
      due: (wallMs) => this.#upkeep.due(wallMs),
      verify: (entry, at) => this.#upkeep.verify(entry, at),
      settled: ({ index, term }, result) => this.#proposals.apply(index, term, result),
      advanced: (index) => {
        this.#meter.applied(index);
        this.#loop.push({ type: 'applied', index });
        this.#upkeep.advanced();
      },
      push: (event) => this.#loop.push(event),
      restored: (index) => {
        this.#meter.restored(index);
        this.#upkeep.restored(index);
      },
      received: (head, header) => this.#roster.install(head, header),
      failed: (cause) => this.#fail(cause),
    });
  }

  #createUpkeep(codec: FrameCodec, record: StoreRecord): Upkeep {
    return new Upkeep({
      ...{ state: this.#state, options: this.#options, codec, record },
      ...{ proposals: this.#proposals, announcer: this.#announcer, machine: () => this.#machine },
      failReads: (error) => this.reads.failAll(error),
      loop: () => this.#loop,
    });
  }

  #createStalls(): Stalls {
    const { logger, stall } = this.#options;
    return new Stalls({
      ...{ limits: stall, logger, store: this.#writer, machine: this.#machine.applier },
      tell: (event) => this.#announcer.stall(event),
      push: (event) => this.#loop.push(event),
    });
  }

  #createReads(): Reads<Q, A> {
    const state = this.#state;
    const { clock, limits } = this.#options;
    return new Reads({
      ...{ state, clock, applier: this.#machine.applier, meter: this.#meter.requests },
      get maxQueuedReads() {
        return limits.maxQueuedReads;
      },
      refusal: () => this.#upkeep.refusal(),
      startDeadline: (call, wait) => this.requests.startDeadline(call, wait),
      wake: () => this.#loop.wake(),
    });
  }

  #createSessions(): SessionRequests<C, R> {
    const state = this.#state;
    const { clock, codec, sessions } = this.#options;
    return new SessionRequests({
      ...{ requests: this.requests, codec, clock },
      get opening() {
        return encodeSessionOpen(sessions);
      },
      get options() {
        return state.options;
      },
    });
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
      beginTurn: (lateMs) => {
        this.#stalls.turn(lateMs);
        this.#meter.turn(lateMs);
      },
      takeProposals: () => nextProposals(this.#state, this.#proposals, () => clock.wallMs()),
      takeReads: () => this.reads.take(),
      endTurn: () => this.#endTurn(),
      expire: (nowMs) => {
        this.requests.expire(nowMs);
        this.#forwarding.expire(nowMs);
        this.leaderships.check(nowMs);
        this.#upkeep.expire(nowMs);
        this.#stalls.expire(nowMs);
      },
      nextExpiry: () => {
        const { leaderships, requests } = this;
        const waits = Math.min(requests.nextExpiry(), this.#forwarding.nextExpiry());
        const own = Math.min(this.#upkeep.nextExpiry(), this.#stalls.nextExpiry());
        return Math.min(waits, own, leaderships.nextExpiry());
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
      get maxBytes() {
        return limits.maxAppendBytes;
      },
      decodeResult: (bytes) => codec.result.decode(bytes),
    });
  }

  #createDelegates(frames: FrameCodec): Delegates {
    const { codec, limits, sessions, transport } = this.#options;
    return new Delegates({
      state: this.#state,
      transport,
      codec: frames,
      proposals: this.#proposals,
      maxCommandBytes: limits.maxCommandBytes,
      get maxBytes() {
        return limits.maxAppendBytes;
      },
      maxFrameBytes: transport.supports.maxFrameBytes,
      encodeResult: (result) => codec.result.encode(result as R),
      get sessionOpening() {
        return encodeSessionOpen(sessions);
      },
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
      report: (from, report) => this.#upkeep.receive(from, report),
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

  #apply(upTo: number): void {
    this.#meter.applicable(upTo);
    this.#machine.applier.advance(upTo);
  }

  #endTurn(): void {
    this.#meter.requests.endTurn();
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
    this.#upkeep.roleChanged();
    if (role === 'leader') return;
    this.#delegates.stepDown();
  }

  #fail(cause: unknown): void {
    if (this.#closing !== undefined) return;
    const fault = faultOf(cause);
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
    const machineIdle = Promise.all([
      this.#machine.applier.stop(),
      this.#machine.snapshotter.stop(),
    ]);
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
