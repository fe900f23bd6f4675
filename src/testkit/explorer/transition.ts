// What one event does to one member: the real step, its effects on log and disk, the messages that
// leave, and every check that needs no more than this member.
import { CoxswainError } from '../../errors.ts';
import { assert, unreachable } from '../../lib/assert.ts';
import {
  type Append,
  type Configuration,
  checkState,
  checkStep,
  type Effect,
  type MembersChange,
  nextDeadline,
  planChange,
  planTransfer,
  type RaftEvent,
  type RaftState,
  type ReadIndex,
  type Send,
  type step,
  summarize,
  versionOf,
} from '../../raft/index.ts';
import { isSame } from '../simulator/sim-disk.ts';
import type { SimEntry } from '../simulator/sim-entry.ts';
import type { Envelope } from '../simulator/sim-member.ts';
import {
  type Draft,
  draftOf,
  envelopeKey,
  INCARNATION,
  inForce,
  type Local,
  loadState,
} from './local.ts';
import { checkDurable, checkLeaves } from './local-checks.ts';
import { HEARTBEAT_MS, idOf, PATIENCE_MS, placeOf } from './scope.ts';

/** Everything that can happen to one member. */
export type Happening =
  /** An election timeout; of a leader, news of commits or, when nothing is owed, heartbeats. */
  | { readonly type: 'timeout' }
  /** A leader finds that it has not heard from a quorum for too long. */
  | { readonly type: 'lonely' }
  | { readonly type: 'propose'; readonly serial: number }
  /** What a leader cannot do now, it refuses, and nothing happens. */
  | { readonly type: 'change'; readonly change: MembersChange }
  | { readonly type: 'transfer'; readonly to: number }
  /** The member that a leader hands over to takes too long. */
  | { readonly type: 'give-up' }
  /** So many entries are known to be committed, by anybody. */
  | { readonly type: 'read'; readonly committed: number }
  /** The first `count` writes are durable, as one. */
  | { readonly type: 'written'; readonly count: number }
  /** The power goes, with the first `kept` writes durable, and comes back. */
  | { readonly type: 'crash'; readonly kept: number }
  /** `late`: it has heard nothing for so long that it would vote for others. */
  | { readonly type: 'receive'; readonly envelope: Envelope; readonly late: boolean };

export interface Outcome {
  readonly local: Local;
  readonly sent: readonly Envelope[];
  readonly counted: readonly Counted[];
}

/** An entry that a leader has taken for committed, and the configuration by which it counts. */
export interface Counted {
  readonly index: number;
  readonly entry: SimEntry;
  readonly config: Configuration | undefined;
}

/** Throws what a check, or the core itself, throws. */
export function happen(local: Local, what: Happening, run: typeof step): Outcome {
  const transition = new Transition(local, run);
  transition.happen(what);
  return transition.end();
}

class Transition {
  readonly #draft: Draft;
  readonly #run: typeof step;
  readonly #sent: Envelope[] = [];
  readonly #counted: Counted[] = [];

  constructor(local: Local, run: typeof step) {
    this.#draft = draftOf(local);
    this.#run = run;
  }

