// The calls and returns of one object in the order of time, as a doubly linked list from which an
// operation can be lifted and put back (Wing and Gong, 1993; Lowe, 2017). Operations of unknown
// outcome have no return, so they stand beside the list, with their places in it.
import { assert } from '../../lib/assert.ts';
import { type History, isReturned, type Operation, type Returned } from './history.ts';

/** The node before the first. A call is an odd number, its return the even number after it. */
const HEAD = 0;

export class Timeline<I, O> {
  /** Those that returned, by call. */
  readonly known: readonly Returned<I, O>[];
  /** Those of unknown outcome, by call. */
  readonly unknown: readonly Operation<I, O>[];
  readonly #places: Int32Array;
  readonly #unknownPlaces: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  constructor(operations: History<I, O>) {
    const byCall = [...operations].sort((one, other) => one.callAt - other.callAt);
    this.known = byCall.filter(isReturned);
    this.unknown = byCall.filter(({ outcome }) => outcome === 'unknown');
    const nodes = 1 + 2 * this.known.length;
    this.#places = new Int32Array(nodes);
    this.#unknownPlaces = new Int32Array(this.unknown.length);
    this.#next = new Int32Array(nodes);
    this.#previous = new Int32Array(nodes);
    this.#link();
  }

  /** The first call that is left. HEAD (0) if none is. */
  get first(): number {
    return this.next(HEAD);
  }

  next(node: number): number {
    return this.#next[node] ?? HEAD;
  }

  /** Whether the unknown operation of this number was called before `node`. */
  isUnknownBefore(index: number, node: number): boolean {
    return (this.#unknownPlaces[index] ?? 0) < (this.#places[node] ?? 0);
  }

  isLater(node: number, than: number): boolean {
    return (this.#places[node] ?? 0) > (this.#places[than] ?? 0);
  }

  /** Takes a call and its return out. */
  lift(call: number): void {
    this.#unlink(call);
    this.#unlink(call + 1);
  }

  /** Puts them back. Whatever was lifted last is put back first. */
  unlift(call: number): void {
    this.#relink(call + 1);
    this.#relink(call);
  }

  #link(): void {
    const events = this.#sortedEvents();
    let last = HEAD;
    events.forEach(({ node, unknown }, place) => {
      if (unknown !== undefined) {
        this.#unknownPlaces[unknown] = place + 1;
        return;
      }
      this.#places[node] = place + 1;
      this.#next[last] = node;
      this.#previous[node] = last;
      last = node;
    });
    this.#next[last] = HEAD;
    this.#previous[HEAD] = last;
  }

  // Calls before returns of the same time: then neither came first.
  #sortedEvents(): readonly Event[] {
    const calls: Event[] = this.known.map(({ callAt }, i) => ({ at: callAt, node: 2 * i + 1 }));
    const returns = this.known.map(({ returnAt }, i) => ({ at: returnAt, node: 2 * i + 2 }));
    const others = this.unknown.map(({ callAt }, i) => ({ at: callAt, node: HEAD, unknown: i }));
    return [...calls, ...others, ...returns].sort((one, other) => one.at - other.at);
  }

  #unlink(node: number): void {
    const next = this.next(node);
    const previous = this.#previous[node] ?? HEAD;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  #relink(node: number): void {
    const next = this.next(node);
    const previous = this.#previous[node] ?? HEAD;
    assert(this.#next[previous] === next, 'what was lifted last is put back first');
    this.#next[previous] = node;
    this.#previous[next] = node;
  }
}

interface Event {
  readonly at: number;
  readonly node: number;
  /** The number of an unknown operation, which has no node. */
  readonly unknown?: number;
}
