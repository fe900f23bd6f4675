// Looks for one order of the operations on one object that the model and the clock both allow:
// depth first, over the list of calls and returns, never twice at the same place (Wing and Gong,
// 1993; Lowe, "Testing for linearizability", 2017).
import { assert } from '../../lib/assert.ts';
import type { History, Operation, Returned } from './history.ts';
import { type Answer, type Model, REFUSED } from './model.ts';
import { Timeline } from './timeline.ts';
import { BitSet, Visited } from './visited.ts';

export interface SearchResult<I, O> {
  readonly end: 'found' | 'refuted' | 'gave-up';
  /** The order found; empty otherwise. */
  readonly order: readonly Operation<I, O>[];
  /** The operation whose return no order got past, though some came so far. */
  readonly barrier: Returned<I, O> | undefined;
  /** How often the model was asked. */
  readonly steps: number;
}

/** Searches until the model was asked `maxSteps` times. All times are finite, none `failed`. */
export function searchOrder<S, I, O>(
  operations: History<I, O>,
  model: Model<S, I, O>,
  maxSteps: number,
): SearchResult<I, O> {
  return new Search(operations, model, maxSteps).run();
}

/** One operation put into the order, and what is needed to take it out again. */
interface Taken<S> {
  /** The node of its call, or of the return in front of which an unknown operation was put. */
  readonly node: number;
  /** The number of the unknown operation; -1 if it is a known one. */
  readonly unknown: number;
  /** Nothing else is tried in its stead. */
  readonly forced: boolean;
  readonly before: S;
  readonly lastBefore: number;
}

class Search<S, I, O> {
  readonly #model: Model<S, I, O>;
  readonly #timeline: Timeline<I, O>;
  readonly #answers: readonly Answer<O>[];
  readonly #reads: readonly boolean[];
  readonly #known: BitSet;
  readonly #unknown: BitSet;
  readonly #visited = new Visited();
  readonly #taken: Taken<S>[] = [];
  readonly #maxSteps: number;
  #state: S;
  #steps = 0;
  /** Where to go on: a call to try, or the first return that is left. */
  #node: number;
  /** Whether the reads that fit here are being put in, which comes before all else. */
  #reading = true;
  /** Of the unknown operations, which to try next once all calls before a return were tried. */
  #nextUnknown = 0;
  /** The largest number of a known operation that is taken. */
  #last = -1;
  #barrier = 0;

