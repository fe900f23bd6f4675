// What clients do, turn by turn: whom they ask, when they ask again, and when they give up.
import type { RaftEvent } from '../../raft/index.ts';
import type { Call, Clients } from './clients.ts';
import type { Happening, Own } from './happening.ts';
import type { Injector } from './injector.ts';
import type { Plan } from './plan.ts';
import { Random } from './random.ts';
import type { Op, SimMember } from './sim-member.ts';

/** What clients have at hand. */
export interface CallSite {
  readonly plan: Plan;
  readonly members: readonly SimMember[];
  readonly nowUs: number;
  readonly isCalm: boolean;
  schedule(inUs: number, what: Happening): void;
  step(member: SimMember, event: RaftEvent, ops: readonly Op[]): void;
  /** Something happens to a member, now or once it wakes. */
  befall(what: Own): void;
  /** Lets a number take part in the hash of the run. */
  stir(value: number): void;
}

export class Callers<C, R> {
  readonly #site: CallSite;
  readonly #clients: Clients<C, R>;
  readonly #injector: Injector;
  /** One for each client. */
  readonly #draws: readonly Random[];
  #last: Call<C, R> | undefined;

  constructor(site: CallSite, clients: Clients<C, R>, injector: Injector) {
    const { seed, workload } = site.plan;
    this.#site = site;
    this.#clients = clients;
    this.#injector = injector;
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
    const { draw, place } = call;
    call.attempts++;
    const member = this.#readerFor(draw);
    if (member !== undefined) {
      // One that stalls finds it when it wakes.
      this.#site.befall({ type: 'asked', member, life: member.life, place });
    } else if (!this.#clients.mayRetry(call)) {
      return this.#clients.giveUp(call);
    }
    if (call.state === 'open') this.#planPatience(call);
  }

  /** Where two lead, the old one that does not know it yet is asked above all. */
  #readerFor(draw: Random): SimMember | undefined {
    const up = this.#site.members.filter((member) => member.up);
    const leaders = up.filter(({ state }) => state.role === 'leader');
    leaders.sort((one, other) => one.state.term - other.state.term);
    const share = leaders.length > 1 ? 0.8 : 0.4;
    if (leaders.length > 0 && draw.chance(share)) return leaders[0];
    return up.length === 0 ? undefined : draw.pick(up);
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
