// Snapshots as a driver has them: taken of the machine, stored bit by bit, kept once they are
// whole, pruned. All of it takes its time, and anything may happen meanwhile.
import { assert, unreachable } from '../../lib/assert.ts';
import type { Effect, RaftEvent, SnapshotHead } from '../../raft/index.ts';
import type { Happening } from './happening.ts';
import type { Mark } from './mark-labels.ts';
import type { Plan } from './plan.ts';
import { Random } from './random.ts';
import type { Referee } from './referee.ts';
import type { Letter, Op, SimMember } from './sim-member.ts';
import type { KeptSnapshot, Piece, SimSnapshot, SnapshotWork } from './sim-snapshot.ts';

export type SnapshotEffect = Extract<
  Effect,
  {
    type:
      | 'take-snapshot'
      | 'receive-snapshot'
      | 'store-chunk'
      | 'keep-snapshot'
      | 'prune-snapshots'
      | 'restore';
  }
>;

/** What snapshots happen to. */
export interface SnapshotSite {
  readonly plan: Plan;
  readonly members: readonly SimMember[];
  readonly nowUs: number;
  readonly isCalm: boolean;
  readonly referee: Referee;
  readonly machines: {
    interrupt(member: SimMember): void;
    restore(member: SimMember, kept: KeptSnapshot): void;
    spoil(member: SimMember): void;
  };
  readonly injector: {
    failsSave(member: SimMember): boolean;
    beforeReset(member: SimMember): void;
  };
  schedule(inUs: number, what: Happening): void;
  step(member: SimMember, event: RaftEvent, ops: readonly Op[]): void;
  mark(label: Mark): void;
}

/** What one member is doing in one life. */
interface Desk {
  readonly life: number;
  /** The core wants one, as soon as the machine is at rest. */
  isAsked: boolean;
  /** It is being made durable. */
  saving: KeptSnapshot | undefined;
  /** The machine is being put there. */
  restoring: KeptSnapshot | undefined;
  /** Which of all receptions is the current one. */
  visit: number;
  /** Until then its disk is busy with chunks, which are stored in their order. */
  busyUntilUs: number;
}

const NO_OPS: readonly Op[] = [];

export class SimSnapshots {
  readonly #site: SnapshotSite;
  readonly #desks = new Map<SimMember, Desk>();
  /** One for each member, and one for what happens on the way. */
  readonly #draws: readonly Random[];
  readonly #way: Random;
  #taken = 0;
  /** By place: how often a machine was put to where somebody else's was. */
  readonly installs: number[] = [];

  constructor(site: SnapshotSite) {
    const { members, plan } = site;
    this.#site = site;
    this.#draws = members.map(({ at }) => new Random(plan.seed, `snapshots ${at}`));
    this.#way = new Random(plan.seed, 'chunks');
  }

  run(member: SimMember, effect: SnapshotEffect, letter: Letter | undefined): void {
    const desk = this.#deskOf(member);
    switch (effect.type) {
      case 'take-snapshot':
        desk.isAsked = true;
        return;
      case 'receive-snapshot':
        return this.#open(member, desk, effect.head, letter?.piece);
      case 'store-chunk':
        return this.#store(member, desk, effect.id, letter);
      case 'keep-snapshot': {
        const { visit } = desk;
        return this.#afterChunks(member, desk, { kind: 'kept', visit });
      }
      case 'prune-snapshots':
        return this.#prune(member, desk, effect.keep);
      case 'restore':
        return this.#restore(member, desk, effect.head);
      default:
        unreachable(effect);
    }
  }

  /** At the end of a step: the machine may be at rest. */
  advance(member: SimMember): void {
    const desk = this.#desks.get(member);
    if (desk === undefined || desk.life !== member.life || !desk.isAsked) return;
    if (member.isApplying || desk.restoring !== undefined) return;
    desk.isAsked = false;
    this.#take(member, desk);
  }

  complete(member: SimMember, work: SnapshotWork): void {
    const desk = this.#deskOf(member);
    switch (work.kind) {
      case 'given-up': {
        const machineDurable = Number.POSITIVE_INFINITY;
        return this.#tell(member, { type: 'snapshot-taken', head: undefined, machineDurable });
      }
      case 'saved':
        return this.#saved(member, desk, work.kept, work.machineDurable);
      case 'opened':
        if (work.visit === desk.visit) this.#progress(member);
        return;
      case 'stored':
        if (work.visit === desk.visit) this.#stored(member, work.piece, work.from, work.until);
        return;
      case 'kept':
        if (work.visit === desk.visit) this.#kept(member, desk);
        return;
      case 'restored':
        if (work.run === member.run) this.#restored(member, desk, work.kept);
        return;
      default:
        unreachable(work);
    }
  }