  constructor(operations: History<I, O>, model: Model<S, I, O>, maxSteps: number) {
    this.#model = model;
    this.#maxSteps = maxSteps;
    this.#timeline = new Timeline(operations);
    this.#answers = this.#timeline.known.map(({ output }) => ({ output }));
    this.#reads = this.#timeline.known.map(
      ({ input, output }) => model.isRead?.(input, { output }) ?? false,
    );
    this.#known = new BitSet(this.#timeline.known.length);
    this.#unknown = new BitSet(this.#timeline.unknown.length);
    this.#state = model.initial();
    this.#node = this.#timeline.first;
  }

  run(): SearchResult<I, O> {
    while (this.#timeline.first !== 0) {
      if (this.#steps >= this.#maxSteps) return this.#result('gave-up');
      if (isCall(this.#node)) this.#tryCall(this.#node);
      else if (this.#reading) this.#stopReading();
      else if (!this.#tryUnknown() && !this.#goBack()) return this.#result('refuted');
    }
    return this.#result('found');
  }

  #tryCall(call: number): void {
    const index = numberOf(call);
    const isRead = this.#reads[index] === true;
    if (isRead === this.#reading && this.#tryKnown(call, index)) return;
    this.#node = this.#timeline.next(call);
  }

  #tryKnown(call: number, index: number): boolean {
    const operation = this.#timeline.known[index];
    assert(operation !== undefined, 'each call has its operation');
    const state = this.#step(operation.input, this.#answers[index]);
    if (state === REFUSED) return false;
    return this.#reading ? this.#takeRead(call) : this.#take(call, state);
  }

  #stopReading(): void {
    this.#reading = false;
    this.#node = this.#timeline.first;
  }

  /** Tries the unknown operations last: what can do without them leaves them for later. */
  #tryUnknown(): boolean {
    const barrier = this.#node;
    if (this.#timeline.isLater(barrier, this.#barrier)) this.#barrier = barrier;
    const { unknown } = this.#timeline;
    for (let index = this.#nextUnknown; index < unknown.length; index++) {
      if (!this.#timeline.isUnknownBefore(index, barrier)) return false;
      const operation = unknown[index];
      if (operation === undefined || this.#unknown.has(index)) continue;
      const state = this.#step(operation.input, undefined);
      // One that changes nothing need not happen here.
      if (state === REFUSED || this.#model.hash(state) === this.#model.hash(this.#state)) continue;
      if (this.#takeUnknown(index, barrier, state)) return true;
    }
    return false;
  }

  #step(input: I, answer: Answer<O> | undefined): S | typeof REFUSED {
    this.#steps++;
    return this.#model.step(this.#state, input, answer);
  }

  /** What changes nothing can be moved to the first place where it fits: no need to go back. */
  #takeRead(call: number): true {
    const taken = { node: call, unknown: -1, before: this.#state, lastBefore: this.#last };
    this.#lift(call);
    this.#taken.push({ ...taken, forced: true });
    const next = this.#timeline.next(call);
    this.#node = next === call + 1 ? this.#timeline.next(next) : next;
    return true;
  }

  #take(call: number, state: S): boolean {
    const lastBefore = this.#last;
    this.#lift(call);
    if (this.#isNew(state)) {
      const before = this.#state;
      this.#enter({ node: call, unknown: -1, forced: false, before, lastBefore }, state);
      return true;
    }
    this.#unlift(call, lastBefore);
    return false;
  }

  #lift(call: number): void {
    this.#timeline.lift(call);
    this.#known.flip(numberOf(call));
    this.#last = Math.max(this.#last, numberOf(call));
  }

  #unlift(call: number, last: number): void {
    this.#timeline.unlift(call);
    this.#known.flip(numberOf(call));
    this.#last = last;
  }

  #takeUnknown(index: number, node: number, state: S): boolean {
    this.#unknown.flip(index);
    if (this.#isNew(state)) {
      const [before, lastBefore] = [this.#state, this.#last];
      this.#enter({ node, unknown: index, forced: false, before, lastBefore }, state);
      return true;
    }
    this.#unknown.flip(index);
    return false;
  }

  #isNew(state: S): boolean {
    const { first } = this.#timeline;
    const firstLeft = first === 0 ? this.#timeline.known.length : numberOf(first);
    const key = this.#model.hash(state);
    return this.#visited.add(key, this.#known, firstLeft, this.#last, this.#unknown);
  }

  #enter(taken: Taken<S>, state: S): void {
    this.#taken.push(taken);
    this.#state = state;
    this.#node = this.#timeline.first;
    this.#nextUnknown = 0;
    this.#reading = true;
  }

  /** Takes operations out, up to the last that was a choice, and goes on behind it. */
  #goBack(): boolean {
    for (let taken = this.#taken.pop(); taken !== undefined; taken = this.#taken.pop()) {
      this.#undo(taken);
      if (!taken.forced) return true;
    }
    return false;
  }

  #undo({ node, unknown, before, lastBefore }: Taken<S>): void {
    this.#state = before;
    if (unknown >= 0) {
      this.#unknown.flip(unknown);
      this.#node = node;
      this.#nextUnknown = unknown + 1;
      return;
    }
    this.#unlift(node, lastBefore);
    this.#node = this.#timeline.next(node);
    this.#nextUnknown = 0;
  }

  #result(end: SearchResult<I, O>['end']): SearchResult<I, O> {
    const barrier = this.#timeline.known[numberOf(this.#barrier - 1)];
    const order = end === 'found' ? this.#taken.map((taken) => this.#operationOf(taken)) : [];
    return { end, order, barrier, steps: this.#steps };
  }

  #operationOf({ node, unknown }: Taken<S>): Operation<I, O> {
    const { known, unknown: others } = this.#timeline;
    const operation = unknown >= 0 ? others[unknown] : known[numberOf(node)];
    assert(operation !== undefined, 'what was taken is an operation');
    return operation;
  }
}

function isCall(node: number): boolean {
  return node % 2 === 1;
}

/** The number of the operation whose call this node is. */
function numberOf(call: number): number {
  return (call - 1) / 2;
}
