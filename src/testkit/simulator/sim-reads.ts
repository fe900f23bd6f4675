// Reads, from the call to the answer, as the runtime has them: the core says how far a machine must
// have come, the machine is asked then, and a lease is looked at once more at the very end.
import { assert } from '../../lib/assert.ts';
import {
  doClocksAgree,
  holdsLease,
  isFresh,
  type RaftEvent,
  type ReadIndex,
} from '../../raft/index.ts';
import type { Call, Clients } from './clients.ts';
import type { Happening } from './happening.ts';
import type { Mark } from './mark-labels.ts';
import type { Plan } from './plan.ts';
import { Random } from './random.ts';
import type { Read, ReadOracle } from './read-oracle.ts';
import type { Op, SimMember } from './sim-member.ts';

/** What reads happen to. */
export interface ReadSite<C, R> {
  readonly plan: Plan;
  readonly members: readonly SimMember[];
  readonly nowUs: number;
  readonly isCalm: boolean;
  readonly clients: Clients<C, R>;
  readonly oracle: ReadOracle;
  schedule(inUs: number, what: Happening): void;
  step(member: SimMember, event: RaftEvent, ops: readonly Op[]): void;
  tellClocks(member: SimMember): void;
  query(member: SimMember, command: C): R;
  /** A machine begins to answer: a good moment for something to happen. */
  duringQuery(member: SimMember): void;
  mark(label: Mark): void;
}

/** The reads of one member in one life. */
interface Desk<C, R> {
  readonly life: number;
  issued: number;
  told: number;
  /** They wait for an index, in the order of their numbers. */
  asked: Read<C, R>[];
  /** They wait for the machine to come to one. */
  awaited: Read<C, R>[];
}

export class SimReads<C, R> {
  readonly #site: ReadSite<C, R>;
  readonly #desks = new Map<SimMember, Desk<C, R>>();
  /** One for each member. */
  readonly #draws: readonly Random[];

  constructor(site: ReadSite<C, R>) {
    this.#site = site;
    this.#draws = site.members.map(({ at }) => new Random(site.plan.seed, `query ${at}`));
  }

  /** A client asks a member that is up and awake; without a call it is only a trial. */
  ask(member: SimMember, call: Call<C, R> | undefined): Read<C, R> {
    const { nowUs, oracle } = this.#site;
    const { life, state } = member;
    const want = call?.read ?? { level: 'linearizable', amount: 0 };
    const floor = oracle.floorOf(member, want, nowUs);
    const none = { number: 0, index: 0, isByLease: false, isAnswered: false };
    const read: Read<C, R> = { member, life, call, floor, ...none };
    const desk = this.#deskOf(member);
    switch (want.level) {
      case 'local':
        this.#answer(read);
        break;
      case 'linearizable':
        issue(desk, read);
        break;
      case 'at-least':
        read.index = Math.max(0, state.applied + want.amount);
        this.#await(desk, read);
        break;
      case 'lease':
        this.#beginLease(desk, read);
        break;
      case 'fresh':
        this.#beginFresh(desk, read, want.amount);
        break;
      default:
        want.level satisfies never;
    }
    this.#tell(member);
    return read;
  }

  /** The core says how far the machine must have come. */
  grant(member: SimMember, { index, upTo }: ReadIndex): void {
    const desk = this.#deskOf(member);
    while ((desk.asked[0]?.number ?? Number.POSITIVE_INFINITY) <= upTo) {
      const read = desk.asked.shift() as Read<C, R>;
      read.index = index;
      desk.awaited.push(read);
    }
  }

  /** After every step of a member: answers what its machine has come far enough for. */
  check(member: SimMember): void {
    const desk = this.#desks.get(member);
    if (desk === undefined || desk.life !== member.life || desk.awaited.length === 0) return;
    const { applied } = member.state;
    const due = desk.awaited.filter(({ index }) => index <= applied);
    if (due.length === 0) return;
    desk.awaited = desk.awaited.filter(({ index }) => index > applied);
    for (const read of due) if (desk.life === member.life) this.#answer(read);
    this.#tell(member);
  }

