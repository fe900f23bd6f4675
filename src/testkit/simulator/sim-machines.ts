// What the members' machines are given: committed entries in their order, and snapshots in their
// place. A machine takes its time, and one run of entries after the other.
import { assert } from '../../lib/assert.ts';
import type { RaftEvent } from '../../raft/index.ts';
import type { Clients } from './clients.ts';
import type { Happening } from './happening.ts';
import type { Plan } from './plan.ts';
import { Random } from './random.ts';
import type { Referee } from './referee.ts';
import type { Replicas } from './replicas.ts';
import { show } from './show.ts';
import type { SimEntry } from './sim-entry.ts';
import type { Op, SimMember } from './sim-member.ts';
import type { KeptSnapshot } from './sim-snapshot.ts';

/** What they are part of. */
export interface MachineSite<C, R> {
  readonly plan: Plan;
  readonly members: readonly SimMember[];
  readonly nowUs: number;
  readonly isCalm: boolean;
  readonly clients: Clients<C, R>;
  readonly referee: Referee;
  schedule(inUs: number, what: Happening): void;
  step(member: SimMember, event: RaftEvent, ops: readonly Op[]): void;
  stirText(text: string): void;
}

export class SimMachines<C, R, M> {
  readonly #site: MachineSite<C, R>;
  readonly #replicas: Replicas<C, R, M>;
  /** One for each member. */
  readonly #draws: readonly Random[];

  constructor(site: MachineSite<C, R>, replicas: Replicas<C, R, M>) {
    this.#site = site;
    this.#replicas = replicas;
    this.#draws = site.members.map(({ at }) => new Random(site.plan.seed, `machine ${at}`));
  }

  /** It may apply more than before. */
  told({ id, state }: SimMember): void {
    const isInPlace = state.snapshots.installing === undefined;
    assert(isInPlace, `${id} applies what follows a snapshot after it has taken that in`);
  }

  /** After every step: it is given what it may apply. */
  give(member: SimMember): void {
    const { applied, applying, snapshots } = member.state;
    if (member.isApplying || applied === applying) return;
    const { installing, restoring } = snapshots;
    if (installing !== undefined || restoring !== undefined) return;
    const isThere = applied >= member.state.log.base.index;
    assert(isThere, `entry ${applied + 1}, which ${member.id} applies, is in the log`);
    const { isCalm, plan } = this.#site;
    const { applyMeanMs } = plan.workload;
    const { life, run } = member;
    if (applyMeanMs === 0 || isCalm) return this.applied(member, applying, run);
    member.isApplying = true;
    const draw = this.#draws[member.at] as Random;
    const inUs = Math.ceil(draw.exponential(applyMeanMs) * 1000) + 1;
    this.#site.schedule(inUs, { type: 'applied', member, life, upTo: applying, run });
  }

  applied(member: SimMember, upTo: number, run: number): void {
    if (run !== member.run) return;
    const { log, state } = member;
    for (let index = state.applied + 1; index <= upTo; index++) {
      const entry = log[index - 1];
      assert(entry !== undefined, `applied entry ${index} is in the log`);
      this.#site.referee.applies(member, index, entry);
      this.#apply(member, index, entry);
    }
    member.isApplying = false;
    this.#site.step(member, { type: 'applied', index: upTo }, []);
  }

  /** Everything in memory is gone. */
  restarted(member: SimMember): void {
    this.#replicas.restart(member.at, member.wallMs(this.#site.nowUs));
    if (member.isBad) this.#replicas.distrust(member.at, true);
  }

  /** What it is busy with does not count any more: another state is about to take its place. */
  interrupt(member: SimMember): void {
    member.run++;
    member.isApplying = false;
  }

  /** It is what another machine was when the snapshot was taken. */
  restore(member: SimMember, { isBad, snapshot }: KeptSnapshot): void {
    const { at } = member;
    const wallMs = member.wallMs(this.#site.nowUs);
    this.#replicas.restart(at, wallMs);
    this.#replicas.distrust(at, isBad);
    member.isBad = isBad;
    member.machine = 0;
    for (const [place, entry] of snapshot.prefix.entries()) this.#tell(member, place + 1, entry);
    this.#replicas.compareDigest(at, snapshot.head.index, wallMs);
  }

  /** From now on it says what others do not say. */
  spoil(member: SimMember): void {
    member.isBad = true;
    this.#replicas.distrust(member.at, true);
  }

  #apply(member: SimMember, index: number, entry: SimEntry): void {
    const result = this.#tell(member, index, entry);
    const { state } = member;
    const { serial, term } = entry;
    if (serial === 0 || state.role !== 'leader' || term !== state.term) return;
    const { clients, nowUs, referee } = this.#site;
    referee.acknowledged(index, entry);
    clients.answer(serial, index, result as R, nowUs);
    this.#site.stirText(show(result));
  }

  #tell(member: SimMember, index: number, entry: SimEntry): R | undefined {
    const { at, id } = member;
    const isNext = index === member.machine + 1;
    assert(isNext, `the machine of ${id}, which is at ${member.machine}, is given entry ${index}`);
    member.machine = index;
    const { serial, term, timeMs } = entry;
    if (serial === 0) return undefined;
    const { clients, nowUs } = this.#site;
    const body = clients.bodyOf(serial);
    return this.#replicas.apply(at, { index, term, timeMs, body }, member.wallMs(nowUs));
  }
}
