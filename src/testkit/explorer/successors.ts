// Everything that can happen next in a cluster, and what comes of it. What would change nothing is
// left out: a message that is never delivered does as well.
import { nextDeadline, type RaftState } from '../../raft/index.ts';
import { checkMatching } from '../simulator/sim-disk.ts';
import type { Envelope } from '../simulator/sim-member.ts';
import type { Catalog, Result } from './catalog.ts';
import { checkCounted, checkElected } from './history.ts';
import { createLocal, type Local } from './local.ts';
import type { Scope } from './scope.ts';
import type { Happening } from './transition.ts';
import { NOTHING_SPENT, type Spent, type World } from './world.ts';

/** One way on: what happened, to whom, and which messages were too much. */
export interface Action {
  readonly at: number;
  /** The member before it. */
  readonly before: Local;
  readonly what: Happening;
  readonly isRepeated: boolean;
  readonly lost: readonly Envelope[];
}

/** A rule was broken; `message` says which. */
export interface Breach {
  readonly message: string;
}

export type Visit = (action: Action, outcome: World | Breach) => void;

/** `code` stands for what happens; `next` is what has been spent then. */
type Go = (code: number, what: Happening, next?: Spent) => void;

export class Successors {
  readonly #scope: Scope;
  readonly #catalog: Catalog;

  constructor(scope: Scope, catalog: Catalog) {
    this.#scope = scope;
    this.#catalog = catalog;
  }

