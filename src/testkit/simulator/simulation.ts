// One run: members, disks, network and clients on one heap of events in simulated time. Everything
// is decided by the plan's seed; nothing here looks at a real clock.
import { assert, unreachable } from '../../lib/assert.ts';
import {
  type Append,
  checkState,
  checkStep,
  type Effect,
  nextDeadline,
  type RaftEvent,
  summarize,
  type Write,
} from '../../raft/index.ts';
import { EventHeap } from './event-heap.ts';
import {
  type DrawnFamily,
  drawFault,
  drawnFamilies,
  type Fault,
  type Link,
  rateOf,
} from './faults.ts';
import { History } from './history.ts';
import type { Plan } from './plan.ts';
import { Referee } from './referee.ts';
import type { SimEntry } from './sim-disk.ts';
import { type Envelope, type Op, SimMember } from './sim-member.ts';
import { SimNetwork } from './sim-network.ts';
import { Stream } from './streams.ts';

type Happening =
  | { readonly type: 'deliver'; readonly envelope: Envelope }
  | { readonly type: 'written'; readonly member: SimMember; readonly life: number }
  | { readonly type: 'timer'; readonly member: SimMember; readonly life: number }
  | { readonly type: 'client'; readonly client: number }
  | { readonly type: 'restart'; readonly member: SimMember }
  | { readonly type: 'wake'; readonly member: SimMember; readonly life: number }
  | { readonly type: 'draw'; readonly family: DrawnFamily }
  | { readonly type: 'restore'; readonly links: readonly Link[] }
  | {
      readonly type: 'flap';
      readonly flap: Extract<Fault, { type: 'flap' }>;
      readonly left: number;
    };

/** Called after every step, with what happened and what came of it. */
export type Tracer = (
  event: RaftEvent,
  member: SimMember,
  effects: readonly Effect[],
  atMs: number,
) => void;

export interface SimulationOptions {
  /** Faults that do not happen, by their number in the order in which they would. */
  readonly suppressed?: ReadonlySet<number>;
  readonly tracer?: Tracer;
}

const FULL_CHECK_EVERY = 4096;
const MAX_INBOX = 1000;
const NO_OPS: readonly Op[] = [];

export class Simulation {
  readonly plan: Plan;
  readonly members: readonly SimMember[];
  readonly referee: Referee;
  readonly history: History = new History();
  /** Those that happened, with the time of each. */
  readonly faults: { readonly atUs: number; readonly number: number; readonly fault: Fault }[] = [];
  readonly marks: Map<string, number> = new Map<string, number>();
  nowUs: number = 0;
  events: number = 0;
  /** Changes with everything that happens: two equal runs have equal hashes. */
  hash: number = 0x811c9dc5;
  readonly #heap = new EventHeap<Happening>();
  readonly #network: SimNetwork;
  readonly #streams: Record<'disk' | 'aim' | 'clients' | 'faults', Stream>;
  readonly #suppressed: ReadonlySet<number>;
  #faultNumber = 0;
  readonly #tracer: Tracer | undefined;
  #calm = false;