  /** On its way something may happen to what a message carries. */
  travel(letter: Letter): Letter {
    const { piece } = letter;
    const { isCalm, plan } = this.#site;
    if (piece === undefined || isCalm || !this.#way.chance(plan.snapshots.damage)) return letter;
    return { ...letter, piece: { ...piece, isDamaged: true } };
  }

  /** Not every disk has in the end what it was given in part. */
  crashed({ disk }: SimMember): void {
    if (this.#site.plan.snapshots.resume === 0) disk.reception = undefined;
  }

  /** Its machine, and all that was taken of it, is found to be another than those of others. */
  spoil(member: SimMember): void {
    const desk = this.#deskOf(member);
    const { disk, state } = member;
    this.#site.machines.spoil(member);
    for (const kept of disk.snapshots.values()) kept.isBad = true;
    if (desk.saving !== undefined) desk.saving.isBad = true;
    if (desk.restoring !== undefined) desk.restoring.isBad = true;
    this.#tell(member, { type: 'repair', index: state.applied });
    disk.repairFrom = state.snapshots.repairFrom;
  }

  #take(member: SimMember, desk: Desk): void {
    const { id, incarnation, isBad, life, log, machine: index, state, versions } = member;
    assert(index === state.applied, `the machine of ${id} is at rest where the core thinks it is`);
    const entry = log[index - 1];
    const config = versions.findLast((version) => version.index <= index);
    assert(entry !== undefined && config !== undefined, `a snapshot of ${id} holds something`);
    const { options, snapshots } = this.#site.plan;
    const draw = this.#drawOf(member);
    const most = options.snapshot.chunkBytes * snapshots.maxChunks;
    const name = `${id}-${incarnation}-${life}-${++this.#taken}`;
    const { term, timeMs } = entry;
    const head = { id: name, index, term, timeMs, config, bytes: draw.integer(1, most) };
    const snapshot: SimSnapshot = { head, prefix: log.slice(0, index) };
    const { lag } = snapshots;
    const isRotten = !this.#site.isCalm && draw.chance(snapshots.rot);
    const stored = Math.max(0, index - draw.integer(0, lag));
    const machineDurable = lag === 0 ? Number.POSITIVE_INFINITY : stored;
    desk.saving = { snapshot, isRotten, isBad };
    this.#plan(member, { kind: 'saved', kept: desk.saving, machineDurable }, this.#saveUs(draw));
  }

  #saved(member: SimMember, desk: Desk, kept: KeptSnapshot, machineDurable: number): void {
    if (desk.saving !== kept || this.#site.injector.failsSave(member)) return;
    desk.saving = undefined;
    const { disk } = member;
    const { head } = kept.snapshot;
    this.#site.referee.isCommitted(kept.snapshot);
    disk.snapshots.set(head.id, kept);
    disk.machineDurable = machineDurable;
    this.#tell(member, { type: 'snapshot-taken', head, machineDurable });
  }

  #open(member: SimMember, desk: Desk, head: SnapshotHead, piece: Piece | undefined): void {
    assert(piece?.snapshot.head === head, `${member.id} receives what it is sent`);
    const { disk } = member;
    const { reception } = disk;
    const isThere = reception?.snapshot === piece.snapshot && !reception.isDamaged;
    if (!isThere) disk.reception = { snapshot: piece.snapshot, stored: 0, isDamaged: false };
    desk.visit++;
    this.#afterChunks(member, desk, { kind: 'opened', visit: desk.visit });
  }