  first(): World {
    const { members: size } = this.#scope;
    const members = Array.from({ length: size }, (_, at) =>
      this.#catalog.addMember(createLocal(at, this.#scope)),
    );
    const history = members.reduce((so, member) => this.#catalog.record(so, member), 0);
    return { members, history, spent: NOTHING_SPENT, network: [] };
  }

  each(world: World, visit: Visit): void {
    for (const [at, number] of world.members.entries()) {
      this.#eachOfMember(world, at, number, visit);
    }
    for (const number of world.network) this.#eachDelivery(world, number, visit);
  }

  #eachOfMember(world: World, at: number, number: number, visit: Visit): void {
    const scope = this.#scope;
    const { spent } = world;
    const before = this.#catalog.member(number);
    const { pending, state } = before;
    const go: Go = (code, what, next = spent) =>
      this.#go(
        { ...world, spent: next },
        { at, before, what, isRepeated: false, lost: [] },
        code,
        visit,
      );
    if (state.role === 'leader') this.#eachOfLeader(state, spent, go);
    else if (state.term < scope.maxTerm && Number.isFinite(nextDeadline(state))) {
      go(0, { type: 'timeout' });
    }
    for (let count = 1; count <= pending.length; count++)
      go(100 + count, { type: 'written', count });
    if (spent.reads < scope.reads) {
      const committed = this.#catalog.committed(world.history);
      go(80 + committed, { type: 'read', committed }, { ...spent, reads: spent.reads + 1 });
    }
    if (spent.crashes === scope.crashes) return;
    const crashed = { ...spent, crashes: spent.crashes + 1 };
    for (let kept = 0; kept <= pending.length; kept++)
      go(200 + kept, { type: 'crash', kept }, crashed);
  }

  #eachOfLeader(state: RaftState, spent: Spent, go: Go): void {
    const scope = this.#scope;
    // News of commits are due at once, heartbeats only later.
    if (nextDeadline(state) <= state.now) go(0, { type: 'timeout' });
    else if (spent.heartbeats < scope.heartbeats) {
      go(0, { type: 'timeout' }, { ...spent, heartbeats: spent.heartbeats + 1 });
    }
    if (scope.stepDowns && needsOthers(state)) go(1, { type: 'lonely' });
    if (spent.proposals < scope.proposals) {
      const serial = spent.proposals + 1;
      go(10 + serial, { type: 'propose', serial }, { ...spent, proposals: serial });
    }
    for (const [at, change] of scope.changes.entries()) {
      const changes = spent.changes | (1 << at);
      if (changes !== spent.changes) go(40 + at, { type: 'change', change }, { ...spent, changes });
    }
    if (state.leading?.handover !== undefined) go(2, { type: 'give-up' });
    if (spent.transfers === scope.transfers) return;
    for (let to = 0; to < scope.members; to++) {
      go(60 + to, { type: 'transfer', to }, { ...spent, transfers: spent.transfers + 1 });
    }
  }

  #eachDelivery(world: World, number: number, visit: Visit): void {
    const { spent } = world;
    const envelope = this.#catalog.envelope(number);
    const before = this.#catalog.member(world.members[envelope.to] ?? 0);
    const gone = { ...world, network: world.network.filter((other) => other !== number) };
    const again = { ...world, spent: { ...spent, repeats: spent.repeats + 1 } };
    const canRepeat = spent.repeats < this.#scope.repeats;
    for (const late of isAsking(envelope) && isPatient(before) ? [false, true] : [false]) {
      const what: Happening = { type: 'receive', envelope, late };
      const code = receiveCode(number, late);
      const action = { at: envelope.to, before, what, isRepeated: false, lost: [] };
      this.#go(gone, action, code, visit);
      if (canRepeat) this.#go(again, { ...action, isRepeated: true }, code, visit);
    }
  }

  #go(world: World, action: Action, code: number, visit: Visit): void {
    const { at, what } = action;
    const number = world.members[at] ?? 0;
    const result = this.#catalog.happen(number, code, what);
    if (result.broken !== undefined) return visit(action, { message: result.broken });
    if (result.member === number && result.sent.length === 0) return;
    const members = [...world.members];
    members[at] = result.member;
    const network = [...world.network];
    try {
      this.#spread(members, network, result.sent);
      const history = this.#check(world, members, at, result);
      this.#visitKept({ members, history, spent: world.spent, network }, action, visit);
    } catch (error) {
      visit(action, { message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Puts what was sent under way; what takes no time is delivered, and what comes of it, too. */
  #spread(members: number[], network: number[], sent: readonly number[]): void {
    for (const number of sent) {
      const envelope = this.#catalog.envelope(number);
      const { type } = envelope.message;
      const { heartbeats, reads } = this.#scope;
      if (heartbeats + reads === 0 && type === 'heartbeat') continue;
      const isInstant = type === 'pre-vote-request' || type === 'pre-vote-reply';
      if (isInstant && this.#scope.preVotes === 'instant') {
        const to = members[envelope.to] ?? 0;
        const late = isAsking(envelope) && isPatient(this.#catalog.member(to));
        const what: Happening = { type: 'receive', envelope, late };
        const result = this.#catalog.happen(to, receiveCode(number, late), what);
        if (result.broken !== undefined) throw new Error(result.broken);
        members[envelope.to] = result.member;
        this.#spread(members, network, result.sent);
      } else if (!network.includes(number)) {
        network.push(number);
      }
    }
  }

  #check(world: World, members: readonly number[], at: number, result: Result): number {
    let { history } = world;
    for (let before = -1; before !== history; ) {
      before = history;
      for (const number of members) history = this.#catalog.record(history, number);
    }
    const locals = members.map((number) => this.#catalog.member(number));
    checkCounted(result.counted, locals);
    const changed = this.#catalog.member(members[at] ?? 0);
    checkElected(this.#catalog.member(world.members[at] ?? 0), changed, locals);
    for (const other of locals) if (other !== changed) checkMatching(changed.log, other.log);
    return history;
  }

  /** Visits the world once for each choice of what is lost if too much is under way. */
  #visitKept(world: World, action: Action, visit: Visit): void {
    const sorted = [...world.network].sort((one, other) => one - other);
    for (const network of subsetsOf(sorted, this.#scope.inFlight)) {
      if (network.length === sorted.length) visit(action, { ...world, network });
      else {
        const lost = sorted.filter((number) => !network.includes(number));
        const envelopes = lost.map((number) => this.#catalog.envelope(number));
        visit({ ...action, lost: envelopes }, { ...world, network });
      }
    }
  }
}

/** Is there another voter, without whom it cannot lead? */
function needsOthers({ config, id }: RaftState): boolean {
  return [...config.voters, ...config.outgoing].some((voter) => voter !== id);
}

function receiveCode(number: number, late: boolean): number {
  return 1000 + 2 * number + (late ? 1 : 0);
}

function isAsking({ message }: Envelope): boolean {
  return message.type === 'vote-request' || message.type === 'pre-vote-request';
}

/** Does it still wait for a leader that it heard, or might have heard before it restarted? */
function isPatient({ state }: Local): boolean {
  if (state.role === 'leader') return false;
  if (state.now < state.silentUntilMs) return true;
  const silenceMs = state.now - state.following.contactMs;
  return silenceMs < state.options.electionMinMs;
}

/** The whole list if it is short enough; otherwise all of its parts of that length. */
function subsetsOf(list: readonly number[], length: number): readonly (readonly number[])[] {
  if (list.length <= length) return [list];
  const [first, ...rest] = list;
  if (length === 0 || first === undefined) return [[]];
  const without = subsetsOf(rest, length);
  return [...subsetsOf(rest, length - 1).map((part) => [first, ...part]), ...without];
}
