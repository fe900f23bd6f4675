// One run: members, disks, network, machines and clients on one heap of events in simulated time.
// Everything is decided by the plan; nothing here looks at a real clock.
import { unreachable } from '../../lib/assert.ts';
import {
  type Append,
  checkState,
  checkStep,
  type Effect,
  leaseUntil,
  nextDeadline,
  type RaftEvent,
  summarize,
} from '../../raft/index.ts';
import { msgpack } from '../../runtime/index.ts';
import { Callers, type CallSite } from './callers.ts';
import { Clients } from './clients.ts';
import { createMembers } from './create-members.ts';
import { EventHeap } from './event-heap.ts';
import type { Calm, Happening, Own } from './happening.ts';
import { type Field, Injector } from './injector.ts';
import { Leases } from './leases.ts';
import { LogTime } from './log-time.ts';
import type { Mark } from './mark-labels.ts';
import type { Only } from './options.ts';
import { type Plan, placesOf } from './plan.ts';
import { Random } from './random.ts';
import { type Read, ReadOracle } from './read-oracle.ts';
import { Referee } from './referee.ts';
import { Replicas } from './replicas.ts';
import type { Origin } from './sim-disk.ts';
import type { SimEntry } from './sim-entry.ts';
import { type MachineSite, SimMachines } from './sim-machines.ts';
import { isTurnedAway, type Letter, type Op, type SimMember } from './sim-member.ts';
import { SimNetwork } from './sim-network.ts';
import { type ReadSite, SimReads } from './sim-reads.ts';
import { SimSnapshots, type SnapshotSite } from './sim-snapshots.ts';
import { SimStalls } from './sim-stalls.ts';
import { Standing } from './standing.ts';
import type { Subject } from './subject.ts';
import { Watches } from './watches.ts';
import type { Witness } from './witness.ts';

const FULL_CHECK_EVERY = 4096;
const MAX_INBOX = 1000;
const NO_OPS: readonly Op[] = [];