  #store(member: SimMember, desk: Desk, id: string, letter: Letter | undefined): void {
    const { message, piece } = letter ?? {};
    assert(message?.type === 'snapshot-chunk' && piece !== undefined, 'a chunk comes in a message');
    const isOfIt = message.head.id === id && id === member.disk.reception?.snapshot.head.id;
    assert(isOfIt, `${member.id} stores chunks of one snapshot, ${id}, at a time`);
    const { from, until } = message;
    const { visit } = desk;
    this.#afterChunks(member, desk, { kind: 'stored', visit, piece, from, until });
  }

  #stored(member: SimMember, { isDamaged, snapshot }: Piece, from: number, until: number): void {
    const { id } = member;
    const { reception } = member.disk;
    assert(reception?.snapshot === snapshot, `${id} stores chunks of one snapshot at a time`);
    const isNext = from === reception.stored && until <= snapshot.head.bytes;
    assert(isNext, `${id} stores the chunks of a snapshot one after the other`);
    reception.stored = until;
    reception.isDamaged ||= isDamaged;
    this.#progress(member);
  }

  #progress(member: SimMember): void {
    const { snapshot, stored = 0 } = member.disk.reception ?? {};
    const { id = '' } = snapshot?.head ?? {};
    this.#tell(member, { type: 'snapshot-progress', id, stored });
  }

  #kept(member: SimMember, desk: Desk): void {
    const { disk } = member;
    const { reception } = disk;
    assert(reception !== undefined, 'what is kept is here');
    const { isDamaged, snapshot } = reception;
    const { bytes, id } = snapshot.head;
    assert(reception.stored === bytes, `a snapshot that ${member.id} keeps is whole`);
    disk.reception = undefined;
    desk.visit++;
    if (isDamaged) return this.#tell(member, { type: 'snapshot-refused', id });
    this.#site.referee.isCommitted(snapshot);
    disk.snapshots.set(id, { snapshot, isRotten: false, isBad: false });
    this.#tell(member, { type: 'snapshot-received', id });
    if (member.state.snapshots.installing !== undefined) this.#site.injector.beforeReset(member);
  }

  #prune(member: SimMember, desk: Desk, keep: readonly string[]): void {
    const { disk, id, state } = member;
    const used = desk.restoring?.snapshot.head.id;
    for (const name of disk.snapshots.keys()) {
      if (keep.includes(name)) continue;
      assert(name !== used, `${id} forgets no snapshot that its machine is being restored from`);
      disk.snapshots.delete(name);
    }
    const { index = 0 } = disk.latest?.snapshot.head ?? {};
    assert(index >= state.log.base.index, `${id} keeps the snapshot that its log follows upon`);
  }

  #restore(member: SimMember, desk: Desk, head: SnapshotHead): void {
    const kept = member.disk.snapshots.get(head.id);
    assert(kept !== undefined, `${member.id} has the snapshot that it restores, ${head.id}`);
    this.#site.machines.interrupt(member);
    desk.restoring = kept;
    const draw = this.#drawOf(member);
    const isLate = desk.saving !== undefined && draw.chance(0.5);
    if ((desk.isAsked || desk.saving !== undefined) && !isLate) {
      desk.isAsked = false;
      desk.saving = undefined;
      this.#plan(member, { kind: 'given-up' }, 1);
    }
    const { run } = member;
    this.#plan(member, { kind: 'restored', kept, run }, this.#saveUs(draw));
  }

  #restored(member: SimMember, desk: Desk, kept: KeptSnapshot): void {
    const { at, disk } = member;
    const { index } = kept.snapshot.head;
    desk.restoring = undefined;
    this.installs[at] = (this.installs[at] ?? 0) + 1;
    const wasBad = member.isBad;
    this.#site.machines.restore(member, kept);
    if (wasBad && !member.isBad) this.#site.mark('a machine that went wrong is repaired');
    this.#tell(member, { type: 'restored', index });
    // It stays known across restarts for as long as the core knows it.
    if (member.state.snapshots.repairFrom === 0) disk.repairFrom = 0;
    const isKnown = !member.isBad || disk.repairFrom > 0;
    assert(isKnown, `${member.id} knows that its machine is wrong until it is repaired`);
  }

  /** Its disk does one thing to what comes in after the other. */
  #afterChunks(member: SimMember, desk: Desk, work: SnapshotWork): void {
    const { nowUs } = this.#site;
    const takesUs = this.#chunkUs(this.#drawOf(member));
    desk.busyUntilUs = Math.max(desk.busyUntilUs, nowUs) + takesUs;
    this.#plan(member, work, desk.busyUntilUs - nowUs);
  }

  #plan(member: SimMember, work: SnapshotWork, inUs: number): void {
    const { life } = member;
    this.#site.schedule(inUs, { type: 'snapshot', member, life, work });
  }

  #saveUs(draw: Random): number {
    const { options, snapshots } = this.#site.plan;
    const { isCalm } = this.#site;
    const ms = isCalm ? options.heartbeatMs / 20 : draw.exponential(snapshots.saveMeanMs);
    return Math.ceil(ms * 1000) + 1;
  }

  #chunkUs(draw: Random): number {
    const { options, snapshots } = this.#site.plan;
    const { isCalm } = this.#site;
    const ms = isCalm ? options.heartbeatMs / 40 : draw.exponential(snapshots.chunkMeanMs);
    return Math.ceil(ms * 1000) + 1;
  }

  #tell(member: SimMember, event: RaftEvent): void {
    this.#site.step(member, event, NO_OPS);
  }

  #drawOf({ at }: SimMember): Random {
    return this.#draws[at] as Random;
  }

  #deskOf(member: SimMember): Desk {
    const known = this.#desks.get(member);
    if (known?.life === member.life) return known;
    const none = { isAsked: false, saving: undefined, restoring: undefined };
    const desk: Desk = { life: member.life, ...none, visit: 0, busyUntilUs: 0 };
    this.#desks.set(member, desk);
    return desk;
  }
}
