// A first-in first-out list that also drops from its tail: a ring that grows and is used again.

export class Deque<T> {
  #ring: (T | undefined)[] = new Array<T | undefined>(16);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = item;
    this.#length++;
  }

  /** The item `at` places behind the first; undefined past the end. */
  at(place: number): T | undefined {
    if (place < 0 || place >= this.#length) return undefined;
    return this.#ring[(this.#head + place) & (this.#ring.length - 1)];
  }

  shift(): T | undefined {
    const item = this.at(0);
    this.drop(1);
    return item;
  }

  /** Removes the first `count` items. */
  drop(count: number): void {
    const dropped = Math.min(count, this.#length);
    for (let place = 0; place < dropped; place++) this.#clear(place);
    this.#head = (this.#head + dropped) & (this.#ring.length - 1);
    this.#length -= dropped;
  }

  /** Removes and returns everything from `place` on. */
  cut(place: number): T[] {
    const from = Math.max(place, 0);
    const items = this.slice(from, this.#length);
    for (let at = from; at < this.#length; at++) this.#clear(at);
    this.#length = Math.min(from, this.#length);
    return items;
  }

  /** A copy of the items [from, until), counted from the first. */
  slice(from: number, until: number): T[] {
    const count = Math.max(0, Math.min(until, this.#length) - from);
    const items = new Array<T>(count);
    for (let at = 0; at < count; at++) items[at] = this.at(from + at) as T;
    return items;
  }

  /** Removes and returns everything. */
  clear(): T[] {
    return this.cut(0);
  }

  #clear(place: number): void {
    this.#ring[(this.#head + place) & (this.#ring.length - 1)] = undefined;
  }

  #grow(): void {
    const bigger = new Array<T | undefined>(this.#ring.length * 2);
    for (let place = 0; place < this.#length; place++) bigger[place] = this.at(place);
    this.#ring = bigger;
    this.#head = 0;
  }
}
