// What clients do, turn by turn: whom they ask, when they ask again, and when they give up.
import type { RaftEvent } from '../../raft/index.ts';
import type { Call, Clients } from './clients.ts';
import type { Happening } from './happening.ts';
import type { Injector } from './injector.ts';
import type { Plan } from './plan.ts';
import { Random } from './random.ts';
import type { Op, SimMember } from './sim-member.ts';
import type { SimReads } from './sim-reads.ts';

/** What clients have at hand. */
export interface CallSite {
  readonly plan: Plan;
  readonly members: readonly SimMember[];
  readonly nowUs: number;
  readonly isCalm: boolean;
  schedule(inUs: number, what: Happening): void;
  step(member: SimMember, event: RaftEvent, ops: readonly Op[]): void;
  /** Lets a number take part in the hash of the run. */
  stir(value: number): void;
}

export class Callers<C, R> {
  readonly #site: CallSite;
  readonly #clients: Clients<C, R>;
  readonly #injector: Injector;
  readonly #reads: SimReads<C, R>;
  /** One for each client. */
  readonly #draws: readonly Random[];
  #last: Call<C, R> | undefined;

  constructor(site: CallSite, clients: Clients<C, R>, injector: Injector, reads: SimReads<C, R>) {
    const { seed, workload } = site.plan;
    this.#site = site;
    this.#clients = clients;
    this.#injector = injector;
    this.#reads = reads;
    const each = Array.from({ length: workload.clients }, (_, client) => client);
    this.#draws = each.map((client) => new Random(seed, `client ${client}`));
  }

  begin(): void {
    for (const client of this.#draws.keys()) this.#planTurn(client);
  }

  /** The client's next turn. */
  turn(client: number): void {
    if (this.#site.isCalm) return;
    this.#planTurn(client);
    const call = this.#clients.next(client, this.#site.nowUs);
    if (call !== undefined) this.#try(call);
  }

  /** Has that attempt been answered by now? */
  patience(place: number, attempt: number): void {
    const call = this.#clients.calls[place];
    if (call === undefined || call.state !== 'open' || call.attempts !== attempt) return;
    if (this.#clients.mayRetry(call)) this.#try(call);
    else this.#clients.giveUp(call);
  }

  /** One more call of a client, to this leader; false when it does not take it. */
  proposeLast(leader: SimMember): boolean {
    // One that was taken may yet be applied: only clients that ask again do so.
    const last = this.#last;
    const isAgain = last !== undefined && this.#clients.mayRepeat(last);
    const call = isAgain ? last : this.#clients.last(this.#site.nowUs);
    this.#last = call;
    return this.#propose(leader, call);
  }

  /** Asks one member; a client that hopes for an answer looks at the clock, too. */
  #try(call: Call<C, R>): void {
    if (call.read !== undefined) return this.#read(call);
    const { members, nowUs, plan } = this.#site;
    const { blind } = plan.workload;
    const { draw } = call;
    const up = members.filter((member) => member.up && member.stalledUntilUs <= nowUs);
    const leaders = up.filter(({ state }) => state.role === 'leader');
    const pool = leaders.length === 0 || draw.chance(blind) ? up : leaders;
    const isTaken = pool.length > 0 && this.#propose(draw.pick(pool), call);
    if (!isTaken && !this.#clients.mayRetry(call)) return this.#clients.giveUp(call);
    this.#planPatience(call);
  }

  /** Of any member, also of one that is cut off, and of one that only learns. */
  #read(call: Call<C, R>): void {
    const { members, nowUs } = this.#site;
    const { draw } = call;
    const up = members.filter((member) => member.up && member.stalledUntilUs <= nowUs);
    const leaders = up.filter(({ state }) => state.role === 'leader');
    call.attempts++;
    const pool = leaders.length > 0 && draw.chance(0.4) ? leaders : up;
    if (pool.length > 0) this.#reads.ask(draw.pick(pool), call);
    else if (!this.#clients.mayRetry(call)) return this.#clients.giveUp(call);
    if (call.state === 'open') this.#planPatience(call);
  }

  /** True if the member is a leader that puts it into its log. */
  #propose(member: SimMember, call: Call<C, R>): boolean {
    const { nowUs, plan } = this.#site;
    const serial = this.#clients.attempt(call, nowUs);
    if (member.state.role !== 'leader') return false;
    const padding = call.draw.integer(0, plan.workload.maxPaddingBytes);
    const size = call.body.length + padding;
    const before = member.state.log.last;
    const wallMs = member.wallMs(nowUs);
    const ops = [{ serial, size, call: call.id }];
    this.#clients.taken(serial);
    this.#site.step(member, { type: 'propose', bodies: [{ length: size }], wallMs }, ops);
    if (member.up && member.state.log.last === before) {
      this.#clients.refused(serial);
      return false;
    }
    for (const byte of call.body) this.#site.stir(byte);
    this.#injector.afterAppend(member);
    return true;
  }

  #planPatience({ attempts: attempt, place }: Call<C, R>): void {
    if (this.#clients.isPatient) return;
    const inUs = Math.ceil(this.#site.plan.workload.patienceMs * 1000);
    this.#site.schedule(inUs, { type: 'patience', place, attempt });
  }

  #planTurn(client: number): void {
    const { thinkMeanMs } = this.#site.plan.workload;
    const draw = this.#draws[client] as Random;
    const thinkUs = Math.ceil(draw.exponential(thinkMeanMs) * 1000);
    this.#site.schedule(thinkUs + 1, { type: 'client', client });
  }
}