  happen(what: Happening): void {
    const { state } = this.#draft;
    switch (what.type) {
      case 'timeout': {
        return this.#step({ type: 'timeout' }, nextDeadline(state), 0);
      }
      case 'lonely':
        return this.#step({ type: 'timeout' }, state.now + PATIENCE_MS, 0);
      case 'propose':
        return this.#step(
          { type: 'propose', bodies: [{ length: 0 }], wallMs: 0 },
          state.now,
          what.serial,
        );
      case 'change':
        return this.#unlessRefused(() => {
          const config = planChange(state, what.change);
          return { type: 'change', config, version: versionOf(state), wallMs: 0 };
        });
      case 'transfer':
        return this.#unlessRefused(() => {
          return { type: 'transfer', to: planTransfer(state, idOf(what.to)) };
        });
      case 'give-up':
        return this.#giveUp();
      case 'read':
        return this.#read(what.committed);
      case 'written':
        return this.#written(what.count);
      case 'crash':
        return this.#crash(what.kept);
      case 'receive': {
        const { entries, from, message } = what.envelope;
        const quietMs = Math.max(state.silentUntilMs, state.following.contactMs + PATIENCE_MS);
        const now = what.late ? quietMs : state.now;
        return this.#step(
          { type: 'receive', from: idOf(from), incarnation: INCARNATION, message, entries },
          now,
          0,
        );
      }
      default:
        unreachable(what);
    }
  }

  end(): Outcome {
    settleClock(this.#draft.state);
    checkDurable(this.#draft);
    return { local: this.#draft, sent: this.#sent, counted: this.#counted };
  }

  #step(event: RaftEvent, now: number, serial: number): void {
    const { log, state } = this.#draft;
    const before = summarize(state);
    const config = inForce(log);
    const effects = this.#run(state, event, now);
    checkState(state);
    checkStep(before, state, effects);
    // Within a step it counts first, and appends the next configuration afterwards.
    const until = before.role === 'leader' ? state.commit : before.commit;
    for (const [place, entry] of log.slice(before.commit, until).entries()) {
      this.#counted.push({ index: before.commit + place + 1, entry, config });
    }
    let upTo = 0;
    for (const effect of effects) {
      if (effect.type === 'apply') upTo = effect.upTo;
      this.#perform(effect, event, serial);
    }
    if (upTo > 0) this.#apply(upTo);
  }

  #perform(effect: Effect, event: RaftEvent, serial: number): void {
    const draft = this.#draft;
    switch (effect.type) {
      case 'append':
        for (let index = effect.from; index < effect.until; index++) {
          const { config, term, timeMs } = effect;
          const isCommand = effect.kind === 'proposed';
          draft.log.push({ term, timeMs, size: 0, serial: isCommand ? serial : 0, config });
        }
        return;
      case 'accept': {
        if (event.type !== 'receive') return;
        const { from } = event.message as Append;
        const entries = event.entries as readonly SimEntry[];
        draft.log.length = effect.from - 1;
        draft.log.push(...entries.slice(effect.from - from, effect.until - from));
        return;
      }
      case 'write':
        draft.pending.push({
          write: effect,
          entries: draft.log.slice(effect.from - 1, effect.until - 1),
        });
        return;
      case 'send':
        return this.#send(effect);
      case 'read-index':
        return this.#answer(effect);
      default:
    }
  }

  #send({ after, message, to }: Send): void {
    const { at, held, log, state } = this.#draft;
    const entries = message.type === 'append' ? log.slice(message.from - 1, message.until - 1) : [];
    // How old an answer is does not matter here.
    const told = 'atMs' in message ? { ...message, atMs: 0 } : message;
    const envelope = { from: at, to: placeOf(to), message: told, entries };
    if (after <= state.writes.completed) this.#leave(envelope);
    else if (!held.some((other) => isEqual(other.envelope, envelope)))
      held.push({ after, envelope });
  }

  #leave(envelope: Envelope): void {
    checkLeaves(this.#draft, envelope);
    this.#sent.push(envelope);
  }

  /** The machine settles entries at once. */
  #apply(upTo: number): void {
    const { disk, log, state } = this.#draft;
    for (let index = state.applied + 1; index <= upTo; index++) {
      const entry = log[index - 1];
      assert(entry !== undefined, `applied entry ${index} is in the log`);
      assert(isSame(disk[index - 1], entry), `applied entry ${index} is durable here`);
    }
    this.#step({ type: 'applied', index: upTo }, state.now, 0);
  }

  /** Whatever the core says no to, nothing comes of it. */
  #unlessRefused(plan: () => RaftEvent): void {
    const { state } = this.#draft;
    let event: RaftEvent;
    try {
      event = plan();
    } catch (error) {
      if (error instanceof CoxswainError && error.outcome === 'not-applied') return;
      throw error;
    }
    this.#step(event, state.now, 0);
  }

  /** All others were heard in the meantime, as if heartbeats had gone on. */
  #giveUp(): void {
    const { leading } = this.#draft.state;
    const dueMs = leading?.handover?.dueMs ?? 0;
    if (leading === undefined) return;
    leading.heartbeatDueMs = dueMs + HEARTBEAT_MS;
    for (const progress of leading.progress.values()) progress.contactMs = dueMs;
    this.#step({ type: 'timeout' }, dueMs, 0);
  }

  #read(committed: number): void {
    const { reads, state } = this.#draft;
    const number = state.reading.wanted + 1;
    reads.push({ number, committed });
    this.#step({ type: 'read', upTo: number }, state.now, 0);
  }

  /** Whatever is applied later: the index alone must be high enough. */
  #answer({ index, upTo }: ReadIndex): void {
    const draft = this.#draft;
    const answered = draft.reads.filter(({ number }) => number <= upTo);
    draft.reads = draft.reads.filter(({ number }) => number > upTo);
    for (const { committed } of answered) {
      const isShown = index >= committed;
      assert(isShown, `a read shows the ${committed} entries that were committed before it`);
    }
  }

  #written(count: number): void {
    const draft = this.#draft;
    const { write } = this.#persist(count);
    const due = draft.held.filter(({ after }) => after <= write.write);
    draft.held = draft.held.filter(({ after }) => after > write.write);
    for (const { envelope } of due) this.#leave(envelope);
    const { lastIndex, lastTerm } = write;
    this.#step({ type: 'written', write: write.write, lastIndex, lastTerm }, draft.state.now, 0);
  }

  #persist(count: number): Draft['pending'][number] {
    const draft = this.#draft;
    const done = draft.pending.slice(0, count);
    draft.pending = draft.pending.slice(count);
    for (const { entries, write } of done) {
      draft.hardState = write.hardState;
      draft.known = write.known ?? draft.known;
      if (write.truncateFrom > 0) {
        draft.disk.length = Math.min(draft.disk.length, write.truncateFrom - 1);
      }
      draft.disk.push(...entries);
    }
    const last = done.at(-1);
    assert(last !== undefined, 'there is a write to complete');
    return last;
  }

  #crash(kept: number): void {
    const draft = this.#draft;
    if (kept > 0) this.#persist(kept);
    draft.pending = [];
    draft.held = [];
    draft.log = [...draft.disk];
    // Nobody has anything to tell a run that was never asked to read.
    if (draft.state.reading.wanted > 0) draft.boot++;
    draft.reads = [];
    draft.state = loadState(draft, true);
    this.#step({ type: 'start' }, 0, 0);
  }
}

/** Every wait can end at any time, so it does not matter how much of one that goes on is over. */
function settleClock(state: RaftState): void {
  const { leading, now, reading } = state;
  state.electionDueMs = now + PATIENCE_MS;
  // Nobody asks again in the same term: each time would be another round, without an end.
  if (reading.asked !== undefined) reading.asked = { ...reading.asked, atMs: now };
  if (leading === undefined) return;
  leading.heartbeatDueMs = now + HEARTBEAT_MS;
  if (leading.handover !== undefined) {
    leading.handover = { ...leading.handover, dueMs: now + PATIENCE_MS };
  }
  for (const progress of leading.progress.values()) {
    progress.contactMs = now;
    if (progress.catchUp !== undefined) progress.catchUp.startMs = now;
  }
}

/** An equal message that already waits does for both: repeats are explored for themselves. */
function isEqual(one: Envelope, other: Envelope): boolean {
  if (one.to !== other.to || one.message.type !== other.message.type) return false;
  return envelopeKey(one) === envelopeKey(other);
}