  constructor(plan: Plan, options: SimulationOptions = {}) {
    this.plan = plan;
    this.#suppressed = options.suppressed ?? new Set();
    this.#tracer = options.tracer;
    const stream = (name: string) => new Stream(plan.seed, name);
    this.#streams = {
      disk: stream('disk'),
      aim: stream('aim'),
      clients: stream('clients'),
      faults: stream('faults'),
    };
    const clocks = stream('clocks');
    const ids = Array.from({ length: plan.members }, (_, at) => String.fromCharCode(97 + at));
    this.members = ids.map((_, at) => {
      const rate = 1 + plan.clock.rateSpread * (2 * clocks.unit() - 1);
      return new SimMember(at, ids, plan.options, rate);
    });
    this.#network = new SimNetwork(plan.network, plan.members, stream('network'));
    this.referee = new Referee(this.members);
    for (const member of this.members) this.#step(member, { type: 'start' }, NO_OPS);
    for (let client = 0; client < plan.workload.clients; client++) this.#planClient(client);
    for (const family of drawnFamilies) this.#planFault(family);
  }

  get calm(): boolean {
    return this.#calm;
  }

  mark(label: string): void {
    this.marks.set(label, (this.marks.get(label) ?? 0) + 1);
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
    this.#calm = true;
    this.#network.calmDown(this.plan.options.heartbeatMs * 100);
    for (const member of this.members) {
      if (dead.includes(member.at)) {
        if (member.up) member.crash(false);
      } else if (!member.up) {
        this.#restart(member);
      } else if (member.stalledUntilUs > this.nowUs) {
        this.#wake(member);
      }
    }
  }

  /** A client's command, to whoever leads; false when nobody does. */
  proposeAnywhere(): number {
    const leaders = this.members.filter(({ state, up }) => up && state.role === 'leader');
    const leader = leaders.sort((a, b) => b.state.term - a.state.term)[0];
    return leader === undefined ? 0 : this.#propose(leader, -1);
  }

  #handle(what: Happening): void {
    switch (what.type) {
      case 'deliver':
        return this.#deliver(what.envelope);
      case 'written':
        if (what.life === what.member.life) this.#written(what.member);
        return;
      case 'timer':
        if (what.life === what.member.life) this.#timer(what.member);
        return;
      case 'client':
        return this.#client(what.client);
      case 'restart':
        if (!what.member.up && !this.#calm) this.#restart(what.member);
        return;
      case 'wake':
        if (what.life === what.member.life) this.#wake(what.member);
        return;
      case 'draw':
        return this.#draw(what.family);
      case 'restore':
        if (!this.#calm) for (const [from, to] of what.links) this.#network.restore(from, to);
        return;
      case 'flap':
        return this.#flap(what.flap, what.left);
      default:
        unreachable(what);
    }
  }

  #deliver(envelope: Envelope): void {
    const member = this.members[envelope.to] as SimMember;
    if (!member.up || this.#network.isCut(envelope.from, envelope.to)) return;
    if (member.stalledUntilUs <= this.nowUs) this.#receive(member, envelope);
    else if (member.inbox.length < MAX_INBOX) member.inbox.push(envelope);
  }

  #receive(member: SimMember, { from, message, entries }: Envelope): void {
    const sender = this.members[from]?.id ?? '';
    this.#step(member, { type: 'receive', from: sender, message, entries }, NO_OPS);
  }

  #written(member: SimMember): void {
    const write = member.disk.complete();
    if (write === undefined) return;
    if (this.#aim(this.plan.aimed.crashBeforeSend)) {
      this.mark('crash between persist and send');
      this.#crashNow(member, true);
    } else if (member.stalledUntilUs > this.nowUs) {
      member.inbox.push(write);
    } else {
      this.#durable(member, write);
    }
  }

  #durable(member: SimMember, { write, lastIndex, lastTerm }: Write): void {
    for (const envelope of member.release(write)) this.#send(envelope);
    this.#step(member, { type: 'written', write, lastIndex, lastTerm }, NO_OPS);
  }

  /** After a stall what has arrived is handled first, and only then what is overdue. */
  #wake(member: SimMember): void {
    if (member.stalledUntilUs > this.nowUs && !this.#calm) return;
    member.stalledUntilUs = 0;
    const inbox = member.inbox;
    member.inbox = [];
    const { life } = member;
    for (const each of inbox) {
      if (member.life !== life) return;
      if ('message' in each) this.#receive(member, each);
      else this.#durable(member, each);
    }
    if (member.life === life) this.#timer(member);
  }

  #timer(member: SimMember): void {
    if (member.stalledUntilUs > this.nowUs) return;
    if (member.timerUs <= this.nowUs) member.timerUs = Number.POSITIVE_INFINITY;
    if (nextDeadline(member.state) <= member.localMs(this.nowUs)) {
      this.#step(member, { type: 'timeout' }, NO_OPS);
    } else {
      this.#arm(member);
    }
  }

  #client(client: number): void {
    const { workload } = this.plan;
    const draw = this.#streams.clients;
    const up = this.members.filter((member) => member.up && member.stalledUntilUs <= this.nowUs);
    const leaders = up.filter(({ state }) => state.role === 'leader');
    const pool = leaders.length === 0 || draw.chance(workload.blind) ? up : leaders;
    if (pool.length > 0 && !this.#calm) this.#propose(draw.pick(pool), client);
    this.#planClient(client);
  }

  /** The serial of the operation; 0 when the member does not take it. */
  #propose(member: SimMember, client: number): number {
    if (member.state.role !== 'leader') return 0;
    const size = this.#streams.clients.integer(0, this.plan.workload.maxBodyBytes);
    const before = member.state.log.last;
    const { serial } = this.history.call(client, this.nowUs);
    const event = { type: 'propose', bodies: [{ length: size }], wallMs: 0 } as const;
    this.#step(member, event, [{ serial, size }]);
    const taken = member.state.log.last > before;
    if (taken && this.#aim(this.plan.aimed.crashAfterAppend)) {
      this.mark('crash of a leader after append');
      this.#crashNow(member, this.#streams.aim.chance(0.5));
    } else if (taken && this.#aim(this.plan.aimed.stallLeader)) {
      this.mark('stall of a leader');
      const forUs = Math.ceil(this.plan.options.electionMaxMs * 1500);
      this.#fault({ type: 'stall', member: member.at, forUs });
    }
    return taken ? serial : 0;
  }

  #step(member: SimMember, event: RaftEvent, ops: readonly Op[]): void {
    const before = summarize(member.state);
    const effects = member.step(event, this.nowUs);
    checkState(member.state);
    checkStep(before, member.state, effects);
    this.#tracer?.(event, member, effects, this.nowUs / 1000);
    for (const effect of effects) this.#run(member, effect, event, ops);
    this.referee.afterStep(member);
    const { commit, log, term } = member.state;
    this.hash = Math.imul(this.hash ^ (this.nowUs & 0xffffff), 0x01000193);
    this.hash = Math.imul(this.hash ^ (term * 8191 + commit * 31 + log.last), 0x01000193) >>> 0;
    this.#arm(member);
    const changed = member.state.role !== before.role;
    if (member.disk.start()) this.#planWrite(member);
    if (changed && member.up) this.#aimAtRole(member);
  }

  #run(member: SimMember, effect: Effect, event: RaftEvent, ops: readonly Op[]): void {
    switch (effect.type) {
      case 'append':
        return member.append(effect.from, effect.until, effect, ops);
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
        const envelope = member.envelope(effect);
        if (envelope !== undefined) this.#send(envelope);
        return;
      }
      case 'apply':
        return this.#apply(member, effect.upTo);
      case 'role':
        return;
      default:
        unreachable(effect);
    }
  }

  #apply(member: SimMember, upTo: number): void {
    for (let index = member.state.applied + 1; index <= upTo; index++) {
      const entry = member.log[index - 1];
      assert(entry !== undefined, `applied entry ${index} is in the log`);
      const own = member.state.role === 'leader' && entry.term === member.state.term;
      if (!own || entry.serial === 0) continue;
      this.referee.acknowledged(index, entry);
      this.history.acknowledge(entry.serial, index, this.nowUs);
    }
    member.state.applied = upTo;
  }

  #send(envelope: Envelope): void {
    this.referee.leaves(envelope);
    if (envelope.message.type === 'vote-reply' && envelope.message.granted) {
      this.mark('a vote is granted');
    }
    for (const atUs of this.#network.arrivals(envelope.from, envelope.to, this.nowUs)) {
      this.#heap.push(atUs, { type: 'deliver', envelope });
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
    const { failure, slow, slowMeanMs, writeMeanMs } = this.plan.disk;
    const draw = this.#streams.disk;
    const isSlow = !this.#calm && draw.chance(slow);
    const meanMs = isSlow ? slowMeanMs : writeMeanMs;
    const takesMs = this.#calm ? this.plan.options.heartbeatMs / 20 : draw.exponential(meanMs);
    const { life } = member;
    if (!this.#calm && draw.chance(failure)) {
      this.mark('a write fails');
      this.#crashNow(member, draw.chance(0.5));
      return;
    }
    this.#heap.push(this.nowUs + Math.ceil(takesMs * 1000) + 1, { type: 'written', member, life });
  }

  #planClient(client: number): void {
    const { thinkMeanMs } = this.plan.workload;
    const thinkUs = Math.ceil(this.#streams.clients.exponential(thinkMeanMs) * 1000);
    this.#heap.push(this.nowUs + thinkUs + 1, { type: 'client', client });
  }

  #planFault(family: DrawnFamily): void {
    const rate = rateOf(this.plan, family);
    if (rate === 0 || this.#calm) return;
    const inUs = Math.ceil(this.#streams.faults.exponential(1e6 / rate)) + 1;
    this.#heap.push(this.nowUs + inUs, { type: 'draw', family });
  }

  #draw(family: DrawnFamily): void {
    if (this.#calm) return;
    const leaders = this.members.filter(({ state, up }) => up && state.role === 'leader');
    const places = leaders.map(({ at }) => at);
    this.#fault(drawFault(this.plan, family, this.#streams.faults, places));
    this.#planFault(family);
  }

  #aim(chance: number): boolean {
    return !this.#calm && chance > 0 && this.#streams.aim.chance(chance);
  }

  #aimAtRole(member: SimMember): void {
    const { cutNewLeader, crashAfterVote } = this.plan.aimed;
    if (member.state.role === 'leader' && this.#aim(cutNewLeader)) {
      this.mark('a new leader is cut off from a quorum');
      const others = this.members.filter(({ at }) => at !== member.at).map(({ at }) => at);
      const some = this.#streams.aim.shuffle(others).slice(0, Math.ceil(this.members.length / 2));
      const links = some.flatMap((at): Link[] => [
        [member.at, at],
        [at, member.at],
      ]);
      this.#fault({ type: 'cut', links, forUs: Math.ceil(this.plan.options.electionMaxMs * 3000) });
    } else if (member.state.role === 'candidate' && this.#aim(crashAfterVote)) {
      this.mark('crash of a candidate');
      this.#crashNow(member, this.#streams.aim.chance(0.5));
    }
  }

  #crashNow(member: SimMember, keepWrite: boolean): void {
    const meanUs = this.plan.process.downMeanMs * 1000;
    const downUs = Math.ceil(this.#streams.aim.exponential(meanUs)) + 1;
    this.#fault({ type: 'crash', members: [member.at], downUs, keepWrite });
  }

  #fault(fault: Fault): void {
    const number = this.#faultNumber++;
    if (this.#suppressed.has(number)) return;
    this.faults.push({ atUs: this.nowUs, number, fault });
    this.hash = Math.imul(this.hash ^ number, 0x01000193) >>> 0;
    switch (fault.type) {
      case 'crash':
        for (const at of fault.members) this.#crash(this.members[at] as SimMember, fault);
        return;
      case 'stall': {
        const member = this.members[fault.member] as SimMember;
        if (!member.up) return;
        member.stalledUntilUs = this.nowUs + fault.forUs;
        this.#heap.push(member.stalledUntilUs, { type: 'wake', member, life: member.life });
        return;
      }
      case 'cut':
        for (const [from, to] of fault.links) this.#network.cut(from, to);
        this.#heap.push(this.nowUs + fault.forUs, { type: 'restore', links: fault.links });
        return;
      case 'flap':
        return this.#flap(fault, fault.times);
      case 'clog':
        return this.#network.clog(...fault.link, this.nowUs + fault.forUs);
      default:
        unreachable(fault);
    }
  }

  #flap(flap: Extract<Fault, { type: 'flap' }>, left: number): void {
    if (this.#calm || left === 0) return;
    this.#network.cut(...flap.link);
    const { link, periodUs } = flap;
    this.#heap.push(this.nowUs + Math.ceil(periodUs / 2), { type: 'restore', links: [link] });
    this.#heap.push(this.nowUs + periodUs, { type: 'flap', flap, left: left - 1 });
  }

  #crash(member: SimMember, { downUs, keepWrite }: { downUs: number; keepWrite: boolean }): void {
    if (!member.up) return;
    member.crash(keepWrite);
    this.#heap.push(this.nowUs + downUs, { type: 'restart', member });
  }

  #restart(member: SimMember): void {
    member.restart(this.nowUs);
    this.referee.restarted(member);
    this.#step(member, { type: 'start' }, NO_OPS);
  }
}