  /** Does anybody wait for an index there? */
  isAsked(member: SimMember): boolean {
    const desk = this.#desks.get(member);
    return desk !== undefined && desk.life === member.life && desk.asked.length > 0;
  }

  /** The machine has answered: by now another may lead. */
  queried(read: Read<C, R>, answer: R | undefined, applied: number): void {
    const { clients, nowUs, oracle } = this.#site;
    const { call, floor, member } = read;
    if (call !== undefined && call.state !== 'open') return;
    if (read.isByLease && !this.#holdsLease(member)) {
      read.isByLease = false;
      this.#site.mark('a lease read falls back at the end');
      issue(this.#deskOf(member), read);
      return this.#tell(member);
    }
    if (read.isByLease) this.#site.mark('a lease read succeeds');
    const isJudged = !read.isByLease || oracle.isJudged(member, nowUs);
    if (isJudged) {
      const least = read.number > 0 ? floor.now : floor.least;
      const what = call?.read?.level ?? 'linearizable';
      assert(applied >= least, `a read (${what}) at ${member.id} shows ${applied}, not ${least}`);
    }
    read.isAnswered = true;
    if (call === undefined) return;
    const isExact = call.read?.level === 'linearizable' || call.read?.level === 'lease';
    clients.answerRead(call, answer as R, nowUs, isExact && isJudged);
  }

  #beginLease(desk: Desk<C, R>, read: Read<C, R>): void {
    if (!this.#holdsLease(read.member)) return issue(desk, read);
    read.isByLease = true;
    read.index = read.member.state.commit;
    this.#await(desk, read);
  }

  #beginFresh(desk: Desk<C, R>, read: Read<C, R>, maxMs: number): void {
    const { member } = read;
    const { state } = member;
    const { nowUs } = this.#site;
    const nowMs = member.localMs(nowUs);
    if (!doClocksAgree(state, nowMs, member.wallMs(nowUs)) || !isFresh(state, maxMs, nowMs)) {
      return issue(desk, read);
    }
    this.#site.mark('a stale read is answered without asking');
    // The next ones should not have to wait, either.
    const isAsking = desk.issued > desk.told || state.reading.wanted > state.reading.granted;
    if (!isAsking && !isFresh(state, maxMs / 2, nowMs)) desk.issued++;
    this.#answer(read);
  }

  #await(desk: Desk<C, R>, read: Read<C, R>): void {
    if (read.member.state.applied >= read.index) this.#answer(read);
    else desk.awaited.push(read);
  }

  #answer(read: Read<C, R>): void {
    const { call, member } = read;
    if (call !== undefined && call.state !== 'open') return;
    const { applied } = member.state;
    const answer = call === undefined ? undefined : this.#site.query(member, call.command);
    const { queryMeanMs } = this.#site.plan.workload;
    if (queryMeanMs === 0 || this.#site.isCalm) return this.queried(read, answer, applied);
    const draw = this.#draws[member.at] as Random;
    const inUs = Math.ceil(draw.exponential(queryMeanMs) * 1000) + 1;
    const { life } = member;
    this.#site.schedule(inUs, { type: 'queried', member, life, read, answer, applied });
    if (read.isByLease) this.#site.duringQuery(member);
  }

  /** Once a turn: what the core has not been told of. */
  #tell(member: SimMember): void {
    const desk = this.#deskOf(member);
    if (desk.life !== member.life || desk.issued === desk.told) return;
    desk.told = desk.issued;
    this.#site.tellClocks(member);
    this.#site.step(member, { type: 'read', upTo: desk.told }, []);
  }

  #holdsLease(member: SimMember): boolean {
    const { nowUs } = this.#site;
    return holdsLease(member.state, member.localMs(nowUs), member.wallMs(nowUs));
  }

  #deskOf(member: SimMember): Desk<C, R> {
    const known = this.#desks.get(member);
    if (known?.life === member.life) return known;
    const { life } = member;
    const desk: Desk<C, R> = { life, issued: 0, told: 0, asked: [], awaited: [] };
    this.#desks.set(member, desk);
    return desk;
  }
}

function issue<C, R>(desk: Desk<C, R>, read: Read<C, R>): void {
  read.number = ++desk.issued;
  desk.asked.push(read);
}