export class Simulation<C, R, M>
  implements Field, CallSite, ReadSite<C, R>, MachineSite<C, R>, SnapshotSite
{
  readonly plan: Plan;
  readonly members: readonly SimMember[];
  readonly network: SimNetwork;
  readonly standing: Standing;
  readonly referee: Referee;
  readonly clients: Clients<C, R>;
  readonly callers: Callers<C, R>;
  readonly injector: Injector;
  readonly oracle: ReadOracle;
  readonly reads: SimReads<C, R>;
  readonly machines: SimMachines<C, R, M>;
  readonly snapshots: SimSnapshots;
  readonly stalls: SimStalls;
  readonly marks: Map<Mark, number> = new Map<Mark, number>();
  nowUs: number = 0;
  events: number = 0;
  /** Changes with everything that happens: two equal runs have equal hashes. */
  hash: number = 0x811c9dc5;
  isCalm: boolean = false;
  calm: Calm = { before: [], committed: 0, reigns: 0 };
  readonly #heap = new EventHeap<Happening>();
  /** While a member stalls, what befalls it is kept here. */
  readonly #inboxes = new Map<SimMember, Own[]>();
  readonly #replicas: Replicas<C, R, M>;
  /** One for each member. */
  readonly #draws: readonly Random[];
  readonly #witness: Witness | undefined;
  #calmUs = Number.POSITIVE_INFINITY;
  readonly #watches: Watches;
  readonly #leases: Leases;
  readonly #logTime: LogTime;

  constructor(plan: Plan, subject: Subject<C, R, M>, only: Only, witness: Witness | undefined) {
    this.plan = plan;
    this.#witness = witness;
    const places = placesOf(plan);
    this.#draws = places.map((at) => new Random(plan.seed, `disk ${at}`));
    const codec = subject.codec ?? msgpack<C>();
    this.members = createMembers(plan);
    const names = this.members.map(({ id }) => id);
    const wallMs = this.members.map((member) => member.wallMs(0));
    this.#replicas = new Replicas(subject, codec, names, wallMs, plan.seed);
    this.clients = new Clients(subject.workload, codec, only.calls, plan);
    this.network = new SimNetwork(plan.network, places.length, plan.seed);
    this.standing = new Standing(this.members);
    this.referee = new Referee(this.members, this.standing);
    this.injector = new Injector(this, only.faults);
    this.machines = new SimMachines(this, this.#replicas);
    this.snapshots = new SimSnapshots(this);
    this.stalls = new SimStalls(this);
    this.#leases = new Leases(plan, this.members);
    this.#logTime = new LogTime(plan, this.standing);
    this.oracle = new ReadOracle(plan, this.referee, this.#leases);
    this.reads = new SimReads(this);
    this.#watches = new Watches(this);
    this.callers = new Callers(this, this.clients, this.injector);
    for (const member of this.members) this.#start(member);
    this.callers.begin();
    this.injector.begin();
  }

  schedule(inUs: number, what: Happening): void {
    this.#heap.push(this.nowUs + inUs, what);
  }

  mark(label: Mark): void {
    this.marks.set(label, (this.marks.get(label) ?? 0) + 1);
  }

  stir(value: number): void {
    this.hash = Math.imul(this.hash ^ value, 0x01000193) >>> 0;
  }

  stirText(text: string): void {
    for (let at = 0; at < text.length; at++) this.stir(text.charCodeAt(at));
  }

  crash(member: SimMember, keepWrite: boolean, forget: boolean): void {
    const kept = keepWrite ? member.disk.merged : 0;
    member.crash(keepWrite, forget, this.nowUs);
    this.#inboxes.delete(member);
    this.snapshots.crashed(member);
    this.#witness?.crashed?.(member, kept, forget, this.nowUs / 1000);
  }

  tell(member: SimMember, event: RaftEvent): void {
    if (event.type === 'configure') this.#logTime.configured(event.options.maxClockOffsetMs);
    this.step(member, event, NO_OPS);
  }

  /** From now on its machine says what no other says, and it is told so. */
  spoil(member: SimMember): void {
    this.snapshots.spoil(member);
  }

  wipe(member: SimMember, origin: Origin): void {
    if (member.up) this.crash(member, false, false);
    member.wipe(origin, this.nowUs);
    this.referee.stored(member);
    this.#witness?.wiped?.(member, this.nowUs / 1000);
  }

  setWall(member: SimMember, by: number | 'right'): void {
    this.#logTime.jumped(member, member.setWall(this.nowUs, by), this.nowUs);
  }

  /** What the time of day is there, and whether that is what the other clock would say. */
  tellClocks(member: SimMember): void {
    member.isUntold = false;
    this.step(member, { type: 'clocks', wallMs: member.wallMs(this.nowUs) }, NO_OPS);
  }

  query(member: SimMember, command: C): R {
    return this.#replicas.query(member.at, command, member.wallMs(this.nowUs));
  }

  duringQuery(member: SimMember): void {
    this.injector.duringQuery(member);
  }

  restartIn(member: SimMember, inUs: number): void {
    this.schedule(inUs, { type: 'restart', member });
  }

  /** Runs until the simulated time, or until `done`; throws what a check throws. */
  runUntil(untilUs: number, done: () => boolean = () => false): void {
    for (;;) {
      if (done()) return;
      const next = this.#heap.pop();
      if (next === undefined) return;
      if (next.atUs > untilUs) {
        this.#heap.push(next.atUs, next.what);
        this.nowUs = untilUs;
        return;
      }
      this.nowUs = next.atUs;
      this.events++;
      this.#handle(next.what);
      if (this.events % FULL_CHECK_EVERY === 0) this.referee.checkLogs();
    }
  }

  /** No more faults; the members in `dead` stay down for ever, all others are up and connected. */
  calmDown(dead: readonly number[]): void {
    this.isCalm = true;
    this.#calmUs = this.nowUs;
    this.calm = {
      before: [...this.snapshots.installs],
      committed: this.referee.committed.length,
      reigns: this.referee.reigns,
    };
    this.network.calmDown(this.plan.options.heartbeatMs * 100);
    for (const member of this.members) {
      if (dead.includes(member.at)) {
        if (member.up) this.crash(member, false, false);
      } else if (!member.up) {
        this.#restart(member);
      } else {
        if (member.stalledUntilUs > this.nowUs) this.#wake(member);
        // A write that began in worse times must not take as long as it would have then.
        if (member.disk.merged > 0) this.#planWrite(member);
      }
    }
  }

  /** At the end: machines that have come equally far are equal. */
  checkMachines(members: readonly SimMember[]): void {
    for (const { at, state } of members) {
      const wallMs = this.members[at]?.wallMs(this.nowUs) ?? 0;
      this.#replicas.compareDigest(at, state.applied, wallMs);
    }
  }

  #handle(what: Happening): void {
    switch (what.type) {
      case 'deliver':
      case 'written':
      case 'applied':
      case 'snapshot':
      case 'queried':
      case 'asked':
        return this.befall(what);
      case 'timer':
        if (what.life === what.member.life) this.#timer(what.member);
        return;
      case 'wake':
        if (what.life === what.member.life) this.#wake(what.member);
        return;
      case 'look':
        if (what.life === what.member.life) this.stalls.due(what.member);
        return;
      case 'restart':
        if (!this.isCalm) this.#restart(what.member);
        return;
      case 'client':
        return this.callers.turn(what.client);
      case 'patience':
        return this.callers.patience(what.place, what.attempt);
      case 'draw':
        return this.injector.draw(what.family);
      case 'restore':
        return this.injector.restore(what.links);
      case 'flap':
        return this.injector.flap(what.flap, what.left);
      default:
        unreachable(what);
    }
  }

  /** Something for one member: at once, later if it stalls, never if it has died since. */
  befall(what: Own): void {
    if (what.type === 'deliver') {
      const { from, to } = what.envelope;
      if (this.network.isCut(from, to) || this.#isForgotten(what)) return;
      const member = this.members[to] as SimMember;
      const inbox = this.#inboxOf(member);
      if (!member.up || inbox.length >= MAX_INBOX) return;
      if (member.stalledUntilUs > this.nowUs) inbox.push(what);
      else this.#receive(member, what.envelope);
      return;
    }
    const { life, member } = what;
    if (life !== member.life) return;
    if (what.type === 'written' && this.injector.beforeSend(member)) return;
    if (member.stalledUntilUs > this.nowUs) this.#inboxOf(member).push(what);
    else this.#complete(what);
  }

  #handleOwn(member: SimMember, own: Own): void {
    if (own.type === 'deliver') this.#receive(member, own.envelope);
    else this.#complete(own);
  }

  /** Its disk or its machine is done with something, or a client asks. */
  #complete(what: Exclude<Own, { type: 'deliver' }>): void {
    switch (what.type) {
      case 'written':
        return this.#written(what.member);
      case 'applied':
        return this.machines.applied(what.member, what.upTo, what.run);
      case 'snapshot':
        return this.snapshots.complete(what.member, what.work);
      case 'queried':
        return this.reads.queried(what.read as Read<C, R>, what.answer as R, what.applied);
      case 'asked':
        this.reads.ask(what.member, this.clients.calls[what.place]);
        return;
      default:
        unreachable(what);
    }
  }

  /** What was sent before the calm arrives within an election timeout of it, or never. */
  #isForgotten({ sentUs }: Extract<Own, { type: 'deliver' }>): boolean {
    const untilUs = this.#calmUs + this.plan.options.electionMinMs * 1000;
    return sentUs < this.#calmUs && this.nowUs > untilUs;
  }

  #inboxOf(member: SimMember): Own[] {
    const inbox = this.#inboxes.get(member) ?? [];
    this.#inboxes.set(member, inbox);
    return inbox;
  }

  #receive(member: SimMember, envelope: Letter): void {
    const { entries, incarnation, message } = envelope;
    const from = this.members[envelope.from]?.id ?? '';
    // Told at every turn, in truth; but that would be no news.
    if (member.isCreeping || member.isUntold) this.tellClocks(member);
    const event = { type: 'receive', from, incarnation, message, entries } as const;
    this.step(member, event, NO_OPS, envelope);
  }

  #written(member: SimMember): void {
    const { merged } = member.disk;
    const write = member.disk.complete();
    if (write === undefined) return;
    this.#witness?.written?.(member, merged);
    for (const envelope of member.release(write.write)) this.#send(envelope);
    const { lastIndex, lastTerm } = write;
    this.step(member, { type: 'written', write: write.write, lastIndex, lastTerm }, NO_OPS);
  }

  /** After a stall what has arrived is handled first, and only then what is overdue. */
  #wake(member: SimMember): void {
    if (member.stalledUntilUs > this.nowUs && !this.isCalm) return;
    member.stalledUntilUs = 0;
    const { life, state } = member;
    member.resume(this.nowUs);
    const nowMs = member.localMs(this.nowUs);
    const held = leaseUntil(state) > nowMs;
    const lateMs = nowMs - nextDeadline(state);
    const inbox = this.#inboxOf(member).splice(0);
    // A caller and the machine may come before the turn in which somebody looks at the clocks.
    const isTurn = ({ type }: Own) => type !== 'asked' && type !== 'queried';
    const turn = inbox.findIndex(isTurn);
    const early = inbox.splice(0, turn === -1 ? inbox.length : turn);
    for (const each of early) if (member.life === life) this.#handleOwn(member, each);
    if (member.life !== life) return;
    this.tellClocks(member);
    if (held && leaseUntil(state) <= nowMs) {
      this.mark('a suspended leader drops its lease');
    }
    for (const each of inbox) if (member.life === life) this.#handleOwn(member, each);
    if (member.life === life) this.stalls.woke(member, lateMs);
    if (member.life === life) this.#timer(member);
  }

  #timer(member: SimMember): void {
    if (member.stalledUntilUs > this.nowUs) return;
    if (member.timerUs <= this.nowUs) member.timerUs = Number.POSITIVE_INFINITY;
    this.tellClocks(member);
    if (nextDeadline(member.state) <= member.localMs(this.nowUs)) {
      this.step(member, { type: 'timeout' }, NO_OPS);
    } else {
      this.#arm(member);
    }
  }

  step(member: SimMember, event: RaftEvent, ops: readonly Op[], envelope?: Letter): void {
    const before = summarize(member.state);
    let effects: readonly Effect[] = [];
    try {
      effects = member.step(event, this.nowUs);
    } catch (error) {
      if (!isTurnedAway(error)) throw error;
      member.isRefused = true;
    } finally {
      const atMs = this.nowUs / 1000;
      this.#witness?.stepped?.({ event, member, effects, atMs, ops, envelope });
    }
    if (member.isRefused) return this.#turnAway(member);
    // Told at every turn, and mostly no news.
    if (event.type === 'clocks' && effects.length === 0) return;
    checkState(member.state);
    checkStep(before, member.state, effects);
    this.#watches.observe(before, event, member, effects);
    for (const effect of effects) this.#run(member, effect, event, ops, envelope);
    this.referee.afterStep(member, event, this.nowUs);
    const { commit, log, role, term } = member.state;
    if (role === 'leader') this.#leases.check(member, this.nowUs);
    this.stir(this.nowUs & 0xffffff);
    this.stir(term * 8191 + commit * 31 + log.last);
    this.#arm(member);
    this.snapshots.advance(member);
    this.machines.give(member);
    if (member.disk.start()) this.#planWrite(member);
    this.stalls.look(member);
    this.reads.check(member);
    if (role !== before.role && member.up) this.injector.afterRole(member);
  }

  /** It was told that it is another than the others know. Whoever runs it sees that. */
  #turnAway(member: SimMember): void {
    if (member.emptied > 0) this.mark('a wiped member greets and is refused');
    this.crash(member, false, false);
  }

  #run(
    member: SimMember,
    effect: Effect,
    event: RaftEvent,
    ops: readonly Op[],
    envelope: Letter | undefined,
  ): void {
    switch (effect.type) {
      case 'append': {
        const pauseMs = this.injector.longestPauseUs / 1000;
        this.#logTime.stamped(member, effect.timeMs, this.nowUs, pauseMs);
        return member.append(effect.from, effect.until, effect, ops);
      }
      case 'accept':
        if (event.type !== 'receive') return;
        return member.accept(
          effect.from,
          effect.until,
          event.message as Append,
          event.entries as readonly SimEntry[],
        );
      case 'write':
        return member.ask(effect);
      case 'send': {
        const letter = member.envelope(effect);
        if (letter !== undefined) this.#send(letter);
        return;
      }
      case 'read-index':
        return this.reads.grant(member, effect);
      case 'apply':
        return this.machines.told(member);
      case 'members':
      case 'role':
        return;
      default:
        return this.snapshots.run(member, effect, envelope);
    }
  }

  #send(letter: Letter): void {
    const envelope = this.snapshots.travel(letter);
    this.referee.leaves(envelope);
    this.#witness?.sent?.(envelope);
    for (const atUs of this.network.arrivals(envelope.from, envelope.to, this.nowUs)) {
      this.#heap.push(atUs, { type: 'deliver', envelope, sentUs: this.nowUs });
    }
  }

  #arm(member: SimMember): void {
    const deadline = nextDeadline(member.state);
    if (deadline === Number.POSITIVE_INFINITY) return;
    const atUs = Math.max(this.nowUs + 1, member.simulatedUs(deadline));
    if (member.timerUs <= atUs) return;
    member.timerUs = atUs;
    this.#heap.push(atUs, { type: 'timer', member, life: member.life });
  }

  #planWrite(member: SimMember): void {
    const { slow, slowMeanMs, writeMeanMs } = this.plan.disk;
    const draw = this.#draws[member.at] as Random;
    const isSlow = !this.isCalm && draw.chance(slow);
    const meanMs = isSlow ? slowMeanMs : writeMeanMs;
    const calmMs = this.plan.options.heartbeatMs / 20;
    const takesMs = this.isCalm ? calmMs : draw.exponential(meanMs);
    const { life } = member;
    if (this.injector.failsWrite(member)) return;
    this.schedule(Math.ceil(takesMs * 1000) + 1, { type: 'written', member, life });
  }

  #restart(member: SimMember): void {
    if (member.up || member.isRefused) return;
    member.restart(this.nowUs);
    if (member.log.length > member.state.commit) {
      this.mark('a member restarts with entries that are not committed');
    }
    this.machines.restarted(member);
    this.referee.restarted(member);
    this.#witness?.restarted?.(member, this.nowUs / 1000);
    this.#start(member);
  }

  #start(member: SimMember): void {
    this.tellClocks(member);
    this.step(member, { type: 'start' }, NO_OPS);
  }
}
