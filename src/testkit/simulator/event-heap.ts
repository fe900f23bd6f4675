// What will happen, ordered by time, then by the order in which it was planned.

export interface Planned<T> {
  readonly atUs: number;
  readonly order: number;
  readonly what: T;
}

export class EventHeap<T> {
  readonly #heap: Planned<T>[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  push(atUs: number, what: T): void {
    const heap = this.#heap;
    const planned = { atUs, order: this.#order++, what };
    let at = heap.length;
    heap.push(planned);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Planned<T>;
      if (!isBefore(planned, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = planned;
  }

  /** Removes and returns what comes first. */
  pop(): Planned<T> | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Planned<T>)) child++;
      const below = heap[child] as Planned<T>;
      if (!isBefore(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: { atUs: number; order: number }, b: { atUs: number; order: number }): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order);
}
